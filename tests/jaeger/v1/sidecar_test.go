package ring

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/model"
)

// TestSidecar has v1.57 keep its spans in our plugin. Each test goes on from what those before it wrote.
func TestSidecar(t *testing.T) {
	sockets := useOwnFolders(t)
	jaeger := startAllInOne(t)
	t.Run("ApiV2", testSidecarAPIV2)
	t.Run("OTLP", testSidecarOTLP)
	t.Run("Search", func(t *testing.T) {
		sidecar.postSearchedSpans(t)
		requireFound(t, sidecar)
		requireOTLPFound(t)
	})
	t.Run("ServicesAndOperations", testSidecarServicesAndOperations)
	t.Run("UnknownTrace", func(t *testing.T) {
		require.Equal(t, http.StatusNotFound, sidecar.get(t, "/api/traces/"+unknownTrace.String(), nil, nil))
	})
	sidecar.archive(t, nativeTrace)
	sidecar.archive(t, nativeTrace)
	jaeger.stop(t)

	t.Run("Archive", testSidecarArchive)
	requireEmpty(t, sockets)
	jaeger = startAllInOne(t)
	t.Run("Restart", func(t *testing.T) {
		requireAnswered(t, collectedAs("proto", nativeSpans()), sidecar.trace(t, nativeTrace))
		requireAnswered(t, collectedAs("otlp", oldTranslation(otlpHTTPTrace)), sidecar.trace(t, otlpHTTPTrace))
		requireFound(t, sidecar)
		requireOTLPFound(t)
		testSidecarServicesAndOperations(t)
	})
	jaeger.stop(t)
	requireEmpty(t, sockets)
}

// TestSidecarWriters has the one that Jaeger chooses, in silence, by what the plugin says it can do.
func TestSidecarWriters(t *testing.T) {
	useOwnFolders(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("enable_streaming_writer: true"), 0o600))
	for path, writer := range map[string]string{"": "*shared.grpcClient", config: "*shared.streamingSpanWriter"} {
		factory := startPlugin(t, path)
		chosen, err := factory.CreateSpanWriter()
		require.NoError(t, err)
		require.Equal(t, writer, fmt.Sprintf("%T", chosen))
		require.NoError(t, factory.Close())
	}
}

// collectedAs are spans as the collector of v1.57 stores them: it says in a tag how they came.
func collectedAs(format string, spans []*model.Span) []*model.Span {
	for _, span := range spans {
		span.Tags = append(span.Tags, model.String("internal.span.format", format))
	}
	return spans
}

// oldTranslation is what v1.57 makes of otlpSpans: it has older names for the scope, and Base64 for bytes.
func oldTranslation(id model.TraceID) []*model.Span {
	spans := translatedSpans(id)
	for _, span := range spans {
		for index, tag := range span.Tags {
			switch tag.Key {
			case "otel.scope.name":
				span.Tags[index].Key = "otel.library.name"
			case "otel.scope.version":
				span.Tags[index].Key = "otel.library.version"
			case "token":
				span.Tags[index] = model.String("token", "AP9/")
			}
		}
	}
	return spans
}

func testSidecarAPIV2(t *testing.T) {
	spans := nativeSpans()
	spans[0].Process = nil
	sidecar.postSpans(t, model.Batch{Spans: spans, Process: shop})
	requireAnswered(t, collectedAs("proto", nativeSpans()), sidecar.awaitTrace(t, nativeTrace, len(spans)))
}

func testSidecarOTLP(t *testing.T) {
	sidecar.exportByHTTP(t, otlpSpans(otlpHTTPTrace))
	sidecar.exportByGRPC(t, otlpSpans(otlpGRPCTrace))
	for _, id := range []model.TraceID{otlpHTTPTrace, otlpGRPCTrace} {
		expected := collectedAs("otlp", oldTranslation(id))
		requireAnswered(t, expected, sidecar.awaitTrace(t, id, len(expected)))
	}
}

// requireOTLPFound has the searches for what OTLP calls by other names than v1 does.
func requireOTLPFound(t *testing.T) {
	both := []string{otlpHTTPTrace.String(), otlpGRPCTrace.String()}
	slices.Sort(both)
	for _, tag := range []string{
		"event:asked", "bank:north", "host.name:otlp-1", "process.pid:17", "span.kind:server", "error:true",
		"otel.status_description:declined", "cents:1999",
	} {
		parameters := within(time.Hour, 0)
		parameters.Set("service", "ring-otlp")
		parameters.Set("tag", tag)
		require.Equal(t, both, sidecar.find(t, parameters), "%s", tag)
	}
}

func testSidecarServicesAndOperations(t *testing.T) {
	require.Equal(t, []string{"ring-otlp", "ring-search", "ring-shop", "ring-stock"}, sidecar.services(t))
	requireOperations(t, sidecar, "unspecified")
}

// testSidecarArchive needs Jaeger to have stopped: by itself it asks the archive only for what nothing else has.
func testSidecarArchive(t *testing.T) {
	factory := startPlugin(t, given(t, "PLUGIN_CONFIG"))
	defer func() { require.NoError(t, factory.Close()) }()
	archive, err := factory.CreateArchiveSpanReader()
	require.NoError(t, err)
	requireRead(t, collectedAs("proto", nativeSpans()), archive, nativeTrace)
	_, err = archive.GetTrace(t.Context(), otlpHTTPTrace)
	require.ErrorContains(t, err, "trace not found")

	spans, err := factory.CreateSpanReader()
	require.NoError(t, err)
	requireRead(t, collectedAs("proto", nativeSpans()), spans, nativeTrace)
}

// spansOf counts what is found of a service.
func (j jaeger) spansOf(t *testing.T, service string) (count int) {
	parameters := within(time.Hour, 0)
	parameters.Set("service", service)
	parameters.Set("limit", strconv.Itoa(1_000_000))
	for _, trace := range j.search(t, parameters) {
		distinct := map[string]struct{}{}
		for _, span := range trace.Spans {
			distinct[string(span.SpanID)] = struct{}{}
		}
		count += len(distinct)
	}
	return count
}
