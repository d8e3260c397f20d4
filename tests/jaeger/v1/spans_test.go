package ring

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jaegertracing/jaeger/model"
)

var (
	unknownTrace   = model.NewTraceID(0xbad, 1)
	nativeTrace    = model.NewTraceID(0x0123456789abcdef, 0xfedcba9876543210)
	otlpHTTPTrace  = model.NewTraceID(2, 1)
	otlpGRPCTrace  = model.NewTraceID(2, 2)
	fromV2Trace    = model.NewTraceID(2, 3)
	unrelatedTrace = model.NewTraceID(3, 3)
	// Old clients make ids of 64 bits.
	fastTrace    = model.NewTraceID(0, 0x11)
	slowTrace    = model.NewTraceID(0, 0x12)
	earlierTrace = model.NewTraceID(0, 0x13)
)

// began is some minutes ago, with nanoseconds that no coarser clock would keep.
var began = time.Now().Add(-5 * time.Minute).UTC().Truncate(time.Second).Add(123456789 * time.Nanosecond)

var (
	shop = model.NewProcess("ring-shop", model.KeyValues{
		model.Binary("fingerprint", []byte{0xca, 0xfe}), model.String("hostname", "shop-1"), model.Int64("pid", 4711),
	})
	stock = model.NewProcess("ring-stock", model.KeyValues{model.Bool("canary", true)})
)

// nativeSpans are a trace that uses whatever the model of v1 has.
func nativeSpans() []*model.Span {
	return []*model.Span{
		{
			TraceID: nativeTrace, SpanID: 0xa1, OperationName: "POST /checkout", Process: shop,
			References: []model.SpanRef{},
			Flags:      model.SampledFlag | model.DebugFlag,
			StartTime:  began, Duration: 1234567 * time.Nanosecond,
			Tags: model.KeyValues{
				model.String("span.kind", "server"),
				model.String("http.request.method", "POST"),
				model.Int64("http.status_code", 200),
				model.Int64("largest", 1<<63-1),
				model.Bool("cache.hit", false),
				model.Float64("load", 0.25),
				model.Binary("payload", []byte{0, 0xff, 0x7f}),
				model.String("attempt", "first"), model.String("attempt", "second"),
			},
			Logs: []model.Log{
				{Timestamp: began.Add(11), Fields: model.KeyValues{
					model.String("event", "queued"), model.Binary("digest", []byte{1, 2}), model.Int64("size", 7),
				}},
				{Timestamp: began.Add(time.Millisecond), Fields: model.KeyValues{model.String("message", "done")}},
			},
			Warnings: []string{"the clock of this client was set"},
		},
		{
			TraceID: nativeTrace, SpanID: 0xa2, OperationName: "reserve", Process: stock,
			References: []model.SpanRef{
				model.NewChildOfRef(nativeTrace, 0xa1), model.NewFollowsFromRef(unrelatedTrace, 0xb7),
			},
			StartTime: began.Add(50 * time.Microsecond), Duration: 1,
			Tags: model.KeyValues{model.String("span.kind", "client"), model.Bool("error", true)},
			Logs: []model.Log{},
		},
		{
			TraceID: nativeTrace, SpanID: 0xa3, OperationName: "notify", Process: shop,
			References: []model.SpanRef{model.NewFollowsFromRef(nativeTrace, 0xa1)},
			StartTime:  began.Add(2 * time.Millisecond), Duration: 3 * time.Hour,
			Tags: model.KeyValues{},
			Logs: []model.Log{},
		},
	}
}

// nativeSpansThroughOTLP are nativeSpans as Jaeger returns them when it has made OTLP of them and back: without what
// OTLP has no place for.
func nativeSpansThroughOTLP() []*model.Span {
	spans := nativeSpans()
	process := model.NewProcess("ring-shop", model.KeyValues{
		model.Binary("fingerprint", []byte{0xca, 0xfe}), model.String("host.name", "shop-1"), model.Int64("pid", 4711),
	})
	for _, span := range spans {
		span.Flags = 0
		if span.Process == shop {
			span.Process = process
		}
	}
	spans[0].Tags = slices.DeleteFunc(spans[0].Tags, func(tag model.KeyValue) bool { return tag.VStr == "first" })
	spans[1].Tags = append(spans[1].Tags, model.String("otel.status_code", "ERROR"))
	return spans
}

// searchedSpan is a trace of one span; what sets it apart from the others of its service is in tags, log and process.
func searchedSpan(id model.TraceID, operation, zone, reason string, age, duration time.Duration, tags ...model.KeyValue) *model.Span {
	start := time.Now().Add(-age)
	return &model.Span{
		TraceID: id, SpanID: 1, OperationName: operation, StartTime: start, Duration: duration, Tags: tags,
		Process: model.NewProcess("ring-search", model.KeyValues{model.String("zone", zone)}),
		Logs:    []model.Log{{Timestamp: start, Fields: model.KeyValues{model.String("reason", reason)}}},
	}
}

func searchedSpans() []*model.Span {
	return []*model.Span{
		searchedSpan(fastTrace, "GET /cart", "north", "hit", 10*time.Minute, time.Millisecond,
			model.String("span.kind", "server"), model.String("color", "red"), model.Int64("attempt", 1),
			model.Bool("cached", true), model.Float64("ratio", 0.5), model.String("http.route.name", "/cart")),
		searchedSpan(slowTrace, "POST /pay", "south", "timeout", 20*time.Minute, 2*time.Second,
			model.String("span.kind", "client"), model.String("color", "blue"), model.Int64("attempt", 2),
			model.Bool("cached", false), model.Float64("ratio", 1.5), model.String("http.route.name", "/pay")),
		searchedSpan(earlierTrace, "GET /cart", "east", "miss", 3*time.Hour, 50*time.Millisecond,
			model.String("color", "red"), model.Int64("attempt", 1)),
	}
}

// otlpSpans are a parent that failed and its child, with a link to another trace, in OTLP's JSON.
func otlpSpans(id model.TraceID) string {
	moment := func(after time.Duration) string { return fmt.Sprint(began.Add(after).UnixNano()) }
	return strings.NewReplacer(
		"TRACE", id.String(), "OTHER", unrelatedTrace.String(),
		"START", moment(0), "EVENT", moment(time.Microsecond), "END", moment(time.Millisecond),
	).Replace(`{"resourceSpans": [{
  "resource": {"attributes": [
    {"key": "service.name", "value": {"stringValue": "ring-otlp"}},
    {"key": "host.name", "value": {"stringValue": "otlp-1"}},
    {"key": "process.pid", "value": {"intValue": "17"}}]},
  "scopeSpans": [{
    "scope": {"name": "checkout", "version": "1.2"},
    "spans": [
      {"traceId": "TRACE", "spanId": "00000000000000c1", "name": "pay", "kind": 2,
       "startTimeUnixNano": "START", "endTimeUnixNano": "END", "traceState": "vendor=1",
       "status": {"code": 2, "message": "declined"},
       "attributes": [
         {"key": "card", "value": {"stringValue": "visa"}},
         {"key": "cents", "value": {"intValue": "1999"}},
         {"key": "first", "value": {"boolValue": true}},
         {"key": "rate", "value": {"doubleValue": 0.25}},
         {"key": "token", "value": {"bytesValue": "AP9/"}},
         {"key": "items", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "2"}]}}}],
       "events": [{"timeUnixNano": "EVENT", "name": "asked", "attributes": [{"key": "bank", "value": {"stringValue": "north"}}]}]},
      {"traceId": "TRACE", "spanId": "00000000000000c2", "parentSpanId": "00000000000000c1", "name": "ask bank", "kind": 3,
       "startTimeUnixNano": "EVENT", "endTimeUnixNano": "END",
       "links": [{"traceId": "OTHER", "spanId": "00000000000000b7"}]}]}]}]}`)
}

// translatedSpans are what Jaeger makes of otlpSpans in its own model.
func translatedSpans(id model.TraceID) []*model.Span {
	process := model.NewProcess("ring-otlp", model.KeyValues{
		model.String("host.name", "otlp-1"), model.Int64("process.pid", 17),
	})
	scope := model.KeyValues{model.String("otel.scope.name", "checkout"), model.String("otel.scope.version", "1.2")}
	return []*model.Span{
		{
			TraceID: id, SpanID: 0xc1, OperationName: "pay", Process: process,
			References: []model.SpanRef{},
			StartTime:  began, Duration: time.Millisecond,
			Tags: append(scope[:2:2],
				model.String("card", "visa"),
				model.Int64("cents", 1999),
				model.Bool("first", true),
				model.Float64("rate", 0.25),
				model.Binary("token", []byte{0, 0xff, 0x7f}),
				model.String("items", `["a",2]`),
				model.String("span.kind", "server"),
				model.String("otel.status_code", "ERROR"),
				model.Bool("error", true),
				model.String("otel.status_description", "declined"),
				model.String("w3c.tracestate", "vendor=1"),
			),
			Logs: []model.Log{{Timestamp: began.Add(time.Microsecond), Fields: model.KeyValues{
				model.String("event", "asked"), model.String("bank", "north"),
			}}},
		},
		{
			TraceID: id, SpanID: 0xc2, OperationName: "ask bank", Process: process,
			References: []model.SpanRef{
				model.NewChildOfRef(id, 0xc1), model.NewFollowsFromRef(unrelatedTrace, 0xb7),
			},
			StartTime: began.Add(time.Microsecond), Duration: 999 * time.Microsecond,
			Tags: append(scope[:2:2], model.String("span.kind", "client")),
			Logs: []model.Log{},
		},
	}
}
