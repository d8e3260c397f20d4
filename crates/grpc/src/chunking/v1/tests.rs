use std::sync::Arc;

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, SpanId, TraceId, UnixNanos, otlp, v1};
use jaeger_dynamodb_proto::convert::spans_from_v1;

use super::*;

const LIMIT: usize = 64 * 1024;

fn span(number: u64) -> v1::Span {
    v1::Span {
        trace_id: TraceId::new([1; 16]).unwrap(),
        span_id: SpanId::new(number.to_be_bytes()),
        operation_name: "operation".to_owned(),
        references: Vec::new(),
        flags: 1,
        start_time: UnixNanos(7),
        duration_nanos: 1,
        tags: Attributes::default(),
        logs: Vec::new(),
        process: Some(Arc::default()),
        process_id: String::new(),
        warnings: Vec::new(),
    }
}

fn split(spans: Vec<v1::Span>) -> Vec<SpansResponseChunk> {
    messages(TraceChunk::new(spans.into_iter().map(Span::V1).collect()).unwrap(), LIMIT).collect()
}

fn spans_of(messages: Vec<SpansResponseChunk>) -> Vec<v1::Span> {
    let spans = spans_from_v1(messages.into_iter().flat_map(|message| message.spans).collect()).spans;
    spans.into_iter().map(|span| ToV1::default().span(span)).collect()
}

fn assert_sizes(messages: &[SpansResponseChunk]) {
    for message in messages {
        assert!(message.encoded_len() <= LIMIT && !message.spans.is_empty(), "{}", message.encoded_len());
    }
}

#[test]
fn a_large_trace_is_split_in_order_by_bytes_and_loses_nothing() {
    let spans: Vec<_> = (0..2000)
        .map(|number| v1::Span { tags: Attributes::from([("filler", "f".repeat(100))]), ..span(number) })
        .collect();
    let messages = split(spans.clone());
    assert_sizes(&messages);
    assert!(messages.len() > 4);
    // Filled well, although sizes are upper bounds.
    assert!(messages[..messages.len() - 1].iter().all(|message| message.encoded_len() > LIMIT / 10 * 9));
    assert_eq!(spans_of(messages), spans);
}

#[test]
fn a_message_has_a_thousand_spans_at_most() {
    let spans = (0..2001).map(|number| Span::V1(span(number))).collect();
    let messages = messages(TraceChunk::new(spans).unwrap(), usize::MAX);
    assert_eq!(messages.map(|message| message.spans.len()).collect::<Vec<_>>(), [1000, 1000, 1]);
}

#[test]
fn a_span_that_fits_exactly_is_not_touched() {
    let with_name = |length| vec![v1::Span { operation_name: "n".repeat(length), ..span(1) }];
    let messages = split(with_name(LIMIT - 100));
    assert_eq!(spans_of(messages), with_name(LIMIT - 100));
}

#[test]
fn the_longest_values_of_a_huge_span_are_cut_and_its_warnings_say_so() {
    let tags = || {
        Attributes(vec![
            Attribute::new("short", "kept"),
            Attribute::new("text", "ü".repeat(LIMIT)),
            Attribute::new("bytes", AttributeValue::Bytes(vec![7; LIMIT])),
        ])
    };
    let long = || "x".repeat(LIMIT);
    let huge = v1::Span {
        operation_name: long(),
        references: vec![
            v1::SpanRef {
                trace_id: None,
                span_id: SpanId::default(),
                ref_type: v1::SpanRefType::ChildOf
            };
            3
        ],
        tags: tags(),
        logs: vec![v1::Log { timestamp: UnixNanos(1), fields: tags() }],
        process: Some(Arc::new(v1::Process { service_name: long(), tags: tags() })),
        process_id: long(),
        warnings: vec!["earlier".to_owned(), long()],
        ..span(2)
    };
    let messages = split(vec![span(1), huge, span(3)]);
    assert_sizes(&messages);
    let spans = spans_of(messages);
    assert_eq!((&spans[0], &spans[2]), (&span(1), &span(3)));
    let cut = &spans[1];
    assert_eq!(cut.tags.get("short"), Some(&"kept".into()));
    let Some(AttributeValue::String(text)) = cut.tags.get("text") else { panic!() };
    assert!(text.len() > LIMIT / 12 && text.chars().all(|c| c == 'ü'));
    assert_eq!(cut.references.len(), 3);
    assert_eq!((cut.warnings.len(), cut.warnings[0].as_str()), (3, "earlier"));
    assert!(cut.warnings[2].contains("were cut by the storage backend"));
}

#[test]
fn a_span_of_very_many_tiny_things_keeps_the_first_of_them() {
    let huge = v1::Span {
        tags: (0..200_000_i64).map(|number| Attribute::new("k", number)).collect(),
        logs: vec![v1::Log::default(); 100_000],
        ..span(1)
    };
    let messages = split(vec![huge]);
    assert_sizes(&messages);
    let spans = spans_of(messages);
    assert!(spans[0].tags.0.len() > 500 && spans[0].logs.len() > 500);
    assert_eq!(spans[0].warnings.len(), 1);
}

#[test]
fn a_span_without_process_gets_an_empty_one_because_jaeger_takes_it_for_granted() {
    let messages = split(vec![v1::Span { process: None, ..span(1) }]);
    assert_eq!(messages[0].spans[0].process, Some(api_v2::Process::default()));
}

#[test]
fn a_span_of_otlp_comes_in_the_first_model() {
    let resource = Arc::new(otlp::Resource::of_service("shop"));
    let otlp = otlp::Span::new(resource, TraceId::new([1; 16]).unwrap(), SpanId::new([2; 8]), "GET");
    let chunk = TraceChunk::new(vec![Span::Otlp(otlp), Span::V1(span(1))]).unwrap();
    let spans = messages(chunk, LIMIT).next().unwrap().spans;
    assert_eq!((spans[0].operation_name.as_str(), spans[1].operation_name.as_str()), ("GET", "operation"));
    assert_eq!(spans[0].process.as_ref().unwrap().service_name, "shop");
}
