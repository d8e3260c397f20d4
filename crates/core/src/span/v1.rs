//! A span as Jaeger's `api_v2` model carries it
//! ([model.proto](https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto)).

use std::sync::Arc;

use crate::{AttributeValue, Attributes, SpanId, SpanKind, StatusCode, TraceId, UnixNanos};

/// One operation within a trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The operation's name.
    pub operation_name: String,
    /// Spans that it relates to, its parent among them.
    pub references: Vec<SpanRef>,
    /// Sampled (1), debug (2) and other bits.
    pub flags: u32,
    /// When it began.
    pub start_time: UnixNanos,
    /// How long it took, in nanoseconds: Go's `time.Duration`, whose 64 bits no client of v1 can exceed.
    pub duration_nanos: i64,
    /// Describes the operation; keys may repeat.
    pub tags: Attributes,
    /// What happened during the operation.
    pub logs: Vec<Log>,
    /// What produced it.
    pub process: Option<Arc<Process>>,
    /// Names a process of the batch, where the batch holds them apart.
    pub process_id: String,
    /// What Jaeger noticed while it adjusted the span.
    pub warnings: Vec<String>,
}

/// A reference from one span to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanRef {
    /// Trace of the other span; `None` stands for an id of zeros.
    pub trace_id: Option<TraceId>,
    /// The other span.
    pub span_id: SpanId,
    /// What relates them.
    pub ref_type: SpanRefType,
}

/// What relates two spans; the numbers are those of `api_v2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanRefType {
    /// The other span waits for this one.
    ChildOf,
    /// The other span caused this one without waiting for it.
    FollowsFrom,
    /// A number that `api_v2` does not define, kept as it came.
    Unrecognized(i32),
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Log {
    /// When.
    pub timestamp: UnixNanos,
    /// What, as key and value.
    pub fields: Attributes,
}

/// The producer of spans.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Process {
    /// The service.
    pub service_name: String,
    /// Describes the process.
    pub tags: Attributes,
}

// === impl Span ===

impl Span {
    /// The first CHILD_OF reference within the trace, else its first FOLLOWS_FROM, as Jaeger v1.57 and later
    /// choose (`model/v1/span.go`, `ParentSpanID`).
    #[must_use]
    pub fn parent_span_id(&self) -> Option<SpanId> {
        let first = |ref_type| {
            self.references
                .iter()
                .find(|reference| reference.trace_id == Some(self.trace_id) && reference.ref_type == ref_type)
                .map(|reference| reference.span_id)
        };
        first(SpanRefType::ChildOf).or_else(|| first(SpanRefType::FollowsFrom))
    }

    /// The role that the tag `span.kind` names.
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        self.tags
            .get("span.kind")
            .and_then(AttributeValue::as_str)
            .map(SpanKind::from_word)
            .unwrap_or_default()
    }

    /// Error if the tag `error` is true, else what the tag `otel.status_code` says, as the Collector's
    /// translator reads it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.tags.get("error") == Some(&AttributeValue::Bool(true)) {
            return StatusCode::Error;
        }
        let code = self.tags.get("otel.status_code").and_then(AttributeValue::as_str);
        code.map(StatusCode::from_word).unwrap_or_default()
    }
}
