use super::*;
use crate::span::v1::SpanRefType;
use crate::{SpanKind, StatusCode, TraceId};

fn translated(span: otlp::Span) -> v1::Span {
    ToV1::default().span(Span::Otlp(span))
}

fn process_of<const N: usize>(pairs: [(&str, AttributeValue); N]) -> (String, Attributes) {
    let resource = otlp::Resource { attributes: attributes(pairs), ..otlp::Resource::default() };
    let process = translated(otlp::Span { resource: resource.into(), ..samples::otlp() }).process.unwrap();
    (process.service_name.clone(), process.tags.clone())
}

fn with_status(code: StatusCode, message: &str) -> Attributes {
    let status = otlp::Status { code, message: message.to_owned() };
    translated(otlp::Span { status, ..samples::otlp() }).tags
}

fn with_links<const N: usize>(
    parent: Option<u8>,
    links: [(TraceId, u8, Option<&str>); N],
) -> Vec<(Option<TraceId>, SpanId, SpanRefType)> {
    let link = |(trace, span, word): (TraceId, u8, Option<&str>)| otlp::Link {
        trace_id: Some(trace),
        span_id: id(span),
        attributes: word.map(|word| Attribute::new("opentracing.ref_type", word)).into_iter().collect(),
        ..samples::link()
    };
    let links = links.map(link).into();
    let span = otlp::Span { parent_span_id: parent.map(id), links, ..samples::otlp() };
    let parts = |one: v1::SpanRef| (one.trace_id, one.span_id, one.ref_type);
    translated(span).references.into_iter().map(parts).collect()
}

fn id(number: u8) -> SpanId {
    SpanId::new([number; 8])
}

fn own() -> TraceId {
    samples::trace_id(1)
}

#[test]
fn a_resource_becomes_a_process_named_by_service_name() {
    let (name, tags) = process_of([("b", 1.into()), ("service.name", "web".into()), ("a", 2.into())]);
    assert_eq!((name.as_str(), tags), ("web", attributes([("b", 1.into()), ("a", 2.into())])));
}

#[test]
fn a_service_name_that_is_no_text_is_lost() {
    assert_eq!(process_of([("service.name", 7.into())]), (String::new(), attributes([])));
    assert_eq!(process_of([("a", 1.into())]), (String::new(), attributes([("a", 1.into())])));
}

#[test]
fn a_resource_without_attributes_has_the_name_that_says_so() {
    assert_eq!(process_of([]), ("OTLPResourceNoServiceName".to_owned(), attributes([])));
}

#[test]
fn fields_become_tags_in_jaegers_order() {
    let scope = otlp::Scope { name: "lib".into(), version: "1".into(), ..otlp::Scope::default() };
    let span = otlp::Span {
        scope: scope.into(),
        attributes: attributes([("span.kind", "own".into()), ("b", 1.into()), ("b", 2.into())]),
        kind: SpanKind::Client,
        status: otlp::Status { code: StatusCode::Error, message: "boom".into() },
        trace_state: "v=1".into(),
        ..samples::otlp()
    };
    let expected = [
        ("otel.scope.name", "lib".into()),
        ("otel.scope.version", "1".into()),
        ("span.kind", "own".into()),
        ("b", 1.into()),
        ("b", 2.into()),
        ("span.kind", "client".into()),
        ("otel.status_code", "ERROR".into()),
        ("error", true.into()),
        ("otel.status_description", "boom".into()),
        ("w3c.tracestate", "v=1".into()),
    ];
    assert_eq!(translated(span).tags, attributes(expected));
    assert_eq!(translated(samples::otlp()).tags, attributes([]), "fields that say nothing are no tags");
}

#[test]
fn a_version_is_a_tag_also_without_a_name() {
    let scope = otlp::Scope { version: "1".into(), ..otlp::Scope::default() };
    let span = translated(otlp::Span { scope: scope.into(), ..samples::otlp() });
    assert_eq!(span.tags, attributes([("otel.scope.version", "1".into())]));
}

#[test]
fn values_become_the_types_that_tags_have() {
    let list = AttributeValue::Array(vec![1.into(), "x".into()]);
    let span = otlp::Span {
        attributes: attributes([
            ("text", "a".into()),
            ("int", 1.into()),
            ("bool", true.into()),
            ("double", 0.5.into()),
            ("bytes", AttributeValue::Bytes(vec![1])),
            ("map", AttributeValue::Map(attributes([("k", list.clone())]))),
            ("list", list),
            ("empty", AttributeValue::Empty),
        ]),
        ..samples::otlp()
    };
    let expected = [
        ("text", "a".into()),
        ("int", 1.into()),
        ("bool", true.into()),
        ("double", 0.5.into()),
        ("bytes", AttributeValue::Bytes(vec![1])),
        ("map", r#"{"k":[1,"x"]}"#.into()),
        ("list", r#"[1,"x"]"#.into()),
        ("empty", "".into()),
    ];
    assert_eq!(translated(span).tags, attributes(expected));
}

#[test]
fn each_kind_has_its_word_and_no_kind_has_none() {
    let tags = |kind| translated(otlp::Span { kind, ..samples::otlp() }).tags;
    for (kind, word) in [
        (SpanKind::Client, "client"),
        (SpanKind::Server, "server"),
        (SpanKind::Producer, "producer"),
        (SpanKind::Consumer, "consumer"),
        (SpanKind::Internal, "internal"),
    ] {
        assert_eq!(tags(kind), attributes([("span.kind", word.into())]));
    }
    for kind in [SpanKind::Unspecified, SpanKind::Unrecognized(9)] {
        assert_eq!(tags(kind), attributes([]));
    }
}

#[test]
fn a_status_becomes_tags() {
    assert_eq!(with_status(StatusCode::Ok, ""), attributes([("otel.status_code", "OK".into())]));
    let error = [("otel.status_code", "ERROR".into()), ("error", true.into())];
    assert_eq!(with_status(StatusCode::Error, ""), attributes(error));
    let message = [("otel.status_description", "m".into())];
    assert_eq!(with_status(StatusCode::Unset, "m"), attributes(message));
    assert_eq!(with_status(StatusCode::Unrecognized(7), ""), attributes([]));
}

#[test]
fn the_parent_is_the_first_reference_and_links_follow() {
    let other = samples::trace_id(9);
    let refs =
        with_links(Some(2), [(other, 3, None), (own(), 4, Some("CHILD_OF")), (other, 2, Some("child_of"))]);
    assert_eq!(
        refs,
        [
            (Some(own()), id(2), SpanRefType::ChildOf),
            (Some(other), id(3), SpanRefType::FollowsFrom),
            (Some(own()), id(4), SpanRefType::FollowsFrom),
            (Some(other), id(2), SpanRefType::ChildOf),
        ]
    );
    assert_eq!(with_links(None, []), []);
}

#[test]
fn a_link_to_the_parent_says_only_what_relates_them() {
    let (child_of, follows_from) = (Some("child_of"), None);
    for (links, expected) in [
        ([(own(), 2, child_of), (own(), 2, follows_from)], SpanRefType::FollowsFrom),
        ([(own(), 2, follows_from), (own(), 2, child_of)], SpanRefType::ChildOf),
    ] {
        assert_eq!(with_links(Some(2), links), [(Some(own()), id(2), expected)]);
    }
}

#[test]
fn no_link_takes_the_place_of_the_parent() {
    let refs = with_links(Some(2), [(own(), 2, None), (own(), 3, Some("child_of"))]);
    let child_of = |span| (Some(own()), id(span), SpanRefType::ChildOf);
    assert_eq!(refs, [child_of(2), child_of(3)]);
}

#[test]
fn events_become_logs_that_begin_with_their_name() {
    let event = |name: &str, attributes| otlp::Event {
        time_unix_nano: u64::MAX,
        name: name.to_owned(),
        attributes,
        dropped_attributes_count: 1,
    };
    let span = otlp::Span {
        events: vec![
            event("retry", attributes([("a", AttributeValue::Array(vec![]))])),
            event("lost", attributes([("event", 7.into())])),
            event("", attributes([])),
        ],
        ..samples::otlp()
    };
    let log = |fields| v1::Log { timestamp: crate::UnixNanos(u64::MAX.into()), fields };
    assert_eq!(
        translated(span).logs,
        [
            log(attributes([("event", "retry".into()), ("a", "[]".into())])),
            log(attributes([("event", 7.into())])),
            log(attributes([])),
        ]
    );
}

#[test]
fn the_duration_is_from_start_to_end_within_64_bits() {
    for (start, end, expected) in
        [(10, 30, 20), (30, 10, -20), (0, u64::MAX, i64::MAX), (u64::MAX, 0, i64::MIN)]
    {
        let span = translated(otlp::Span {
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            ..samples::otlp()
        });
        assert_eq!((span.start_time.0, span.duration_nanos), (start.into(), expected));
    }
}

#[test]
fn the_attribute_of_warnings_becomes_the_warnings() {
    let of = |value: AttributeValue| {
        let attributes = attributes([("a", 1.into()), ("@jaeger@warnings", value)]);
        let span = translated(otlp::Span { attributes, ..samples::otlp() });
        (span.warnings, span.tags.0.len())
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(of(AttributeValue::Array(vec!["w".into(), 7.into()])), (texts(&["w", "7"]), 1));
    assert_eq!(of("w".into()), (texts(&["w"]), 1));
    assert_eq!(of(AttributeValue::Array(vec![])), (texts(&[]), 2), "an empty list stays a tag");
}
