package ring

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jaegertracing/jaeger/model"
)

// call is a trace of two spans, each in a request of its own.
type call struct {
	trace           model.TraceID
	parent, child   string
	began, answered time.Time
}

var calls atomic.Uint64

func newCall(parent, child string, at time.Time) call {
	return call{model.NewTraceID(6, calls.Add(1)), parent, child, at, at}
}

// graph has what is to be counted of it.
func (c call) graph() graph {
	return graph{pair{c.parent, c.child}: 1}
}

// calling is the half of the caller, in OTLP's JSON.
func (c call) calling() string {
	return otlpSpan(c.parent, c.began, fmt.Sprintf(`"traceId": "%s", "spanId": "00000000000000d1", "kind": 3`, c.trace))
}

// called is the half of who was called.
func (c call) called() string {
	ids := `"traceId": "%s", "spanId": "00000000000000d2", "parentSpanId": "00000000000000d1", "kind": 2`
	return otlpSpan(c.child, c.answered, fmt.Sprintf(ids, c.trace))
}

// callingPeer is the half of a caller, of somebody who sends no spans.
func (c call) callingPeer() string {
	attributes := `"attributes": [{"key": "peer.service", "value": {"stringValue": "%s"}}]`
	ids := `"traceId": "%s", "spanId": "00000000000000d1", "kind": 3, `
	return otlpSpan(c.parent, c.began, fmt.Sprintf(ids+attributes, c.trace, c.child))
}

func otlpSpan(service string, start time.Time, fields string) string {
	return fmt.Sprintf(`{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "%s"}}]},
  "scopeSpans": [{"spans": [{%s, "name": "call", "startTimeUnixNano": "%d", "endTimeUnixNano": "%d"}]}]}]}`,
		service, fields, start.UnixNano(), start.Add(time.Millisecond).UnixNano())
}
