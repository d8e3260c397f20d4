//! Keys that stand for facts which OTLP keeps in fields of their own.

use super::*;

fn otlp_with_fields() -> otlp::Span {
    let attributes = pairs([("service.name", "web"), ("host", "h"), ("error", "on resource")]);
    let resource = otlp::Resource { attributes, ..otlp::Resource::default() };
    let scope = otlp::Scope { name: "lib".to_owned(), version: "1.2".to_owned(), ..otlp::Scope::default() };
    otlp::Span {
        resource: resource.into(),
        scope: scope.into(),
        kind: SpanKind::Server,
        trace_state: "vendor=1".to_owned(),
        events: vec![otlp::Event { name: "retry".to_owned(), ..otlp::Event::default() }],
        status: otlp::Status { message: "boom".to_owned(), code: StatusCode::Error },
        attributes: pairs([("host", "span's own")]),
        ..samples::otlp()
    }
}

fn with_status(code: StatusCode) -> Span {
    Span::Otlp(otlp::Span { status: otlp::Status { code, ..otlp::Status::default() }, ..samples::otlp() })
}

fn with_tags(tags: Attributes) -> Span {
    Span::V1(v1::Span { tags, ..samples::v1() })
}

#[test]
fn v2_finds_fields_of_otlp_spans_under_special_keys() {
    let span = Span::Otlp(otlp_with_fields());
    for (key, text, expected) in [
        ("error", "true", true),
        ("error", "1", true),
        ("error", "T", true),
        ("error", "false", false),
        ("error", "tRuE", false),
        ("error", "", false),
        // Taken out of the ordinary comparison.
        ("error", "on resource", false),
        ("span.status", "error", true),
        ("span.status", "ERROR", true),
        ("span.status", "ok", false),
        ("span.status", "", false),
        ("span.kind", "server", true),
        ("span.kind", "Server", true),
        ("span.kind", "client", false),
        ("span.kind", "", false),
        ("scope.name", "lib", true),
        ("scope.name", "LIB", false),
        ("scope.version", "1.2", true),
        ("scope.version", "", false),
        ("resource.host", "h", true),
        ("resource.host", "span's own", false),
        ("resource.service.name", "web", true),
        ("resource.error", "on resource", true),
        ("resource.missing", "", false),
        ("host", "h", true),
        ("host", "span's own", true),
        ("service.name", "web", true),
        // Words of the v1 form are ordinary keys here.
        ("otel.status_code", "ERROR", false),
        ("otel.status_description", "boom", false),
        ("otel.scope.name", "lib", false),
        ("event", "retry", false),
        ("w3c.tracestate", "vendor=1", false),
    ] {
        assert_eq!(holds_v2(&span, key, text), expected, "{key}={text}");
    }
}

#[test]
fn v1_finds_fields_of_otlp_spans_under_the_tags_of_the_translation() {
    let span = Span::Otlp(otlp_with_fields());
    for (key, text, expected) in [
        ("error", "true", true),
        ("error", "false", false),
        ("error", "1", false),
        ("error", "on resource", true),
        ("otel.status_code", "ERROR", true),
        ("otel.status_code", "error", false),
        ("otel.status_description", "boom", true),
        ("span.kind", "server", true),
        ("span.kind", "Server", false),
        ("span.kind", "", false),
        ("otel.scope.name", "lib", true),
        ("otel.scope.version", "1.2", true),
        ("event", "retry", true),
        ("w3c.tracestate", "vendor=1", true),
        // Words of the v2 form are ordinary keys here.
        ("span.status", "error", false),
        ("scope.name", "lib", false),
        ("resource.host", "h", false),
    ] {
        assert_eq!(holds_v1(&span, key, text), expected, "{key}={text}");
    }
}

#[test]
fn fields_that_say_nothing_have_no_v1_tag() {
    let span = Span::Otlp(otlp::Span { events: vec![otlp::Event::default()], ..samples::otlp() });
    let keys = ["error", "otel.status_code", "otel.status_description", "span.kind", "otel.scope.name"];
    for key in keys.into_iter().chain(["otel.scope.version", "event", "w3c.tracestate"]) {
        assert!(!holds_v1(&span, key, "") && !holds_v1(&span, key, "false"), "{key}");
    }
}

#[test]
fn without_error_means_unset_ok_and_unknown_codes() {
    for (code, status_text) in
        [(StatusCode::Unset, "unset"), (StatusCode::Ok, "Ok"), (StatusCode::Unrecognized(7), "no word")]
    {
        let span = with_status(code);
        for text in ["false", "0", "f", "FALSE"] {
            assert!(holds_v2(&span, "error", text), "{code:?} {text}");
        }
        assert!(!holds_v2(&span, "error", "true") && !holds_v2(&span, "error", "no"), "{code:?}");
        let named = code != StatusCode::Unrecognized(7);
        assert_eq!(holds_v2(&span, "span.status", status_text), named, "{code:?}");
        assert!(!holds_v2(&span, "span.status", "error"), "{code:?}");
    }
    assert!(holds_v1(&with_status(StatusCode::Ok), "otel.status_code", "OK"));
}

#[test]
fn an_unknown_word_for_a_kind_means_unspecified() {
    let span = |kind| Span::Otlp(otlp::Span { kind, ..samples::otlp() });
    for word in ["", "unspecified", "gateway"] {
        assert!(holds_v2(&span(SpanKind::Unspecified), "span.kind", word), "{word}");
        assert!(!holds_v2(&span(SpanKind::Unrecognized(9)), "span.kind", word), "{word}");
    }
    for kind in
        [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer]
    {
        assert!(holds_v2(&span(kind), "span.kind", &kind.as_str().to_uppercase()));
        assert!(!holds_v2(&span(kind), "span.kind", "unspecified"));
    }
}

#[test]
fn a_scope_without_name_or_version_has_empty_ones() {
    let span = Span::Otlp(samples::otlp());
    assert!(holds_v2(&span, "scope.name", "") && holds_v2(&span, "scope.version", ""));
    assert!(!holds_v2(&span, "scope.name", "lib"));
}

#[test]
fn v2_reads_the_tags_of_v1_spans_as_their_translation_would() {
    let tags = [("span.kind", "client"), ("otel.scope.name", "lib"), ("otel.scope.version", "1")];
    let mut tags = Attributes::from(tags);
    tags.0.push(Attribute::new("error", true));
    let process = v1::Process { service_name: "web".to_owned(), tags: pairs([("host", "h")]) };
    let span = Span::V1(v1::Span { tags, process: Some(process.into()), ..samples::v1() });
    for (key, text) in [
        ("error", "true"),
        ("span.status", "error"),
        ("span.kind", "CLIENT"),
        ("scope.name", "lib"),
        ("scope.version", "1"),
        ("resource.host", "h"),
        ("service.name", "web"),
        ("resource.service.name", "web"),
    ] {
        assert!(holds_v2(&span, key, text), "{key}={text}");
        assert!(!holds_v2(&span, key, "x"), "{key}");
    }
    assert!(!holds_v2(&span, "error", "false"));
}

#[test]
fn v2_finds_on_a_v1_span_what_its_translation_adds() {
    let process = v1::Process {
        service_name: "web".to_owned(),
        tags: pairs([("hostname", "h"), ("jaeger.version", "Go-2"), ("service.name", "db")]),
    };
    let reference = v1::SpanRef {
        trace_id: None,
        span_id: crate::SpanId::default(),
        ref_type: v1::SpanRefType::FollowsFrom,
    };
    let span = Span::V1(v1::Span {
        process: Some(process.into()),
        references: vec![reference],
        warnings: vec!["skewed".to_owned()],
        ..samples::v1()
    });
    for (key, text) in [
        ("host.name", "h"),
        ("resource.host.name", "h"),
        ("opencensus.exporterversion", "Jaeger-Go-2"),
        ("opentracing.ref_type", "follows_from"),
        ("@jaeger@warnings", r#"["skewed"]"#),
        ("service.name", "web"),
    ] {
        assert!(holds_v2(&span, key, text) && !holds_v1(&span, key, text), "{key}={text}");
    }
    assert!(holds_v1(&span, "service.name", "db") && !holds_v2(&span, "service.name", "db"));
}

#[test]
fn a_process_named_as_nameless_has_no_service_to_find_over_v2() {
    let process =
        v1::Process { service_name: "OTLPResourceNoServiceName".to_owned(), ..v1::Process::default() };
    let span = Span::V1(v1::Span { process: Some(process.into()), ..samples::v1() });
    assert!(!holds_v2(&span, "service.name", "OTLPResourceNoServiceName"));
}

#[test]
fn over_v2_a_v1_span_is_an_error_by_http_as_its_translation_is() {
    let client = with_tags(pairs([("span.kind", "client"), ("http.status_code", "404")]));
    let server = with_tags(pairs([("span.kind", "server"), ("http.status_code", "404")]));
    assert!(holds_v2(&client, "error", "true") && holds_v2(&server, "error", "false"));
    assert!(!holds_v1(&client, "error", "true"));
}

#[test]
fn only_a_true_bool_makes_a_v1_span_an_error() {
    let error = |value: AttributeValue| with_tags(Attributes(vec![Attribute::new("error", value)]));
    assert!(holds_v2(&error(true.into()), "error", "true"));
    assert!(holds_v2(&error("true".into()), "error", "false"));
    assert!(holds_v2(&error(false.into()), "error", "false"));
    for value in [AttributeValue::from(true), "true".into()] {
        assert!(holds_v1(&error(value), "error", "true"));
    }
    assert!(holds_v1(&error(false.into()), "error", "false"));
    let by_code = with_tags(pairs([("otel.status_code", "error")]));
    assert!(holds_v2(&by_code, "error", "true") && holds_v2(&by_code, "span.status", "Error"));
    assert!(holds_v1(&by_code, "otel.status_code", "error") && !holds_v1(&by_code, "error", "true"));
}

#[test]
fn a_v1_span_without_process_has_no_service_to_find() {
    let nameless = v1::Span { process: Some(std::sync::Arc::default()), ..samples::v1() };
    for span in [samples::v1(), nameless] {
        let span = Span::V1(span);
        assert!(!holds_v2(&span, "service.name", "") && !holds_v2(&span, "resource.service.name", ""));
        assert!(satisfies(&span, &Predicate::Service(String::new())));
    }
}
