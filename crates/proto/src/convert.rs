//! The one place where protobuf messages and the core model meet (ADR 0002, in `docs/adr/`). Messages are foreign and
//! may be wrong, so the way in is fallible span by span; the way out is not. A span keeps its form here: core translates
//! those that are asked for in the other API's.
//!
//! The law: core to message to bytes to message to core is identity, for OTLP and for `api_v2`.

mod attributes;
mod otlp;
mod otlp_out;
mod time;
mod v1;

use jaeger_dynamodb_core::{InvalidId, Span, SpanId, TraceId};
use thiserror::Error;

pub use otlp::{resource_from_otlp, scope_from_otlp, span_from_otlp, spans_from_otlp};
pub use otlp_out::{resource_spans, same_resource, same_scope};
pub use time::{Unrepresentable, YEAR_ONE, duration, duration_nanos, timestamp, unix_nanos};
pub use v1::{spans_from_v1, trace_id_of_v1};

/// Spans that came as messages: those that are valid, and why each of the others is not.
#[derive(Debug, Default)]
pub struct Converted {
    /// The valid spans, in the order in which they came.
    pub spans: Vec<Span>,
    /// One reason for each span that is not among `spans`.
    pub rejected: Vec<InvalidSpan>,
}

/// Why a message is no span. Only that span is refused (ADR 0010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum InvalidSpan {
    /// The trace id is zero or has a wrong length.
    #[error("invalid trace id")]
    TraceId,
    /// The span id has a wrong length.
    #[error("invalid span id")]
    SpanId,
    /// The parent's span id has a wrong length.
    #[error("invalid parent span id")]
    ParentSpanId,
    /// A link's trace or span id has a wrong length.
    #[error("invalid id in a link")]
    LinkId,
    /// A reference's trace or span id has a wrong length.
    #[error("invalid id in a reference")]
    ReferenceId,
    /// A tag or log field has a type that `api_v2` does not define.
    #[error("unknown type of a tag or log field")]
    TagType,
}

/// A span id that may be left out, which stands for zero.
fn span_id(bytes: &[u8]) -> Result<SpanId, InvalidId> {
    if bytes.is_empty() { Ok(SpanId::default()) } else { SpanId::try_from(bytes) }
}

/// A trace id that stands for none when it is left out or zero.
fn optional_trace_id(id: Result<TraceId, InvalidId>, bytes: &[u8]) -> Result<Option<TraceId>, InvalidId> {
    match id {
        Ok(id) => Ok(Some(id)),
        Err(InvalidId::Zero) => Ok(None),
        Err(_) if bytes.is_empty() => Ok(None),
        Err(error) => Err(error),
    }
}

fn bytes_of_trace_id(id: Option<TraceId>) -> Vec<u8> {
    id.map_or_else(|| vec![0; 16], |id| id.as_bytes().to_vec())
}
