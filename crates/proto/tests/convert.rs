//! Conversion between messages and core spans, through the public API: what is refused, what is repaired, what is
//! kept as it came.

use std::sync::Arc;

use jaeger_dynamodb_core::translate::ToOtlp;
use jaeger_dynamodb_core::v1::SpanRefType;
use jaeger_dynamodb_core::{AttributeValue, Span, SpanKind, StatusCode, UnixNanos, otlp};
use jaeger_dynamodb_proto::convert::{InvalidSpan, YEAR_ONE, resource_spans, spans_from_otlp, spans_from_v1};
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{
    AnyValue, ArrayValue, KeyValue, any_value::Value,
};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1 as trace;
use prost::Message;
use prost_types::{Duration, Timestamp};

fn valid() -> trace::Span {
    trace::Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Default::default() }
}

fn message(spans: Vec<trace::Span>) -> trace::ResourceSpans {
    let scope_spans = vec![trace::ScopeSpans { spans, ..Default::default() }];
    trace::ResourceSpans { scope_spans, ..Default::default() }
}

fn otlp(spans: Vec<Span>) -> Vec<otlp::Span> {
    let mut unchanged = ToOtlp::default();
    spans.into_iter().map(|span| unchanged.span(span)).collect()
}

fn link(trace_id: Vec<u8>, span_id: Vec<u8>) -> trace::span::Link {
    trace::span::Link { trace_id, span_id, ..Default::default() }
}

fn string(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) })
}

#[test]
fn a_span_with_a_bad_id_is_rejected_and_its_neighbours_are_kept() {
    let bad = [
        (trace::Span { trace_id: vec![0; 16], ..valid() }, InvalidSpan::TraceId),
        (trace::Span { trace_id: vec![1; 8], ..valid() }, InvalidSpan::TraceId),
        (trace::Span { trace_id: vec![], ..valid() }, InvalidSpan::TraceId),
        (trace::Span { span_id: vec![1; 7], ..valid() }, InvalidSpan::SpanId),
        (trace::Span { parent_span_id: vec![1; 16], ..valid() }, InvalidSpan::ParentSpanId),
        (trace::Span { links: vec![link(vec![1; 15], vec![])], ..valid() }, InvalidSpan::LinkId),
        (trace::Span { links: vec![link(vec![1; 16], vec![1])], ..valid() }, InvalidSpan::LinkId),
    ];
    for (span, reason) in bad {
        let converted = spans_from_otlp(vec![message(vec![valid(), span, valid()])]);
        assert_eq!((converted.spans.len(), converted.rejected), (2, vec![reason]));
    }
}

#[test]
fn zero_and_missing_ids_of_others_are_none_and_an_own_zero_span_id_is_kept() {
    let span = trace::Span {
        span_id: vec![],
        parent_span_id: vec![0; 8],
        links: vec![link(vec![], vec![]), link(vec![0; 16], vec![3; 8])],
        ..valid()
    };
    let converted = spans_from_otlp(vec![message(vec![span])]);
    let [Span::Otlp(span)] = converted.spans.as_slice() else { panic!("{converted:?}") };
    assert!(span.span_id.is_zero());
    assert_eq!(span.parent_span_id, None);
    assert!(span.links.iter().all(|link| link.trace_id.is_none()));
}

#[test]
fn numbers_of_unknown_enums_survive() {
    let status = Some(trace::Status { code: 77, message: String::new() });
    let sent = message(vec![trace::Span { kind: -5, status, flags: u32::MAX, ..valid() }]);
    let spans = spans_from_otlp(vec![sent.clone()]).spans;
    assert_eq!(spans[0].kind(), SpanKind::Unrecognized(-5));
    assert_eq!(spans[0].status(), StatusCode::Unrecognized(77));
    assert_eq!(resource_spans(&otlp(spans))[0].scope_spans[0].spans, sent.scope_spans[0].spans);
}

#[test]
fn every_kind_of_value_survives_in_order_with_duplicates() {
    let nested = ArrayValue { values: vec![AnyValue::default(), string("x").unwrap()] };
    let values = [
        Value::StringValue("1".into()),
        Value::BoolValue(false),
        Value::IntValue(i64::MIN),
        Value::DoubleValue(-0.0),
        Value::DoubleValue(f64::NAN),
        Value::BytesValue(vec![0xff, 0]),
        Value::ArrayValue(nested),
    ];
    let mut attributes: Vec<_> = values
        .into_iter()
        .map(|value| KeyValue { key: "same".into(), value: Some(AnyValue { value: Some(value) }) })
        .collect();
    attributes.push(KeyValue { key: String::new(), value: Some(AnyValue { value: None }) });
    let sent = trace::Span { attributes, ..valid() };
    let spans = spans_from_otlp(vec![message(vec![sent.clone()])]).spans;
    let back = &resource_spans(&otlp(spans))[0].scope_spans[0].spans[0];
    // By bytes, because NaN differs from itself.
    assert_eq!(back.encode_to_vec(), sent.encode_to_vec());
}

#[test]
fn a_key_without_value_has_the_empty_value() {
    let attributes = vec![KeyValue { key: "k".into(), value: None }];
    let spans = spans_from_otlp(vec![message(vec![trace::Span { attributes, ..valid() }])]).spans;
    let Span::Otlp(span) = &spans[0] else { panic!() };
    assert_eq!(span.attributes.get("k"), Some(&AttributeValue::Empty));
}

#[test]
fn spans_of_one_message_share_resource_and_scope_and_neighbours_are_grouped_again() {
    let with_schema =
        |url: &str| trace::ResourceSpans { schema_url: url.into(), ..message(vec![valid(), valid()]) };
    let spans =
        spans_from_otlp(vec![with_schema("a"), with_schema("a"), with_schema("b"), with_schema("a")]).spans;
    let (Span::Otlp(first), Span::Otlp(second)) = (&spans[0], &spans[1]) else { panic!() };
    assert!(Arc::ptr_eq(&first.resource, &second.resource) && Arc::ptr_eq(&first.scope, &second.scope));
    let groups: Vec<_> = resource_spans(&otlp(spans))
        .iter()
        .map(|group| (group.schema_url.clone(), group.scope_spans[0].spans.len()))
        .collect();
    assert_eq!(groups, [("a".to_owned(), 4), ("b".to_owned(), 2), ("a".to_owned(), 2)]);
}

fn valid_v1() -> api_v2::Span {
    api_v2::Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Default::default() }
}

#[test]
fn an_8_byte_trace_id_is_the_low_half() {
    let span = api_v2::Span { trace_id: vec![0, 0, 0, 0, 0, 0, 1, 2], ..valid_v1() };
    let spans = spans_from_v1(vec![span]).spans;
    assert_eq!(spans[0].trace_id().to_string(), format!("{}0102", "0".repeat(28)));
}

#[test]
fn a_v1_span_with_bad_ids_or_an_unknown_tag_type_is_rejected() {
    let reference = |trace_id| api_v2::SpanRef { trace_id, ..Default::default() };
    let tag = api_v2::KeyValue { v_type: 9, ..Default::default() };
    let bad = [
        (api_v2::Span { trace_id: vec![0; 8], ..valid_v1() }, InvalidSpan::TraceId),
        (api_v2::Span { span_id: vec![1; 16], ..valid_v1() }, InvalidSpan::SpanId),
        (api_v2::Span { references: vec![reference(vec![1; 3])], ..valid_v1() }, InvalidSpan::ReferenceId),
        (api_v2::Span { tags: vec![tag], ..valid_v1() }, InvalidSpan::TagType),
    ];
    for (span, reason) in bad {
        let converted = spans_from_v1(vec![valid_v1(), span]);
        assert_eq!((converted.spans.len(), converted.rejected), (1, vec![reason]));
    }
}

#[test]
fn unset_and_unrepresentable_v1_times_become_the_nearest_that_go_can_read() {
    let absent = spans_from_v1(vec![valid_v1()]).spans;
    assert_eq!((absent[0].start(), absent[0].duration_nanos()), (YEAR_ONE, 0));
    let huge = api_v2::Span {
        start_time: Some(Timestamp { seconds: i64::MAX, nanos: i32::MAX }),
        duration: Some(Duration { seconds: i64::MIN, nanos: i32::MIN }),
        ..valid_v1()
    };
    let huge = spans_from_v1(vec![huge]).spans;
    assert_eq!(huge[0].start(), UnixNanos(253_402_300_799_999_999_999));
    assert_eq!(huge[0].duration_nanos(), i128::from(i64::MIN));
}

#[test]
fn every_field_of_a_v1_span_survives() {
    let tag = |v_type: api_v2::ValueType| api_v2::KeyValue {
        key: "k".into(),
        v_type: v_type.into(),
        ..Default::default()
    };
    let tags = vec![
        tag(api_v2::ValueType::String),
        api_v2::KeyValue { v_bool: true, ..tag(api_v2::ValueType::Bool) },
        api_v2::KeyValue { v_int64: i64::MAX, ..tag(api_v2::ValueType::Int64) },
        api_v2::KeyValue { v_float64: Some(f64::NAN), ..tag(api_v2::ValueType::Float64) },
        api_v2::KeyValue { v_float64: Some(-0.0), ..tag(api_v2::ValueType::Float64) },
        api_v2::KeyValue { v_binary: vec![0, 1], ..tag(api_v2::ValueType::Binary) },
    ];
    let reference = |trace_id, ref_type| api_v2::SpanRef { trace_id, span_id: vec![4; 8], ref_type };
    let start_time = Some(Timestamp { seconds: -62_135_596_800, nanos: 7 });
    let sent = api_v2::Span {
        operation_name: "op".into(),
        references: vec![reference(vec![1; 16], 0), reference(vec![0; 16], 1), reference(vec![3; 16], 42)],
        flags: u32::MAX,
        start_time,
        duration: Some(Duration { seconds: -1, nanos: -5 }),
        logs: vec![api_v2::Log { timestamp: start_time, fields: tags.clone() }],
        process: Some(api_v2::Process { service_name: "s".into(), tags: tags.clone() }),
        tags,
        process_id: "p1".into(),
        warnings: vec!["w".into(), String::new()],
        ..valid_v1()
    };
    let spans = spans_from_v1(vec![sent.clone()]).spans;
    let Span::V1(span) = &spans[0] else { panic!() };
    assert_eq!(span.references[1].trace_id, None);
    assert_eq!(span.references[2].ref_type, SpanRefType::Unrecognized(42));
    // By bytes, because NaN differs from itself.
    assert_eq!(api_v2::Span::from(span).encode_to_vec(), sent.encode_to_vec());
}

#[test]
fn neighbours_with_an_equal_process_share_it() {
    let process = |name: &str| Some(api_v2::Process { service_name: name.into(), tags: Vec::new() });
    let sent = ["a", "a", "b"].map(|name| api_v2::Span { process: process(name), ..valid_v1() });
    let spans = spans_from_v1(sent.into()).spans;
    let processes: Vec<_> = spans
        .iter()
        .map(|span| match span {
            Span::V1(span) => span.process.clone().unwrap(),
            Span::Otlp(_) => panic!(),
        })
        .collect();
    assert!(Arc::ptr_eq(&processes[0], &processes[1]) && !Arc::ptr_eq(&processes[1], &processes[2]));
}
