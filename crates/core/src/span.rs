//! A span in the form in which it came, behind one view.

pub mod otlp;
pub(crate) mod tags;
pub mod v1;

use crate::{SpanId, TraceId, UnixNanos};

/// A span in its native form. Conversion to the other form happens only when the other API asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Span {
    /// OpenTelemetry protocol.
    Otlp(otlp::Span),
    /// Jaeger `api_v2` model, as `jaeger.storage.v1` carries it.
    V1(v1::Span),
}

/// The role of a span in a call; the numbers are OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SpanKind {
    /// Not said.
    #[default]
    Unspecified,
    /// Within one service.
    Internal,
    /// Handles a call.
    Server,
    /// Makes a call.
    Client,
    /// Sends a message.
    Producer,
    /// Receives a message.
    Consumer,
    /// A number that OTLP does not define yet, kept as it came.
    Unrecognized(i32),
}

/// Whether what the span stands for went well; the numbers are OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StatusCode {
    /// Not said.
    #[default]
    Unset,
    /// Explicitly well.
    Ok,
    /// An error.
    Error,
    /// A number that OTLP does not define yet, kept as it came.
    Unrecognized(i32),
}

// === impl Span ===

impl Span {
    /// The trace it belongs to.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        match self {
            Self::Otlp(span) => span.trace_id,
            Self::V1(span) => span.trace_id,
        }
    }

    /// Its own id.
    #[must_use]
    pub fn span_id(&self) -> SpanId {
        match self {
            Self::Otlp(span) => span.span_id,
            Self::V1(span) => span.span_id,
        }
    }

    /// The span that caused it within its trace, if it names one.
    #[must_use]
    pub fn parent_span_id(&self) -> Option<SpanId> {
        match self {
            Self::Otlp(span) => span.parent_span_id,
            Self::V1(span) => span.parent_span_id(),
        }
    }

    /// The service it ran in; empty if it does not say.
    #[must_use]
    pub fn service_name(&self) -> &str {
        match self {
            Self::Otlp(span) => span.resource.service_name(),
            Self::V1(span) => span.process.as_ref().map_or("", |process| &process.service_name),
        }
    }

    /// The operation's name.
    #[must_use]
    pub fn operation_name(&self) -> &str {
        match self {
            Self::Otlp(span) => &span.name,
            Self::V1(span) => &span.operation_name,
        }
    }

    /// Its role in a call.
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        match self {
            Self::Otlp(span) => span.kind,
            Self::V1(span) => span.kind(),
        }
    }

    /// How it went.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Otlp(span) => span.status.code,
            Self::V1(span) => span.status(),
        }
    }

    /// When it began.
    #[must_use]
    pub fn start(&self) -> UnixNanos {
        match self {
            Self::Otlp(span) => UnixNanos(span.start_time_unix_nano.into()),
            Self::V1(span) => span.start_time,
        }
    }

    /// When it ended.
    #[must_use]
    pub fn end(&self) -> UnixNanos {
        match self {
            Self::Otlp(span) => UnixNanos(span.end_time_unix_nano.into()),
            Self::V1(span) => UnixNanos(span.start_time.0.saturating_add(span.duration_nanos.into())),
        }
    }

    /// Nanoseconds from start to end; negative if it ended before it began.
    #[must_use]
    pub fn duration_nanos(&self) -> i128 {
        self.end().0.saturating_sub(self.start().0)
    }
}

// === impl SpanKind ===

impl SpanKind {
    /// The kind's word in Jaeger, empty where there is none.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Unspecified | Self::Unrecognized(_) => "",
        }
    }

    /// The kind of a word in any case; [`SpanKind::Unspecified`] for every other text, as Jaeger reads it.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        [Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(word))
            .unwrap_or_default()
    }
}

impl From<i32> for SpanKind {
    fn from(number: i32) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            other => Self::Unrecognized(other),
        }
    }
}

impl From<SpanKind> for i32 {
    fn from(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Unspecified => 0,
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
            SpanKind::Unrecognized(other) => other,
        }
    }
}

// === impl StatusCode ===

impl StatusCode {
    /// The code of a word in any case; [`StatusCode::Unset`] for every other text, as Jaeger reads it.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        if word.eq_ignore_ascii_case("ok") {
            Self::Ok
        } else if word.eq_ignore_ascii_case("error") {
            Self::Error
        } else {
            Self::Unset
        }
    }
}

impl From<i32> for StatusCode {
    fn from(number: i32) -> Self {
        match number {
            0 => Self::Unset,
            1 => Self::Ok,
            2 => Self::Error,
            other => Self::Unrecognized(other),
        }
    }
}

impl From<StatusCode> for i32 {
    fn from(code: StatusCode) -> Self {
        match code {
            StatusCode::Unset => 0,
            StatusCode::Ok => 1,
            StatusCode::Error => 2,
            StatusCode::Unrecognized(other) => other,
        }
    }
}
