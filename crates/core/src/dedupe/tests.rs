use std::sync::Arc;

use super::*;
use crate::{Attribute, Attributes, SpanId, SpanKind, otlp, samples, v1};

fn span() -> otlp::Span {
    otlp::Span {
        attributes: Attributes::from([("a", 1.0)]),
        events: vec![otlp::Event::default()],
        ..samples::otlp()
    }
}

fn distinct(spans: impl IntoIterator<Item = otlp::Span>) -> usize {
    let mut deduplicator = SpanDeduplicator::default();
    spans.into_iter().filter(|span| deduplicator.is_new(&Span::Otlp(span.clone()))).count()
}

#[test]
fn equal_content_counts_once_even_if_it_is_not_shared() {
    let resource = Arc::new(otlp::Resource { schema_url: "s".to_owned(), ..otlp::Resource::default() });
    let copy = Arc::new(otlp::Resource::clone(&resource));
    assert_eq!(distinct([otlp::Span { resource, ..span() }, otlp::Span { resource: copy, ..span() }]), 1);
    assert_eq!(distinct([span(), span(), span()]), 1);
}

#[test]
fn not_a_number_equals_itself_and_minus_zero_is_not_zero() {
    let of = |value: f64| otlp::Span { attributes: Attributes::from([("a", value)]), ..span() };
    assert_eq!(distinct([of(f64::NAN), of(f64::NAN)]), 1);
    assert_eq!(distinct([of(0.0), of(-0.0)]), 2);
    assert_eq!(distinct([of(f64::NAN), of(f64::from_bits(f64::NAN.to_bits() | 1))]), 2);
}

#[test]
fn every_part_of_a_span_tells_it_from_another_with_its_id() {
    let resource = otlp::Resource { dropped_attributes_count: 1, ..otlp::Resource::default() };
    let scope = otlp::Scope { version: "1".to_owned(), ..otlp::Scope::default() };
    let event = otlp::Event { dropped_attributes_count: 1, ..otlp::Event::default() };
    let spans = [
        span(),
        otlp::Span { resource: Arc::new(resource), ..span() },
        otlp::Span { scope: Arc::new(scope), ..span() },
        otlp::Span { parent_span_id: Some(SpanId::new([2; 8])), ..span() },
        otlp::Span { trace_state: "a=b".to_owned(), ..span() },
        otlp::Span { flags: 1, ..span() },
        otlp::Span { name: "op".to_owned(), ..span() },
        otlp::Span { kind: SpanKind::Client, ..span() },
        otlp::Span { kind: SpanKind::Unrecognized(9), ..span() },
        otlp::Span { start_time_unix_nano: 11, ..span() },
        otlp::Span { end_time_unix_nano: 21, ..span() },
        otlp::Span { attributes: Attributes::from([("a", 1_i64)]), ..span() },
        otlp::Span { attributes: Attributes::from([("a", 1.0), ("a", 1.0)]), ..span() },
        otlp::Span { dropped_attributes_count: 1, ..span() },
        otlp::Span { events: Vec::new(), ..span() },
        otlp::Span { events: vec![event], ..span() },
        otlp::Span { dropped_events_count: 1, ..span() },
        otlp::Span { links: vec![samples::link()], ..span() },
        otlp::Span { dropped_links_count: 1, ..span() },
        otlp::Span { status: otlp::Status { message: "m".to_owned(), ..otlp::Status::default() }, ..span() },
    ];
    let count = spans.len();
    assert_eq!(distinct(spans), count);
}

#[test]
fn the_order_of_attributes_is_content() {
    let of = |keys: [&str; 2]| otlp::Span {
        attributes: keys.into_iter().map(|key| Attribute::new(key, true)).collect(),
        ..span()
    };
    assert_eq!(distinct([of(["a", "b"]), of(["b", "a"])]), 2);
}

#[test]
fn a_v1_span_is_not_an_otlp_span() {
    let v1 = samples::v1();
    let with_process = v1::Span { process: Some(Arc::default()), ..v1.clone() };
    let mut deduplicator = SpanDeduplicator::default();
    let news = [Span::V1(v1.clone()), Span::V1(with_process), Span::Otlp(span()), Span::V1(v1)]
        .map(|span| deduplicator.is_new(&span));
    assert_eq!(news, [true, true, true, false]);
}
