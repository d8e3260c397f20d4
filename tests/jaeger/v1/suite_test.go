// Package ring holds our server against Jaeger of version 1: against its own storage tests, and behind its processes.
package ring

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/jaegertracing/jaeger/pkg/config"
	"github.com/jaegertracing/jaeger/pkg/metrics"
	"github.com/jaegertracing/jaeger/plugin/storage/grpc"
	"github.com/jaegertracing/jaeger/plugin/storage/integration"
)

func connect(t *testing.T) *grpc.Factory {
	factory := factoryOf(t, "--grpc-storage.server="+os.Getenv("REMOTE_STORAGE_ENDPOINT"))
	t.Cleanup(func() { require.NoError(t, factory.Close()) })
	return factory
}

// factoryOf makes what Jaeger itself makes with these flags.
func factoryOf(t *testing.T, flags ...string) *grpc.Factory {
	factory := grpc.NewFactory()
	settings, command := config.Viperize(factory.AddFlags)
	require.NoError(t, command.ParseFlags(flags))
	factory.InitFromViper(settings, zap.NewNop())
	require.NoError(t, factory.Initialize(metrics.NullFactory, zap.NewNop()))
	return factory
}

// purge empties the storage but for the archive, whose one test writes what no other one asks for.
func purge(t *testing.T) {
	answer, err := http.Post(os.Getenv("PURGER_ENDPOINT"), "", nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestStorageV1(t *testing.T) {
	factory := connect(t)
	suite := integration.StorageIntegration{CleanUp: purge}
	var err error
	suite.SpanWriter, err = factory.CreateSpanWriter()
	require.NoError(t, err)
	suite.SpanReader, err = factory.CreateSpanReader()
	require.NoError(t, err)
	suite.ArchiveSpanWriter, err = factory.CreateArchiveSpanWriter()
	require.NoError(t, err)
	suite.ArchiveSpanReader, err = factory.CreateArchiveSpanReader()
	require.NoError(t, err)

	// Jaeger chooses by the server's capabilities, in silence.
	require.Equal(t, os.Getenv("WRITER"), fmt.Sprintf("%T", suite.SpanWriter), "the writer that Jaeger chose")
	suite.RunAll(t)
}
