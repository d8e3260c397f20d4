package ring

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/model"
	"github.com/jaegertracing/jaeger/proto-gen/storage_v1"
)

// TestFastSender has a client that sends small spans faster than they can be stored, as Jaeger does: without ever waiting.
// It is to be slowed down; a server that counts small frames as an attack cuts it off, and all that share its connection.
func TestFastSender(t *testing.T) {
	client := storage_v1.NewStreamingSpanWriterPluginClient(dial(t, os.Getenv("REMOTE_STORAGE_ENDPOINT")))
	stream, err := client.WriteSpanStream(context.Background())
	require.NoError(t, err)
	process := model.NewProcess("ring-fast", nil)
	for number := uint64(1); number <= 100_000; number++ {
		span := &model.Span{
			TraceID: model.NewTraceID(4, number/100), SpanID: model.NewSpanID(number), StartTime: time.Now(), Process: process,
		}
		if stream.Send(&storage_v1.WriteSpanRequest{Span: span}) != nil {
			break // What went wrong is in the answer.
		}
	}
	_, err = stream.CloseAndRecv()
	require.NoError(t, err)
}
