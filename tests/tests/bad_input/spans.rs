//! Good spans, to be made bad.

use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::{Duration, Timestamp};

/// The service of spans that are bad in something else.
pub(crate) const SERVICE: &str = "suspect";

/// The attribute by whose value each case is searched.
pub(crate) const CASE: &str = "case";

/// When good spans start: 2025-10-09T08:53:20Z.
pub(crate) const START: u64 = 1_760_000_000_000_000_000;

pub(crate) fn trace_id(number: u64) -> Vec<u8> {
    let mut id = vec![0x0b, 0xad, 0, 0, 0, 0, 0, 0];
    id.extend_from_slice(&number.to_be_bytes());
    id
}

/// A good OTLP span, the only one of its trace.
pub(crate) fn span(number: u64) -> Span {
    Span {
        trace_id: trace_id(number),
        span_id: (1 << 32 | number).to_be_bytes().to_vec(),
        name: format!("operation {}", number % 7),
        kind: 2,
        start_time_unix_nano: START + number,
        end_time_unix_nano: START + number + 1000,
        attributes: vec![case(number)],
        ..Span::default()
    }
}

/// A good span of Jaeger v1, the only one of its trace.
pub(crate) fn v1_span(number: u64) -> api_v2::Span {
    let start = i64::try_from(START + number).unwrap();
    let tag = api_v2::KeyValue { key: CASE.to_owned(), v_str: number.to_string(), ..Default::default() };
    api_v2::Span {
        trace_id: trace_id(number),
        span_id: (1 << 32 | number).to_be_bytes().to_vec(),
        operation_name: format!("operation {}", number % 7),
        start_time: Some(Timestamp {
            seconds: start / 1_000_000_000,
            nanos: i32::try_from(start % 1_000_000_000).unwrap(),
        }),
        duration: Some(Duration { seconds: 0, nanos: 1000 }),
        tags: vec![tag],
        process: Some(api_v2::Process { service_name: SERVICE.to_owned(), tags: Vec::new() }),
        ..Default::default()
    }
}

pub(crate) fn case(number: u64) -> KeyValue {
    text(CASE, &number.to_string())
}

pub(crate) fn text(key: &str, text: &str) -> KeyValue {
    pair(key, Value::StringValue(text.to_owned()))
}

pub(crate) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

pub(crate) fn of_service(service: &str, spans: Vec<Span>) -> ResourceSpans {
    let resource = Resource { attributes: vec![text("service.name", service)], ..Resource::default() };
    let scope = Some(InstrumentationScope::default());
    ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }
}

/// The field as it is on the wire, whatever the message; equal fields in a row are as good as one message with both.
pub(crate) fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 12);
    encode_key(number, WireType::LengthDelimited, &mut out);
    encode_varint(content.len() as u64, &mut out);
    out.extend_from_slice(content);
    out
}

/// An Export of these resources' spans, each of which may be any bytes.
pub(crate) fn export_of<'a>(resource_spans: impl IntoIterator<Item = &'a [u8]>) -> Bytes {
    resource_spans.into_iter().flat_map(|one| field(1, one)).collect::<Vec<_>>().into()
}
