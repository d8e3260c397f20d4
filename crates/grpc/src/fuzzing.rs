//! What fuzz targets call: a function for each kind of request, which takes any bytes and holds what becomes of them to
//! its laws. `make fuzz` feeds them what a fuzzer thinks of, `cargo test` the corpora in `tests/fuzz/corpus`.

mod asked;
mod came;
mod repaired;
#[cfg(test)]
mod tests;

use jaeger_dynamodb_core::Span;
use jaeger_dynamodb_proto::convert::{spans_from_otlp, spans_from_v1};
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use tonic::Code;

use crate::codec::{Repairable, decode};

pub use repaired::utf8_repair;

/// An Export is refused, or its spans come back over either API. Answers with the spans.
#[must_use]
pub fn export(data: &[u8]) -> Vec<Span> {
    let Some(request) = decoded::<ExportTraceServiceRequest>(data) else { return Vec::new() };
    let count =
        request.resource_spans.iter().flat_map(|spans| &spans.scope_spans).map(|spans| spans.spans.len());
    let count: usize = count.sum();
    let converted = spans_from_otlp(request.resource_spans);
    assert_eq!(converted.spans.len() + converted.rejected.len(), count);
    came::check(&converted.spans);
    converted.spans
}

/// A message of `jaeger.storage.v1` or `v2`; the first byte says which, or that it is a header. A request is refused with a clear status, or
/// becomes a query; spans come back over either API. Answers with the spans.
#[must_use]
pub fn v1_messages(data: &[u8]) -> Vec<Span> {
    let Some((number, message)) = data.split_first() else { return Vec::new() };
    if *number > 0 {
        asked::check(*number, message);
        return Vec::new();
    }
    let Some(request) = decoded::<WriteSpanRequest>(message) else { return Vec::new() };
    let converted = spans_from_v1(request.span.into_iter().collect());
    assert!(converted.spans.len() + converted.rejected.len() <= 1);
    came::check(&converted.spans);
    converted.spans
}

fn decoded<I: Repairable>(data: &[u8]) -> Option<I> {
    match decode::<I>(data) {
        Ok(request) => Some(request),
        Err(status) => {
            assert_eq!(status.code(), Code::InvalidArgument);
            assert!(!status.message().is_empty());
            None
        }
    }
}
