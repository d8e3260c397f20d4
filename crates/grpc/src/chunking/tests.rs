use std::sync::Arc;

use jaeger_dynamodb_core::{AttributeValue, Attributes, SpanId, SpanKind, TraceId, otlp};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;

use super::*;

const LIMIT: usize = 64 * 1024;

fn span(number: u64) -> otlp::Span {
    let trace_id = TraceId::new([1; 16]).unwrap();
    otlp::Span {
        kind: SpanKind::Server,
        start_time_unix_nano: number,
        end_time_unix_nano: number,
        ..otlp::Span::new(Arc::default(), trace_id, SpanId::new(number.to_be_bytes()), "operation")
    }
}

fn split(spans: Vec<otlp::Span>) -> Vec<trace::TracesData> {
    let chunk = TraceChunk::new(spans.into_iter().map(Span::Otlp).collect()).unwrap();
    messages(chunk, LIMIT).collect()
}

fn spans_of(messages: Vec<trace::TracesData>) -> Vec<otlp::Span> {
    let spans = messages.into_iter().flat_map(|message| spans_from_otlp(message.resource_spans).spans);
    spans.map(|span| ToOtlp::default().span(span)).collect()
}

fn assert_sizes(messages: &[trace::TracesData]) {
    for message in messages {
        let size = message.encoded_len();
        assert!(size <= LIMIT && size > 0, "{size}");
        let spans = message.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len());
        assert!(spans.min().unwrap() > 0);
    }
}

fn warnings(span: &otlp::Span) -> usize {
    match span.attributes.get("@jaeger@warnings") {
        Some(AttributeValue::Array(warnings)) => warnings.len(),
        None => 0,
        Some(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_large_trace_is_split_in_order_and_loses_nothing() {
    let resources: Vec<_> = (0..3)
        .map(|i| {
            Arc::new(otlp::Resource { attributes: Attributes::from([("host", i)]), ..Default::default() })
        })
        .collect();
    let spans: Vec<_> = (0..5000)
        .map(|i| otlp::Span { resource: Arc::clone(&resources[i / 7 % 3]), ..span(i as u64) })
        .collect();
    let messages = split(spans.clone());
    assert_sizes(&messages);
    assert!(messages.len() > 3);
    // Filled well, although sizes are upper bounds.
    assert!(messages[..messages.len() - 1].iter().all(|message| message.encoded_len() > LIMIT / 2));
    assert_eq!(spans_of(messages), spans);
}

#[test]
fn a_span_that_fits_exactly_is_not_touched() {
    let with_name = |length| vec![otlp::Span { name: "n".repeat(length), ..span(1) }];
    let messages = split(with_name(LIMIT - 200));
    assert_eq!(spans_of(messages), with_name(LIMIT - 200));
}

#[test]
fn the_longest_values_of_a_huge_span_are_cut_and_it_says_so() {
    let huge = otlp::Span {
        attributes: Attributes(vec![
            jaeger_dynamodb_core::Attribute::new("short", "kept"),
            jaeger_dynamodb_core::Attribute::new("text", "ü".repeat(LIMIT)),
            jaeger_dynamodb_core::Attribute::new("bytes", AttributeValue::Bytes(vec![7; LIMIT])),
            jaeger_dynamodb_core::Attribute::new(
                "@jaeger@warnings",
                AttributeValue::Array(vec!["earlier".into()]),
            ),
        ]),
        ..span(2)
    };
    let messages = split(vec![span(1), huge, span(3)]);
    assert_sizes(&messages);
    let spans = spans_of(messages);
    assert_eq!(spans.len(), 3);
    assert_eq!((&spans[0], &spans[2]), (&span(1), &span(3)));
    assert_eq!(spans[1].attributes.get("short"), Some(&"kept".into()));
    let Some(AttributeValue::String(text)) = spans[1].attributes.get("text") else { panic!() };
    assert!(text.len() > LIMIT / 3 && text.chars().all(|c| c == 'ü'));
    let Some(AttributeValue::Bytes(bytes)) = spans[1].attributes.get("bytes") else { panic!() };
    assert!(bytes.len().abs_diff(text.len()) <= 1);
    assert_eq!(warnings(&spans[1]), 2);
}

#[test]
fn long_names_events_links_and_nested_values_are_cut_too() {
    let long = || "x".repeat(LIMIT);
    let attributes = || Attributes::from([(long(), long())]);
    let nested =
        AttributeValue::Array(vec![AttributeValue::Map(attributes()), AttributeValue::Bytes(vec![0; LIMIT])]);
    let event = otlp::Event { name: long(), attributes: attributes(), ..Default::default() };
    let link = otlp::Link {
        trace_id: None,
        span_id: SpanId::default(),
        trace_state: long(),
        attributes: attributes(),
        dropped_attributes_count: 0,
        flags: 0,
    };
    let huge = otlp::Span {
        name: long(),
        trace_state: long(),
        attributes: Attributes::from([("nested", nested), ("warnings", "x".into())]),
        events: vec![event.clone(), event],
        links: vec![link],
        status: otlp::Status { message: long(), ..Default::default() },
        ..span(1)
    };
    let messages = split(vec![huge]);
    assert_sizes(&messages);
    let spans = spans_of(messages);
    assert!(spans[0].name.len() > 1000 && spans[0].status.message.len() > 1000);
    assert_eq!(warnings(&spans[0]), 1);
}

#[test]
fn a_span_of_very_many_tiny_things_keeps_the_first_of_them() {
    let numbers = AttributeValue::Array((0..1_000_000_i64).map(AttributeValue::from).collect());
    let huge = otlp::Span {
        attributes: Attributes::from([("numbers", numbers)]),
        events: vec![otlp::Event::default(); 200_000],
        ..span(1)
    };
    let messages = split(vec![huge]);
    assert_sizes(&messages);
    let spans = spans_of(messages);
    assert!(spans[0].events.len() > 1000);
    assert_eq!(warnings(&spans[0]), 1);
}

#[test]
fn a_huge_resource_is_cut_once_and_every_span_below_says_so() {
    let resource = Arc::new(otlp::Resource {
        attributes: Attributes::from([("service.name", "shop".to_owned()), ("env", "e".repeat(10 * LIMIT))]),
        ..Default::default()
    });
    let scope = Arc::new(otlp::Scope { name: "s".repeat(3 * LIMIT), ..Default::default() });
    let spans = (0..100)
        .map(|i| otlp::Span { resource: Arc::clone(&resource), scope: Arc::clone(&scope), ..span(i) })
        .collect();
    let messages = split(spans);
    assert_sizes(&messages);
    assert_eq!(messages.len(), 1);
    let spans = spans_of(messages);
    assert_eq!(spans.len(), 100);
    assert!(spans.iter().all(|span| warnings(span) == 1 && span.resource.service_name() == "shop"));
}

#[test]
fn a_warning_that_is_not_a_list_becomes_the_first_of_one() {
    let mut message = trace::Span::from(otlp::Span {
        attributes: Attributes::from([("@jaeger@warnings", "only one"), ("k", "v")]),
        ..span(1)
    });
    cut::cut_span(&mut message, LIMIT, true);
    let Some(Value::ArrayValue(array)) = message.attributes[0].value.clone().unwrap().value else { panic!() };
    assert_eq!(array.values[0].value, Some(Value::StringValue("only one".into())));
    assert_eq!((array.values.len(), message.attributes.len()), (2, 2));
}

#[test]
fn a_span_of_v1_comes_as_otlp() {
    use jaeger_dynamodb_proto::{convert::spans_from_v1, jaeger::api_v2};
    let process = Some(api_v2::Process { service_name: "shop".into(), tags: Vec::new() });
    let v1 = |number| api_v2::Span {
        trace_id: vec![1; 16],
        span_id: vec![number; 8],
        operation_name: "GET".into(),
        process: process.clone(),
        ..Default::default()
    };
    let chunk = TraceChunk::new(spans_from_v1(vec![v1(1), v1(2)]).spans).unwrap();
    let messages: Vec<_> = messages(chunk, LIMIT).collect();
    assert_eq!((messages.len(), messages[0].resource_spans.len()), (1, 1), "neighbours share their resource");
    let spans = spans_of(messages);
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| span.name == "GET" && span.resource.service_name() == "shop"));
}
