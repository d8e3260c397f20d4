package ring

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/model"
	jaegerjson "github.com/jaegertracing/jaeger/model/json"
)

// TestJaegers has v1.76 and v2.13 on one server, which is empty at first. Each test goes on from what those before it wrote.
func TestJaegers(t *testing.T) {
	t.Run("ApiV2InV1Out", testAPIV2InV1Out)
	t.Run("OTLPInV1Out", testOTLPInV1Out)
	t.Run("UnknownTrace", testUnknownTrace)
	t.Run("Search", testSearch)
	t.Run("ServicesAndOperations", testServicesAndOperations)
	t.Run("V1InV2Out", testV1InV2Out)
	t.Run("V2InV1Out", testV2InV1Out)
	t.Run("Archive", testArchive)
}

// collected are spans as the collector of v1.76 stores what came by api_v2: it says so in a tag.
func collected(spans []*model.Span) []*model.Span {
	for _, span := range spans {
		span.Tags = append(span.Tags, model.String("@jaeger@format", "proto"))
	}
	return spans
}

func testAPIV2InV1Out(t *testing.T) {
	spans := nativeSpans()
	// Most clients give the process once, for the whole batch.
	spans[0].Process = nil
	v1.postSpans(t, model.Batch{Spans: spans, Process: shop})
	expected := collected(nativeSpans())

	requireAnswered(t, expected, v1.awaitTrace(t, nativeTrace, len(spans)))
	requireStored(t, expected, nativeTrace)
}

func testOTLPInV1Out(t *testing.T) {
	v1.exportByHTTP(t, otlpSpans(otlpHTTPTrace))
	v1.exportByGRPC(t, otlpSpans(otlpGRPCTrace))
	for _, id := range []model.TraceID{otlpHTTPTrace, otlpGRPCTrace} {
		expected := translatedSpans(id)
		requireAnswered(t, expected, v1.awaitTrace(t, id, len(expected)))
		requireStored(t, expected, id)
	}
}

func testUnknownTrace(t *testing.T) {
	require.Equal(t, http.StatusNotFound, v1.get(t, "/api/traces/"+unknownTrace.String(), nil, nil))
	require.Equal(t, http.StatusNotFound, v2.get(t, "/api/traces/"+unknownTrace.String(), nil, nil))
}

func testSearch(t *testing.T) {
	v1.postSearchedSpans(t)
	requireFound(t, v1)
}

func (j jaeger) postSearchedSpans(t *testing.T) {
	spans := searchedSpans()
	j.postSpans(t, model.Batch{Spans: spans, Process: shop})
	for _, span := range spans {
		j.awaitTrace(t, span.TraceID, 1)
	}
}

func requireFound(t *testing.T, j jaeger) {
	fast, slow, earlier := fastTrace.String(), slowTrace.String(), earlierTrace.String()
	for name, search := range map[string]struct {
		parameters url.Values
		found      []string
	}{
		"service":              {nil, []string{fast, slow}},
		"longer window":        {within(4*time.Hour, 0), []string{fast, slow, earlier}},
		"window in the middle": {within(25*time.Minute, 15*time.Minute), []string{slow}},
		"limit":                {limited(within(4*time.Hour, 0), 1), []string{fast}},
		"other service":        {url.Values{"service": {"ring-nobody"}}, nil},
		"operation":            {url.Values{"operation": {"GET /cart"}}, []string{fast}},
		"other operation":      {url.Values{"operation": {"GET /"}}, nil},
		"string tag":           {url.Values{"tag": {"color:blue"}}, []string{slow}},
		"int tag":              {url.Values{"tag": {"attempt:2"}}, []string{slow}},
		"bool tag":             {url.Values{"tag": {"cached:true"}}, []string{fast}},
		"float tag":            {url.Values{"tag": {"ratio:0.5"}}, []string{fast}},
		"dotted tag":           {url.Values{"tags": {`{"http.route.name": "/pay"}`}}, []string{slow}},
		"span kind":            {url.Values{"tag": {"span.kind:client"}}, []string{slow}},
		"process tag":          {url.Values{"tag": {"zone:south"}}, []string{slow}},
		"log field":            {url.Values{"tag": {"reason:timeout"}}, []string{slow}},
		"two tags":             {url.Values{"tags": {`{"color": "red", "zone": "north"}`}}, []string{fast}},
		"tags of two traces":   {url.Values{"tags": {`{"color": "red", "attempt": "2"}`}}, nil},
		"other value":          {url.Values{"tag": {"color:green"}}, nil},
		"least duration":       {url.Values{"minDuration": {"1500ms"}}, []string{slow}},
		"greatest duration":    {url.Values{"maxDuration": {"10ms"}}, []string{fast}},
		"exact duration":       {url.Values{"minDuration": {"1ms"}, "maxDuration": {"1000001ns"}}, []string{fast}},
		"no such duration":     {url.Values{"minDuration": {"1000001ns"}, "maxDuration": {"1s"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			parameters := within(time.Hour, 0)
			parameters.Set("service", "ring-search")
			for key, value := range search.parameters {
				parameters[key] = value
			}
			slices.Sort(search.found)
			require.ElementsMatch(t, search.found, j.find(t, parameters))
		})
	}
}

func within(from, to time.Duration) url.Values {
	ago := func(age time.Duration) []string {
		return []string{strconv.FormatInt(time.Now().Add(-age).UnixMicro(), 10)}
	}
	return url.Values{"start": ago(from), "end": ago(to)}
}

func limited(parameters url.Values, traces int) url.Values {
	parameters.Set("limit", strconv.Itoa(traces))
	return parameters
}

func testServicesAndOperations(t *testing.T) {
	require.Equal(t, []string{"ring-otlp", "ring-search", "ring-shop", "ring-stock"}, v1.services(t))
	requireOperations(t, v1, "")
}

// requireOperations has those of the spans that are searched; one of them has no kind.
func requireOperations(t *testing.T, j jaeger, unspecified string) {
	operations := func(parameters url.Values) (found []jaegerjson.Operation) {
		parameters.Set("service", "ring-search")
		require.Equal(t, http.StatusOK, j.get(t, "/api/operations", parameters, &found))
		return found
	}
	require.ElementsMatch(t, []jaegerjson.Operation{
		{Name: "GET /cart", SpanKind: unspecified}, {Name: "GET /cart", SpanKind: "server"}, {Name: "POST /pay", SpanKind: "client"},
	}, operations(url.Values{}))
	require.Equal(t, []jaegerjson.Operation{{Name: "POST /pay", SpanKind: "client"}}, operations(url.Values{"spanKind": {"client"}}))

	var names []string
	require.Equal(t, http.StatusOK, j.get(t, "/api/services/ring-search/operations", nil, &names))
	require.ElementsMatch(t, []string{"GET /cart", "POST /pay"}, names)
}

func testV1InV2Out(t *testing.T) {
	requireAnsweredInAnyOrder(t, collected(nativeSpansThroughOTLP()), v2.awaitTrace(t, nativeTrace, 3))
	requireAnsweredInAnyOrder(t, translatedSpans(otlpHTTPTrace), v2.awaitTrace(t, otlpHTTPTrace, 2))
}

func testV2InV1Out(t *testing.T) {
	v2.exportByGRPC(t, otlpSpans(fromV2Trace))
	requireAnswered(t, translatedSpans(fromV2Trace), v1.awaitTrace(t, fromV2Trace, 2))
	requireAnswered(t, translatedSpans(fromV2Trace), v2.awaitTrace(t, fromV2Trace, 2))
}

func testArchive(t *testing.T) {
	archivedByV1, archivedByV2 := collected(nativeSpans()), translatedSpans(fromV2Trace)
	archiveTwice := func() {
		for range 2 {
			v1.archive(t, nativeTrace)
			v2.archive(t, fromV2Trace)
		}
	}

	archiveTwice()
	purge(t)
	require.Nil(t, v1.trace(t, otlpHTTPTrace), "a trace that nobody archived outlived the purge")
	// What is archived the second time was read from the archive.
	for range 2 {
		requireAnsweredInAnyOrder(t, archivedByV1, v1.awaitTrace(t, nativeTrace, 3))
		requireAnsweredInAnyOrder(t, archivedByV2, v2.awaitTrace(t, fromV2Trace, 2))
		archiveTwice()
	}
	requireAnsweredInAnyOrder(t, collected(nativeSpansThroughOTLP()), v2.awaitTrace(t, nativeTrace, 3))
	requireAnsweredInAnyOrder(t, archivedByV2, v1.awaitTrace(t, fromV2Trace, 2))
	require.Empty(t, v1.services(t), "archived traces are found by their ids only")
}
