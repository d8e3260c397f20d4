package ring

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/jaegertracing/jaeger/model"
	jaegerjson "github.com/jaegertracing/jaeger/model/json"
	"github.com/jaegertracing/jaeger/proto-gen/api_v2"
)

// jaeger is a running Jaeger, by where its collector and its query service are.
type jaeger struct {
	apiV2, otlpGRPC, otlpHTTP, query string
}

// The ports are those of run.sh; v2.13 has the ones of its example.
var (
	v1 = jaeger{"127.0.0.1:14250", "127.0.0.1:24317", "http://127.0.0.1:24318", "http://127.0.0.1:26686"}
	v2 = jaeger{"", "127.0.0.1:4317", "http://127.0.0.1:4318", "http://127.0.0.1:16686"}
)

func dial(t *testing.T, address string) *grpc.ClientConn {
	connection, err := grpc.Dial(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return connection
}

func (j jaeger) postSpans(t *testing.T, batch model.Batch) {
	client := api_v2.NewCollectorServiceClient(dial(t, j.apiV2))
	_, err := client.PostSpans(context.Background(), &api_v2.PostSpansRequest{Batch: batch})
	require.NoError(t, err)
}

func (j jaeger) exportByHTTP(t *testing.T, spans string) {
	answer, err := http.Post(j.otlpHTTP+"/v1/traces", "application/json", strings.NewReader(spans))
	require.NoError(t, err)
	body := readAll(t, answer)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", body)
}

func (j jaeger) exportByGRPC(t *testing.T, spans string) {
	request := ptraceotlp.NewExportRequest()
	require.NoError(t, request.UnmarshalJSON([]byte(spans)))
	_, err := ptraceotlp.NewGRPCClient(dial(t, j.otlpGRPC)).Export(context.Background(), request)
	require.NoError(t, err)
}

func (j jaeger) archive(t *testing.T, id model.TraceID) {
	answer, err := http.Post(j.query+"/api/archive/"+id.String(), "", nil)
	require.NoError(t, err)
	body := readAll(t, answer)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", body)
}

// get fills data with what the query service answers, and returns its HTTP status.
func (j jaeger) get(t *testing.T, path string, parameters url.Values, data any) int {
	answer, err := http.Get(j.query + path + "?" + parameters.Encode())
	require.NoError(t, err)
	body := readAll(t, answer)
	if answer.StatusCode == http.StatusOK {
		require.NoError(t, json.Unmarshal(body, &struct{ Data any }{data}), "%s", body)
	} else {
		t.Logf("%s: %s", path, bytes.TrimSpace(body))
	}
	return answer.StatusCode
}

func (j jaeger) services(t *testing.T) []string {
	var names []string
	require.Equal(t, http.StatusOK, j.get(t, "/api/services", nil, &names))
	slices.Sort(names)
	return names
}

// trace returns a trace as it is stored, or nil where there is none.
func (j jaeger) trace(t *testing.T, id model.TraceID) *jaegerjson.Trace {
	var traces []jaegerjson.Trace
	status := j.get(t, "/api/traces/"+id.String(), url.Values{"raw": {"true"}}, &traces)
	if status == http.StatusNotFound {
		return nil
	}
	require.Equal(t, http.StatusOK, status)
	require.Len(t, traces, 1)
	return &traces[0]
}

// awaitTrace gives the collector, which writes when it has answered, the time to do so.
func (j jaeger) awaitTrace(t *testing.T, id model.TraceID, spans int) *jaegerjson.Trace {
	var trace *jaegerjson.Trace
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		trace = j.trace(t, id)
		if trace != nil && len(trace.Spans) >= spans {
			break
		}
	}
	require.NotNil(t, trace, "no trace %s", id)
	require.Len(t, trace.Spans, spans, "spans of the trace %s", id)
	return trace
}

func (j jaeger) search(t *testing.T, parameters url.Values) (traces []jaegerjson.Trace) {
	require.Equal(t, http.StatusOK, j.get(t, "/api/traces", parameters, &traces))
	return traces
}

// find returns the ids of the traces that match, sorted.
func (j jaeger) find(t *testing.T, parameters url.Values) []string {
	ids := []string{}
	for _, trace := range j.search(t, parameters) {
		ids = append(ids, string(trace.TraceID))
	}
	slices.Sort(ids)
	return ids
}

func readAll(t *testing.T, answer *http.Response) []byte {
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return body
}
