//! Messages of `jaeger.storage.v2` as core's answers. A message that breaks the protocol is an error.

use jaeger_dynamodb_core::{
    FoundTrace, ServiceSummary, StoreError, StoreErrorKind, TraceChunk, TraceId, TraceSummary, UnixNanos,
};
use jaeger_dynamodb_proto::convert::{self, spans_from_otlp};
use jaeger_dynamodb_proto::jaeger::storage::v2::{self as wire, FoundTraceId};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use prost_types::Timestamp;

pub(super) fn chunk(message: TracesData) -> Result<TraceChunk, StoreError> {
    let converted = spans_from_otlp(message.resource_spans);
    if !converted.rejected.is_empty() {
        return Err(broken("spans with impossible ids"));
    }
    TraceChunk::new(converted.spans).ok_or_else(|| broken("a message without spans or of several traces"))
}

pub(super) fn found(message: FoundTraceId) -> Result<FoundTrace, StoreError> {
    Ok(FoundTrace {
        trace_id: trace_id(&message.trace_id)?,
        start: instant(message.start)?,
        end: instant(message.end)?,
    })
}

pub(super) fn summary(message: wire::TraceSummary) -> Result<TraceSummary, StoreError> {
    let services = message.services.into_iter().map(|service| {
        Ok(ServiceSummary {
            name: service.name,
            span_count: count(service.span_count)?,
            error_span_count: count(service.error_span_count)?,
        })
    });
    Ok(TraceSummary {
        trace_id: trace_id(&message.trace_id)?,
        root_service_name: message.root_service_name,
        root_operation_name: message.root_operation_name,
        min_start: UnixNanos(message.min_start_time_unix_nano.into()),
        max_end: UnixNanos(message.max_end_time_unix_nano.into()),
        span_count: count(message.span_count)?,
        error_span_count: count(message.error_span_count)?,
        orphan_span_count: count(message.orphan_span_count)?,
        services: services.collect::<Result<_, StoreError>>()?,
    })
}

fn trace_id(bytes: &[u8]) -> Result<TraceId, StoreError> {
    TraceId::try_from(bytes).map_err(|_| broken("an impossible trace id"))
}

fn instant(timestamp: Option<Timestamp>) -> Result<UnixNanos, StoreError> {
    timestamp.and_then(|timestamp| convert::unix_nanos(timestamp).ok()).ok_or_else(|| broken("no time"))
}

fn count(number: i32) -> Result<usize, StoreError> {
    usize::try_from(number).map_err(|_| broken("a negative count"))
}

fn broken(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Internal, format!("the server answered {what}"))
}
