use std::collections::BTreeMap;

use jaeger_dynamodb_proto::FILE_DESCRIPTOR_SET;
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};

use super::schema::Field;
use super::*;

fn collect(prefix: &str, messages: Vec<DescriptorProto>, all: &mut BTreeMap<String, DescriptorProto>) {
    for message in messages {
        let name = format!("{prefix}.{}", message.name());
        collect(&name, message.nested_type.clone(), all);
        all.insert(name, message);
    }
}

fn assert_same(
    schema: &'static Schema,
    name: &str,
    all: &BTreeMap<String, DescriptorProto>,
    seen: &mut Vec<String>,
) {
    if seen.iter().any(|other| other == name) {
        return;
    }
    seen.push(name.to_owned());
    let mut fields: Vec<_> = all[name]
        .field
        .iter()
        .filter(|field| matches!(field.r#type(), Type::String | Type::Message | Type::Group))
        .collect();
    fields.sort_by_key(|field| field.number());
    let numbers: Vec<_> = schema.fields.iter().map(|(number, _)| i32::try_from(*number).unwrap()).collect();
    assert_eq!(numbers, fields.iter().map(|field| field.number()).collect::<Vec<_>>(), "{name}");
    for ((_, kind), field) in schema.fields.iter().zip(fields) {
        match kind {
            Field::Text | Field::Texts => {
                assert_eq!(field.r#type(), Type::String, "{name}.{}", field.name());
                assert_eq!(
                    matches!(kind, Field::Texts),
                    field.label() == Label::Repeated,
                    "{name}.{}",
                    field.name()
                );
            }
            Field::Message(schema) => assert_same(schema, field.type_name(), all, seen),
        }
    }
}

#[test]
fn the_tables_name_every_text_and_message_of_the_requests() {
    let mut all = BTreeMap::new();
    for file in FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file {
        collect(&format!(".{}", file.package()), file.message_type, &mut all);
    }
    let otlp = "opentelemetry.proto.collector.trace.v1";
    for (schema, request, messages) in [
        (ExportTraceServiceRequest::SCHEMA, format!(".{otlp}.ExportTraceServiceRequest"), 14),
        (WriteSpanRequest::SCHEMA, ".jaeger.storage.v1.WriteSpanRequest".to_owned(), 8),
        (CloseWriterRequest::SCHEMA, ".jaeger.storage.v1.CloseWriterRequest".to_owned(), 1),
    ] {
        let mut seen = Vec::new();
        assert_same(schema, &request, &all, &mut seen);
        assert_eq!(seen.len(), messages, "{seen:?}");
    }
}

/// Stands for bytes that are no UTF-8, with the same length.
const MARK: &str = "@@BAD@@";
const BAD: &[u8; 7] = b"a\xff\xfe\xc3(\xf0b";
/// Each broken sequence becomes one U+FFFD.
const MENDED: &str = "a\u{fffd}\u{fffd}\u{fffd}(\u{fffd}b";

fn request(span: Span) -> ExportTraceServiceRequest {
    let good = Span { name: "good neighbour ü".into(), ..Default::default() };
    let scope_spans = ScopeSpans { spans: vec![good.clone(), span, good], ..Default::default() };
    let resource_spans = ResourceSpans { scope_spans: vec![scope_spans], ..Default::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

fn with_bad_bytes<I: Repairable>(request: &I) -> Vec<u8> {
    let mut bytes = request.encode_to_vec();
    for at in 0..=bytes.len() - MARK.len() {
        if bytes[at..].starts_with(MARK.as_bytes()) {
            bytes[at..at + BAD.len()].copy_from_slice(BAD);
        }
    }
    assert!(I::decode(bytes.as_slice()).is_err());
    bytes
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

#[test]
fn bad_texts_are_mended_wherever_they_are_and_nothing_else_changes() {
    let span = |text: &str| {
        let nested = KeyValueList { values: vec![pair(text, Value::StringValue(text.to_owned()))] };
        let array = ArrayValue { values: vec![AnyValue { value: Some(Value::KvlistValue(nested)) }] };
        Span {
            trace_id: vec![0xff; 16],
            name: text.to_owned(),
            start_time_unix_nano: u64::MAX,
            attributes: vec![
                pair("array", Value::ArrayValue(array)),
                pair("bytes stay as they are", Value::BytesValue(BAD.to_vec())),
                pair("number", Value::DoubleValue(-0.0)),
            ],
            dropped_events_count: u32::MAX,
            flags: 257,
            ..Default::default()
        }
    };
    let repaired: ExportTraceServiceRequest = decode(&with_bad_bytes(&request(span(MARK)))).unwrap();
    assert_eq!(repaired, request(span(MENDED)));
}

#[test]
fn bad_texts_of_a_v1_span_are_mended_wherever_they_are_and_nothing_else_changes() {
    let request = |text: &str| {
        let text = || text.to_owned();
        let tag =
            api_v2::KeyValue { key: text(), v_str: text(), v_binary: BAD.to_vec(), ..Default::default() };
        let number = api_v2::KeyValue { v_float64: Some(-0.0), v_int64: i64::MIN, ..tag.clone() };
        let timestamp = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 });
        let span = api_v2::Span {
            trace_id: vec![0xff; 16],
            span_id: vec![0xfe; 8],
            operation_name: text(),
            references: vec![api_v2::SpanRef {
                trace_id: vec![0xfd; 16],
                span_id: vec![0xfc; 8],
                ref_type: 1,
            }],
            flags: u32::MAX,
            start_time: timestamp,
            duration: Some(prost_types::Duration { seconds: -1, nanos: -1 }),
            tags: vec![tag.clone(), number.clone()],
            logs: vec![api_v2::Log { timestamp, fields: vec![number, tag.clone()] }],
            process: Some(api_v2::Process { service_name: text(), tags: vec![tag] }),
            process_id: text(),
            warnings: vec![text(), "fine".to_owned(), text()],
        };
        WriteSpanRequest { span: Some(span) }
    };
    let repaired: WriteSpanRequest = decode(&with_bad_bytes(&request(MARK))).unwrap();
    assert_eq!(repaired, request(MENDED));
}

#[test]
fn unknown_fields_of_any_wire_type_do_not_hinder_the_repair() {
    let mut bytes = with_bad_bytes(&request(Span { name: MARK.to_owned(), ..Default::default() }));
    // Fields 100 to 103: varint, 64-bit, 32-bit, and a group with a field inside.
    bytes.extend([
        0xa0, 6, 0x80, 1, 0xa9, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xb5, 6, 1, 2, 3, 4, 0xbb, 6, 8, 1, 0xbc, 6,
    ]);
    let repaired: ExportTraceServiceRequest = decode(&bytes).unwrap();
    assert_eq!(repaired, request(Span { name: MENDED.to_owned(), ..Default::default() }));
}

#[test]
fn garbage_is_an_invalid_argument() {
    let mut truncated = with_bad_bytes(&request(Span { name: MARK.to_owned(), ..Default::default() }));
    truncated.pop();
    for garbage in [
        b"garbage".to_vec(),
        vec![0xff; 32],
        vec![0x0a, 5],
        vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xf],
        truncated,
    ] {
        assert_eq!(
            decode::<ExportTraceServiceRequest>(&garbage).unwrap_err().code(),
            tonic::Code::InvalidArgument,
            "{garbage:?}"
        );
    }
}

#[test]
fn a_value_nested_without_end_is_an_invalid_argument() {
    let mut value = AnyValue { value: Some(Value::StringValue(MARK.to_owned())) };
    for _ in 0..200 {
        value = AnyValue { value: Some(Value::ArrayValue(ArrayValue { values: vec![value] })) };
    }
    let attributes = vec![KeyValue { key: "k".into(), value: Some(value) }];
    let bytes = request(Span { attributes, ..Default::default() }).encode_to_vec();
    assert_eq!(decode::<ExportTraceServiceRequest>(&bytes).unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[test]
fn a_message_weighs_what_its_parts_take_in_memory() {
    let weigh = |request: &ExportTraceServiceRequest| {
        ExportTraceServiceRequest::decoded_bytes(&request.encode_to_vec())
    };
    let of_spans = |spans: Vec<Span>| {
        let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }],
        }
    };
    let base = weigh(&of_spans(Vec::new()));
    assert_eq!(weigh(&of_spans(vec![Span::default(); 1000])) - base, 1000 * size_of::<Span>());
    let attributes = vec![pair("key", Value::StringValue("text".to_owned())); 10];
    let full = Span { trace_id: vec![1; 16], attributes, ..Default::default() };
    // An attribute holds its value in itself, which weighing counts again.
    let held = 16 + 10 * (size_of::<KeyValue>() + 3 + size_of::<AnyValue>() + 4);
    assert_eq!(weigh(&of_spans(vec![full])) - base, size_of::<Span>() + held);
}

#[test]
fn what_is_no_message_weighs_no_more_than_its_readable_part() {
    let weigh = ExportTraceServiceRequest::decoded_bytes;
    let base = weigh(&[]);
    assert_eq!(weigh(&[0x0a, 0]), base + size_of::<ResourceSpans>());
    assert_eq!(weigh(&[0x0a, 0, 0x0a, 5]), base + size_of::<ResourceSpans>());
    assert_eq!(weigh(&[0xff; 32]), base);
}
