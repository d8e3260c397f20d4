use super::*;
use crate::span::v1::{Log, Process, SpanRef, SpanRefType};
use crate::{SpanKind, StatusCode, TraceId, UnixNanos};

fn translated(span: v1::Span) -> otlp::Span {
    ToOtlp::default().span(Span::V1(span))
}

fn with_tags<const N: usize>(pairs: [(&str, AttributeValue); N]) -> otlp::Span {
    translated(v1::Span { tags: attributes(pairs), ..samples::v1() })
}

fn resource_of<const N: usize>(name: &str, tags: [(&str, AttributeValue); N]) -> Attributes {
    let process = Process { service_name: name.to_owned(), tags: attributes(tags) };
    let span = translated(v1::Span { process: Some(process.into()), ..samples::v1() });
    span.resource.attributes.clone()
}

fn status_of<const N: usize>(pairs: [(&str, AttributeValue); N]) -> (StatusCode, String, Attributes) {
    let span = with_tags(pairs);
    (span.status.code, span.status.message, span.attributes)
}

fn with_refs<const N: usize>(references: [SpanRef; N]) -> (Option<SpanId>, Vec<(SpanId, String)>) {
    let span = translated(v1::Span { references: references.into(), ..samples::v1() });
    let word =
        |link: &otlp::Link| link.attributes.get("opentracing.ref_type").unwrap().as_str().unwrap().to_owned();
    (span.parent_span_id, span.links.iter().map(|link| (link.span_id, word(link))).collect())
}

fn reference(trace: TraceId, span: u8, ref_type: SpanRefType) -> SpanRef {
    SpanRef { trace_id: Some(trace), span_id: id(span), ref_type }
}

fn id(number: u8) -> SpanId {
    SpanId::new([number; 8])
}

fn own() -> TraceId {
    samples::trace_id(1)
}

#[test]
fn a_process_becomes_a_resource_that_begins_with_the_service() {
    let resource = resource_of("web", [("zone", "a".into()), ("pid", 7.into())]);
    assert_eq!(
        resource,
        attributes([("service.name", "web".into()), ("zone", "a".into()), ("pid", 7.into())])
    );
}

#[test]
fn a_process_without_a_name_names_no_service() {
    for name in ["", "OTLPResourceNoServiceName"] {
        assert_eq!(resource_of(name, [("zone", "a".into())]), attributes([("zone", "a".into())]));
        assert_eq!(resource_of(name, []), attributes([]));
    }
    assert_eq!(*translated(samples::v1()).resource, otlp::Resource::default());
}

#[test]
fn the_name_of_a_process_stands_whatever_its_tags_say() {
    let web = attributes([("service.name", "web".into())]);
    assert_eq!(resource_of("web", [("service.name", "db".into())]), web);
    assert_eq!(resource_of("", [("service.name", "db".into())]), attributes([]));
}

#[test]
fn hostname_becomes_host_name_unless_that_is_there() {
    let renamed = resource_of("", [("hostname", "h".into()), ("zone", "a".into())]);
    assert_eq!(renamed, attributes([("host.name", "h".into()), ("zone", "a".into())]));
    let both = [("hostname", "h".into()), ("host.name", "n".into())];
    assert_eq!(resource_of("", both.clone()), attributes(both));
}

#[test]
fn jaeger_version_becomes_the_exporters_unless_that_is_there_or_it_is_no_text() {
    let renamed = resource_of("", [("jaeger.version", "Go-2".into())]);
    assert_eq!(renamed, attributes([("opencensus.exporterversion", "Jaeger-Go-2".into())]));
    let both = [("jaeger.version", "Go-2".into()), ("opencensus.exporterversion", "x".into())];
    assert_eq!(resource_of("", both.clone()), attributes(both));
    let number = [("jaeger.version", 2.into())];
    assert_eq!(resource_of("", number.clone()), attributes(number));
}

#[test]
fn tags_of_the_scope_become_the_scope() {
    let span = with_tags([
        ("a", 1.into()),
        ("otel.scope.version", "2".into()),
        ("otel.scope.name", "lib".into()),
        ("b", 2.into()),
    ]);
    assert_eq!((span.scope.name.as_str(), span.scope.version.as_str()), ("lib", "2"));
    assert_eq!(span.attributes, attributes([("a", 1.into()), ("b", 2.into())]));
    let version_only = with_tags([("otel.scope.version", "2".into())]);
    assert_eq!((version_only.scope.name.as_str(), version_only.scope.version.as_str()), ("", "2"));
}

#[test]
fn only_the_first_of_several_scope_names_is_the_scopes() {
    let span = with_tags([("otel.scope.name", "lib".into()), ("otel.scope.name", "other".into())]);
    assert_eq!(span.scope.name, "lib");
    assert_eq!(span.attributes, attributes([("otel.scope.name", "other".into())]));
}

#[test]
fn the_last_of_equal_keys_wins_at_the_first_ones_place() {
    let span = with_tags([("k", 1.into()), ("l", 2.into()), ("k", "x".into())]);
    assert_eq!(span.attributes, attributes([("k", "x".into()), ("l", 2.into())]));
}

#[test]
fn values_keep_their_types() {
    let tags = [
        ("text", "a".into()),
        ("bool", false.into()),
        ("int", i64::MIN.into()),
        ("float", (-0.0).into()),
        ("binary", AttributeValue::Bytes(vec![0, 255])),
    ];
    assert_eq!(with_tags(tags.clone()).attributes, attributes(tags));
}

#[test]
fn the_tag_span_kind_becomes_the_kind() {
    for (word, kind) in [
        ("client", SpanKind::Client),
        ("server", SpanKind::Server),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
        ("internal", SpanKind::Internal),
    ] {
        let span = with_tags([("span.kind", word.into())]);
        assert_eq!((span.kind, span.attributes.0.len()), (kind, 0));
    }
}

#[test]
fn a_word_that_names_no_kind_stays_an_attribute() {
    for value in ["CLIENT".into(), "gateway".into(), "".into(), AttributeValue::Int(3)] {
        let span = with_tags([("span.kind", value.clone())]);
        assert_eq!(span.kind, SpanKind::Unspecified);
        assert_eq!(span.attributes, attributes([("span.kind", value)]));
    }
}

#[test]
fn a_true_error_is_the_status_error_with_its_description() {
    let described = [("error", true.into()), ("otel.status_description", "boom".into())];
    assert_eq!(status_of(described), (StatusCode::Error, "boom".into(), attributes([])));
    let message = ("http.status_message", "Not Found".into());
    let (code, text, rest) = status_of([("error", true.into()), message.clone()]);
    assert_eq!((code, text.as_str()), (StatusCode::Error, "Not Found"));
    assert_eq!(rest, attributes([message]));
    let coded = [("error", true.into()), ("otel.status_code", "OK".into())];
    assert_eq!(status_of(coded), (StatusCode::Error, String::new(), attributes([])));
}

#[test]
fn an_error_that_is_no_true_bool_stays_an_attribute_and_gives_no_status() {
    for value in [AttributeValue::from(false), "true".into()] {
        let tags = [("error", value)];
        assert_eq!(status_of(tags.clone()), (StatusCode::Unset, String::new(), attributes(tags)));
    }
}

#[test]
fn the_tag_otel_status_code_becomes_the_status() {
    for (word, code) in [("OK", StatusCode::Ok), ("error", StatusCode::Error), ("Unset", StatusCode::Unset)] {
        let tags = [("otel.status_code", word.into()), ("otel.status_description", "d".into())];
        assert_eq!(status_of(tags), (code, "d".into(), attributes([])), "{word}");
    }
    // It stands before http.status_code, and does not look for a message there.
    let http = [("http.status_code", 500.into()), ("http.status_message", "m".into())];
    let tags = [("otel.status_code", "ERROR".into()), http[0].clone(), http[1].clone()];
    assert_eq!(status_of(tags), (StatusCode::Error, String::new(), attributes(http.clone())));
    let tags = [("otel.status_code", "UNSET".into()), http[0].clone(), http[1].clone()];
    assert_eq!(status_of(tags), (StatusCode::Unset, String::new(), attributes(http)));
}

#[test]
fn a_status_code_that_is_no_word_of_otlp_stays_an_attribute() {
    for value in ["fine".into(), AttributeValue::Int(2)] {
        let tags = [("otel.status_code", value)];
        assert_eq!(status_of(tags.clone()), (StatusCode::Unset, String::new(), attributes(tags)));
    }
}

#[test]
fn http_status_codes_tell_the_status_where_nothing_else_does() {
    for (code, kind, status) in [
        (100, "client", StatusCode::Unset),
        (200, "client", StatusCode::Unset),
        (398, "client", StatusCode::Unset),
        (399, "client", StatusCode::Error),
        (400, "client", StatusCode::Error),
        (404, "client", StatusCode::Error),
        (404, "server", StatusCode::Unset),
        (499, "server", StatusCode::Unset),
        (404, "internal", StatusCode::Error),
        (500, "server", StatusCode::Error),
        (99, "server", StatusCode::Error),
        (-1, "server", StatusCode::Error),
    ] {
        for value in [AttributeValue::Int(code), code.to_string().into()] {
            let span = with_tags([("span.kind", kind.into()), ("http.status_code", value.clone())]);
            assert_eq!(span.status.code, status, "{code} {kind}");
            assert_eq!(span.attributes, attributes([("http.status_code", value)]), "the tag stays");
        }
    }
    for value in ["".into(), " 500".into(), "5e2".into(), 500.0.into(), AttributeValue::Bytes(vec![53])] {
        assert_eq!(with_tags([("http.status_code", value)]).status.code, StatusCode::Unset);
    }
}

#[test]
fn an_http_error_takes_its_message_from_http() {
    let message =
        |code: i64| status_of([("http.status_code", code.into()), ("http.status_message", "m".into())]).1;
    assert_eq!((message(500).as_str(), message(200).as_str()), ("m", ""));
}

#[test]
fn a_description_without_a_status_stays_an_attribute() {
    let tags = [("otel.status_description", "d".into())];
    assert_eq!(status_of(tags.clone()), (StatusCode::Unset, String::new(), attributes(tags)));
}

#[test]
fn the_tag_w3c_tracestate_becomes_the_trace_state_if_it_is_text() {
    let span = with_tags([("w3c.tracestate", "v=1".into())]);
    assert_eq!((span.trace_state.as_str(), span.attributes.0.len()), ("v=1", 0));
    let span = with_tags([("w3c.tracestate", 1.into())]);
    assert_eq!((span.trace_state.as_str(), span.attributes.0.len()), ("", 1));
}

#[test]
fn start_and_duration_become_start_and_end_within_what_otlp_can_say() {
    let second = 1_000_000_000;
    for (start, duration, expected) in [
        (10, 10, (10, 20)),
        (10, -5, (10, 5)),
        (-1, 3, (0, 2)),
        (10, -20, (10, 0)),
        (-62_135_596_800 * i128::from(second), second, (0, 0)),
        (u64::MAX.into(), 1, (u64::MAX, u64::MAX)),
        (253_402_300_799 * i128::from(second), i64::MIN, (u64::MAX, u64::MAX)),
    ] {
        let span =
            translated(v1::Span { start_time: UnixNanos(start), duration_nanos: duration, ..samples::v1() });
        assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), expected, "{start} + {duration}");
    }
}

#[test]
fn the_first_child_of_within_the_trace_is_the_parent_and_no_link() {
    let refs = [
        reference(own(), 2, SpanRefType::FollowsFrom),
        reference(own(), 3, SpanRefType::ChildOf),
        reference(own(), 4, SpanRefType::ChildOf),
        reference(own(), 3, SpanRefType::ChildOf),
    ];
    let links = vec![(id(2), "follows_from".to_owned()), (id(4), "child_of".to_owned())];
    assert_eq!(with_refs(refs), (Some(id(3)), links));
}

#[test]
fn a_parent_by_follows_from_is_a_link_too() {
    let parent = reference(own(), 2, SpanRefType::FollowsFrom);
    assert_eq!(with_refs([parent]), (Some(id(2)), vec![(id(2), "follows_from".to_owned())]));
}

#[test]
fn references_into_other_traces_are_links_only() {
    let other = samples::trace_id(9);
    let refs = [reference(own(), 2, SpanRefType::ChildOf), reference(other, 2, SpanRefType::ChildOf)];
    assert_eq!(with_refs(refs), (Some(id(2)), vec![(id(2), "child_of".to_owned())]));
    let unknown = reference(other, 5, SpanRefType::Unrecognized(7));
    assert_eq!(with_refs([unknown]), (None, vec![(id(5), "follows_from".to_owned())]));
}

#[test]
fn a_parent_of_zeros_is_none() {
    assert_eq!(with_refs([reference(own(), 0, SpanRefType::ChildOf)]), (None, vec![]));
}

#[test]
fn logs_become_events_named_by_their_field_event() {
    let log = |pairs: Attributes| Log { timestamp: UnixNanos(15), fields: pairs };
    let span = translated(v1::Span {
        logs: vec![
            log(attributes([("a", 1.into()), ("event", "retry".into()), ("a", 2.into())])),
            log(attributes([("event", 7.into())])),
            Log { timestamp: UnixNanos(-1), fields: attributes([]) },
        ],
        ..samples::v1()
    });
    let event = |time_unix_nano, name: &str, attributes| otlp::Event {
        time_unix_nano,
        name: name.to_owned(),
        attributes,
        dropped_attributes_count: 0,
    };
    assert_eq!(
        span.events,
        [
            event(15, "retry", attributes([("a", 2.into())])),
            event(15, "", attributes([("event", 7.into())])),
            event(0, "", attributes([])),
        ]
    );
}

#[test]
fn warnings_become_an_attribute_behind_a_tag_of_its_key() {
    let of = |tags, warnings: &[&str]| {
        let warnings = warnings.iter().map(|text| (*text).to_owned()).collect();
        translated(v1::Span { tags, warnings, ..samples::v1() }).attributes
    };
    let list = |texts: &[&str]| AttributeValue::Array(texts.iter().map(|text| (*text).into()).collect());
    let key = "@jaeger@warnings";
    assert_eq!(of(attributes([]), &["a", "b"]), attributes([(key, list(&["a", "b"]))]));
    assert_eq!(of(attributes([(key, 7.into())]), &["a"]), attributes([(key, list(&["7", "a"]))]));
    assert_eq!(of(attributes([(key, 7.into())]), &[]), attributes([(key, 7.into())]));
}
