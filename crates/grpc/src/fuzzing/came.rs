//! Spans that came in a request.

use jaeger_dynamodb_core::translate::{ToOtlp, ToV1};
use jaeger_dynamodb_core::{Span, SpanKind, StatusCode, SummaryBuilder, TraceChunk};
use jaeger_dynamodb_proto::convert::{resource_spans, spans_from_otlp, spans_from_v1};
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use prost::Message;

use crate::chunking;

/// The least that may be set.
const OUTBOUND_BYTES: usize = 64 * 1024;

/// Spans come back as they are over their own API, and translated over the other.
pub(super) fn check(spans: &[Span]) {
    for span in spans {
        view(span);
        over_otlp(span);
        over_v1(span);
    }
    for trace in spans.chunk_by(|a, b| a.trace_id() == b.trace_id()) {
        in_messages(trace);
    }
}

fn view(span: &Span) {
    assert_eq!(span.duration_nanos(), span.end().0 - span.start().0);
    let mut summary = SummaryBuilder::default();
    summary.add(span);
    assert!(summary.finish().is_some());
    assert_eq!(SpanKind::from(i32::from(span.kind())), span.kind());
    assert_eq!(StatusCode::from(i32::from(span.status())), span.status());
}

fn over_otlp(span: &Span) {
    let translated = ToOtlp::default().span(span.clone());
    assert_eq!((translated.trace_id, translated.span_id), (span.trace_id(), span.span_id()));
    let message = TracesData { resource_spans: resource_spans(std::slice::from_ref(&translated)) };
    let Ok(message) = TracesData::decode(message.encode_to_vec().as_slice()) else {
        // Texts of nested values are flat in v1, so only what came as OTLP is nested, and that was decoded before.
        unreachable!("{translated:?} cannot be decoded")
    };
    assert_eq!(spans_from_otlp(message.resource_spans).spans, [Span::Otlp(translated)]);
}

fn over_v1(span: &Span) {
    let translated = ToV1::default().span(span.clone());
    assert_eq!((translated.trace_id, translated.span_id), (span.trace_id(), span.span_id()));
    let message = api_v2::Span::from(&translated);
    let Ok(message) = api_v2::Span::decode(message.encode_to_vec().as_slice()) else {
        unreachable!("{translated:?} cannot be decoded")
    };
    assert_eq!(spans_from_v1(vec![message]).spans, [Span::V1(translated)]);
}

/// No span is lost on the way out, and no message is larger than allowed.
fn in_messages(spans: &[Span]) {
    let Some(chunk) = TraceChunk::new(spans.to_vec()) else { unreachable!("spans of one trace") };
    let mut count = 0;
    for message in chunking::messages(chunk.clone(), OUTBOUND_BYTES) {
        assert!(message.encoded_len() <= OUTBOUND_BYTES);
        count += spans_from_otlp(message.resource_spans).spans.len();
    }
    assert_eq!(count, spans.len());
    let mut count = 0;
    for message in chunking::v1::messages(chunk, OUTBOUND_BYTES) {
        assert!(message.encoded_len() <= OUTBOUND_BYTES);
        count += spans_from_v1(message.spans).spans.len();
    }
    assert_eq!(count, spans.len());
}
