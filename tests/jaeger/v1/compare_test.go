package ring

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/model"
	converter "github.com/jaegertracing/jaeger/model/converter/json"
	jaegerjson "github.com/jaegertracing/jaeger/model/json"
	"github.com/jaegertracing/jaeger/storage/spanstore"
)

// requireAnswered holds what the HTTP API answered against spans, in each of its fields.
func requireAnswered(t *testing.T, expected []*model.Span, actual *jaegerjson.Trace) {
	require.Equal(t, asText(t, inJSON(expected)), asText(t, actual))
}

// requireAnsweredInAnyOrder is for tags that were put in another order: by a translation, or by Jaeger before it archives.
func requireAnsweredInAnyOrder(t *testing.T, expected []*model.Span, actual *jaegerjson.Trace) {
	require.Equal(t, asText(t, tagsSorted(inJSON(expected))), asText(t, tagsSorted(actual)))
}

// requireStored asks the storage as Jaeger's client does, since HTTP shows microseconds only.
func requireStored(t *testing.T, expected []*model.Span, id model.TraceID) {
	reader, err := connect(t).CreateSpanReader()
	require.NoError(t, err)
	requireRead(t, expected, reader, id)
}

func requireRead(t *testing.T, expected []*model.Span, reader spanstore.Reader, id model.TraceID) {
	stored, err := reader.GetTrace(context.Background(), id)
	require.NoError(t, err)
	require.Len(t, stored.Spans, len(expected))
	slices.SortFunc(stored.Spans, func(a, b *model.Span) int { return cmp.Compare(a.SpanID, b.SpanID) })
	for index, span := range expected {
		require.Equal(t, asTransmitted(t, span), asTransmitted(t, stored.Spans[index]))
	}
}

func inJSON(spans []*model.Span) *jaegerjson.Trace {
	return converter.FromDomain(&model.Trace{Spans: spans})
}

// asText is the spans by their id, each with its process, which a trace numbers as they come.
func asText(t *testing.T, trace *jaegerjson.Trace) string {
	spans := slices.Clone(trace.Spans)
	for index, span := range spans {
		process := trace.Processes[span.ProcessID]
		spans[index].Process, spans[index].ProcessID = &process, ""
	}
	slices.SortFunc(spans, func(a, b jaegerjson.Span) int { return cmp.Compare(a.SpanID, b.SpanID) })
	text, err := json.MarshalIndent(spans, "", "  ")
	require.NoError(t, err)
	return string(text)
}

func tagsSorted(trace *jaegerjson.Trace) *jaegerjson.Trace {
	for _, span := range trace.Spans {
		sortTags(span.Tags)
		for _, log := range span.Logs {
			sortTags(log.Fields)
		}
	}
	for _, process := range trace.Processes {
		sortTags(process.Tags)
	}
	return trace
}

func sortTags(tags []jaegerjson.KeyValue) {
	slices.SortFunc(tags, func(a, b jaegerjson.KeyValue) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// asTransmitted is a span without what the wire does not know: nil or empty lists, the zone of a time.
func asTransmitted(t *testing.T, span *model.Span) *model.Span {
	bytes, err := span.Marshal()
	require.NoError(t, err)
	transmitted := new(model.Span)
	require.NoError(t, transmitted.Unmarshal(bytes))
	return transmitted
}
