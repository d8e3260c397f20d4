//! Examples of the pairs; `tests/index_law.rs` holds the law over random spans.

use super::*;

fn own_pairs(span: &Span) -> Vec<(String, String)> {
    let mut found = Vec::new();
    pairs_of_span(span, |key, text| found.push((key.to_owned(), text.to_owned())));
    found
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(key, text)| (key.to_owned(), text.to_owned())).to_vec()
}

#[test]
fn floats_and_bytes_are_listed_in_both_forms() {
    let [span, _] = with_attribute(1e-7);
    assert_eq!(own_pairs(&span), owned([("k", "1e-07"), ("k", "1e-7")]));
    let [_, span] = with_attribute(AttributeValue::Bytes(vec![0xab]));
    assert_eq!(own_pairs(&span), owned([("k", "ab"), ("k", "qw==")]));
}

#[test]
fn a_span_lists_its_own_places_and_fields_only() {
    let Span::Otlp(span) = otlp_with_all_places() else { unreachable!() };
    let status = otlp::Status { message: "m".to_owned(), code: StatusCode::Error };
    let span = Span::Otlp(otlp::Span { kind: SpanKind::Client, status, trace_state: "t".to_owned(), ..span });
    assert_eq!(
        own_pairs(&span),
        owned([
            ("in.span", "a"),
            ("in.event", "e"),
            ("in.event.2", "e2"),
            ("in.link", "l"),
            ("otel.status_description", "m"),
            ("w3c.tracestate", "t"),
            ("span.kind", "client"),
            ("error", "true"),
            ("otel.status_code", "ERROR"),
        ])
    );
}

#[test]
fn what_spans_share_is_listed_apart() {
    let mut found = Vec::new();
    let mut visit = |key: &str, text: &str| found.push((key.to_owned(), text.to_owned()));
    pairs_of_resource(&samples::service("web"), &mut visit);
    let attributes = pairs([("k", "v")]);
    pairs_of_scope(&otlp::Scope { name: "lib".to_owned(), attributes, ..otlp::Scope::default() }, &mut visit);
    pairs_of_process(&v1::Process { service_name: "db".to_owned(), tags: pairs([("k", "w")]) }, &mut visit);
    let expected =
        [("service.name", "web"), ("k", "v"), ("otel.scope.name", "lib"), ("k", "w"), ("service.name", "db")];
    assert_eq!(found, owned(expected));
}

#[test]
fn a_condition_names_the_pair_that_its_spans_are_listed_under() {
    for (form, key, text, expected) in [
        (TextForm::V2, "k", "v", Some(("k", "v"))),
        (TextForm::V1, "k", "v", Some(("k", "v"))),
        (TextForm::V2, "error", "1", Some(("error", "true"))),
        (TextForm::V2, "error", "false", None),
        (TextForm::V2, "error", "what", None),
        (TextForm::V1, "error", "false", Some(("error", "false"))),
        (TextForm::V2, "span.status", "Error", Some(("error", "true"))),
        (TextForm::V2, "span.status", "ok", Some(("otel.status_code", "OK"))),
        (TextForm::V2, "span.status", "unset", None),
        (TextForm::V2, "span.kind", "CLIENT", Some(("span.kind", "client"))),
        (TextForm::V2, "span.kind", "any", None),
        (TextForm::V1, "span.kind", "any", Some(("span.kind", "any"))),
        (TextForm::V2, "scope.name", "lib", Some(("otel.scope.name", "lib"))),
        (TextForm::V2, "scope.name", "", None),
        (TextForm::V2, "scope.version", "1", Some(("otel.scope.version", "1"))),
        (TextForm::V2, "scope.version", "", None),
        (TextForm::V2, "resource.k", "v", Some(("k", "v"))),
        (TextForm::V1, "resource.k", "v", Some(("resource.k", "v"))),
    ] {
        let condition = condition(form, key, text);
        let pair = required_pair(&condition).map(|pair| (pair.key, pair.text));
        assert_eq!(pair, expected, "{form:?} {key}={text}");
    }
}
