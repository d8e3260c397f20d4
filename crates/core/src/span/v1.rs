//! A span as Jaeger's `api_v2` model carries it
//! ([model.proto](https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto)).

use std::sync::Arc;

use super::tags;
use crate::{AttributeValue, Attributes, SpanId, SpanKind, StatusCode, TextForm, TraceId, UnixNanos};

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
    /// choose (`model/v1/span.go`, `ParentSpanID`); an id of zeros is none.
    #[must_use]
    pub fn parent_span_id(&self) -> Option<SpanId> {
        let first = |ref_type| {
            self.references
                .iter()
                .find(|reference| reference.trace_id == Some(self.trace_id) && reference.ref_type == ref_type)
                .map(|reference| reference.span_id)
        };
        first(SpanRefType::ChildOf)
            .or_else(|| first(SpanRefType::FollowsFrom))
            .filter(|parent| !parent.is_zero())
    }

    /// The references that say more than which span is the parent: the links of the translation to OTLP.
    pub(crate) fn links(&self) -> impl Iterator<Item = &SpanRef> {
        let parent = SpanRef {
            trace_id: Some(self.trace_id),
            span_id: self.parent_span_id().unwrap_or_default(),
            ref_type: SpanRefType::ChildOf,
        };
        self.references.iter().filter(move |reference| **reference != parent)
    }

    /// The role that the tag `span.kind` names, in lower case only.
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        let word = self.last_tag(tags::KIND).and_then(AttributeValue::as_str).unwrap_or_default();
        let kind = SpanKind::from_word(word);
        if kind.as_str() == word { kind } else { SpanKind::Unspecified }
    }

    /// Error if the tag `error` is true, else what the tag `otel.status_code` says, else what `http.status_code`
    /// means for the kind, as the Collector's translator reads them.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.last_tag(tags::ERROR) == Some(&AttributeValue::Bool(true)) {
            return StatusCode::Error;
        }
        if let Some(code) = self.last_tag(tags::STATUS_CODE) {
            return code.as_str().map(StatusCode::from_word).unwrap_or_default();
        }
        match self.last_tag(tags::HTTP_STATUS_CODE).and_then(integer) {
            Some(code) if is_http_error(code, self.kind()) => StatusCode::Error,
            _ => StatusCode::Unset,
        }
    }

    /// What the translation to OTLP keeps under `@jaeger@warnings`, behind a tag of that key.
    pub(crate) fn warnings_as_attribute(&self) -> Option<AttributeValue> {
        let tag = self.last_tag(tags::WARNINGS);
        if self.warnings.is_empty() {
            return tag.cloned();
        }
        let tag = tag.map(|value| value.text(TextForm::V2).into_owned());
        let texts = tag.into_iter().chain(self.warnings.iter().cloned());
        Some(AttributeValue::Array(texts.map(AttributeValue::String).collect()))
    }

    /// The last tag of the key, which is the one that the translation to OTLP keeps.
    fn last_tag(&self, key: &str) -> Option<&AttributeValue> {
        self.tags.iter().rev().find(|tag| tag.key == key).map(|tag| &tag.value)
    }
}

/// A number, also one written as text.
fn integer(value: &AttributeValue) -> Option<i64> {
    match value {
        AttributeValue::Int(value) => Some(*value),
        AttributeValue::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A client is to blame for what the server calls the client's fault. That 399 is an error is the Collector's.
fn is_http_error(code: i64, kind: SpanKind) -> bool {
    match code {
        100..=398 => false,
        400..=499 => kind != SpanKind::Server,
        _ => true,
    }
}

// === impl SpanRefType ===

impl SpanRefType {
    /// The type's word in OpenTracing; every type but CHILD_OF is taken for FOLLOWS_FROM, as Jaeger does.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ChildOf => "child_of",
            Self::FollowsFrom | Self::Unrecognized(_) => "follows_from",
        }
    }
}

// === impl Process ===

impl Process {
    /// Whether it names a service, rather than saying that there is no name.
    pub(crate) fn has_service_name(&self) -> bool {
        !self.service_name.is_empty() && self.service_name != tags::NO_SERVICE_NAME
    }
}
