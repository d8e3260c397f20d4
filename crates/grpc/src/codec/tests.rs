use std::collections::BTreeMap;

use jaeger_dynamodb_proto::FILE_DESCRIPTOR_SET;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};

use super::schema::{EXPORT_REQUEST, Field, Schema};
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
    let numbers: Vec<_> = schema.0.iter().map(|(number, _)| i32::try_from(*number).unwrap()).collect();
    assert_eq!(numbers, fields.iter().map(|field| field.number()).collect::<Vec<_>>(), "{name}");
    for ((_, kind), field) in schema.0.iter().zip(fields) {
        match kind {
            Field::Text => assert_eq!(field.r#type(), Type::String, "{name}.{}", field.name()),
            Field::Message(schema) => assert_same(schema, field.type_name(), all, seen),
        }
    }
}

#[test]
fn the_table_names_every_text_and_message_of_an_export_request() {
    let mut all = BTreeMap::new();
    for file in FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file {
        collect(&format!(".{}", file.package()), file.message_type, &mut all);
    }
    let mut seen = Vec::new();
    let request = ".opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest";
    assert_same(&EXPORT_REQUEST, request, &all, &mut seen);
    assert_eq!(seen.len(), 14, "{seen:?}");
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

fn with_bad_bytes(request: &ExportTraceServiceRequest) -> Vec<u8> {
    let mut bytes = request.encode_to_vec();
    for at in 0..bytes.len() - MARK.len() {
        if bytes[at..].starts_with(MARK.as_bytes()) {
            bytes[at..at + BAD.len()].copy_from_slice(BAD);
        }
    }
    assert!(ExportTraceServiceRequest::decode(bytes.as_slice()).is_err());
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
    assert_eq!(decode(&with_bad_bytes(&request(span(MARK)))).unwrap(), request(span(MENDED)));
}

#[test]
fn unknown_fields_of_any_wire_type_do_not_hinder_the_repair() {
    let mut bytes = with_bad_bytes(&request(Span { name: MARK.to_owned(), ..Default::default() }));
    // Fields 100 to 103: varint, 64-bit, 32-bit, and a group with a field inside.
    bytes.extend([
        0xa0, 6, 0x80, 1, 0xa9, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xb5, 6, 1, 2, 3, 4, 0xbb, 6, 8, 1, 0xbc, 6,
    ]);
    let repaired = decode(&bytes).unwrap();
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
        assert_eq!(decode(&garbage).unwrap_err().code(), tonic::Code::InvalidArgument, "{garbage:?}");
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
    assert_eq!(decode(&bytes).unwrap_err().code(), tonic::Code::InvalidArgument);
}
