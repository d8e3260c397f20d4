//! Spans of exactly one trace.

use crate::{Span, TraceId};

/// One or more spans of one trace: never empty and never mixed, because Jaeger's client keys a chunk on
/// its first span.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceChunk {
    trace_id: TraceId,
    spans: Vec<Span>,
}

impl TraceChunk {
    /// The chunk of these spans, or `None` if there are none or they belong to several traces.
    #[must_use]
    pub fn new(spans: Vec<Span>) -> Option<Self> {
        let trace_id = spans.first()?.trace_id();
        spans.iter().all(|span| span.trace_id() == trace_id).then_some(Self { trace_id, spans })
    }

    /// The trace that all spans belong to.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The spans, at least one.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Gives the spans away.
    #[must_use]
    pub fn into_spans(self) -> Vec<Span> {
        self.spans
    }
}
