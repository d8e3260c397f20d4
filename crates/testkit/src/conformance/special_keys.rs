//! Facts that are searched as if they were attributes.

use jaeger_dynamodb_core::{Attribute, Attributes, Span, SpanKind, StatusCode, TextForm, otlp, v1};

use super::StoreUnderTest;
use super::expect::Outcome;
use super::searching::expect_pairs;
use crate::fixtures::{otlp_span, v1_span};

/// Traces of an error, a success, and neither.
fn spans() -> Vec<Span> {
    let status = |code| otlp::Status { code, message: "message".to_owned() };
    let scope =
        otlp::Scope { name: "library".to_owned(), version: "1.2".to_owned(), ..otlp::Scope::default() };
    let attributes = Attributes::from([("service.name", "web"), ("host", "h")]);
    let resource = otlp::Resource { attributes, ..otlp::Resource::default() };
    let spans = [
        otlp::Span {
            status: status(StatusCode::Error),
            kind: SpanKind::Server,
            resource: resource.into(),
            trace_state: "vendor=1".to_owned(),
            events: vec![otlp::Event { name: "retry".to_owned(), ..otlp::Event::default() }],
            ..otlp_span(1, 1, "")
        },
        otlp::Span {
            status: status(StatusCode::Ok),
            kind: SpanKind::Client,
            scope: scope.into(),
            attributes: Attributes::from([("host", "h")]),
            ..otlp_span(2, 1, "web")
        },
        // The attribute is not the fact.
        otlp::Span {
            attributes: Attributes::from([
                ("error", "true"),
                ("span.kind", "server"),
                ("resource.host", "h"),
            ]),
            ..otlp_span(3, 1, "web")
        },
    ];
    spans.map(Span::Otlp).to_vec()
}

pub(super) async fn fields_are_found_under_special_keys(store: &StoreUnderTest) -> Outcome {
    store.write(spans()).await?;
    let pairs: [(&str, &str, &[u64]); 18] = [
        ("error", "true", &[1]),
        ("error", "1", &[1]),
        ("error", "false", &[2, 3]),
        ("error", "maybe", &[]),
        ("span.status", "error", &[1]),
        ("span.status", "OK", &[2]),
        ("span.status", "unset", &[3]),
        ("span.kind", "server", &[1]),
        ("span.kind", "Client", &[2]),
        ("span.kind", "consumer", &[]),
        ("span.kind", "unspecified", &[3]),
        ("scope.name", "library", &[2]),
        ("scope.name", "", &[1, 3]),
        ("scope.version", "1.2", &[2]),
        ("resource.host", "h", &[1]),
        ("resource.service.name", "web", &[1, 2, 3]),
        ("host", "h", &[1, 2]),
        ("otel.status_code", "ERROR", &[]),
    ];
    expect_pairs(store, TextForm::V2, &pairs).await
}

pub(super) async fn fields_are_found_under_v1_tags(store: &StoreUnderTest) -> Outcome {
    store.write(spans()).await?;
    let pairs: [(&str, &str, &[u64]); 14] = [
        ("error", "true", &[1, 3]),
        ("error", "false", &[]),
        ("otel.status_code", "ERROR", &[1]),
        ("otel.status_code", "OK", &[2]),
        ("otel.status_description", "message", &[1, 2]),
        ("span.kind", "server", &[1, 3]),
        ("span.kind", "Client", &[]),
        ("otel.scope.name", "library", &[2]),
        ("otel.scope.version", "1.2", &[2]),
        ("event", "retry", &[1]),
        ("w3c.tracestate", "vendor=1", &[1]),
        ("resource.host", "h", &[3]),
        ("host", "h", &[1, 2]),
        ("scope.name", "library", &[]),
    ];
    expect_pairs(store, TextForm::V1, &pairs).await
}

pub(super) async fn v1_tags_are_found_under_special_keys(store: &StoreUnderTest) -> Outcome {
    let mut error = Attributes::from([("span.kind", "client"), ("otel.scope.name", "library")]);
    error.0.push(Attribute::new("error", true));
    let process = v1::Process { service_name: "web".to_owned(), tags: Attributes::from([("host", "h")]) };
    let spans = [
        v1::Span { tags: error, ..v1_span(1, 1, "web") },
        v1::Span { tags: Attributes::from([("otel.status_code", "OK")]), ..v1_span(2, 1, "web") },
        v1::Span { process: Some(process.into()), ..v1_span(3, 1, "web") },
    ];
    store.write(spans.map(Span::V1).to_vec()).await?;
    let pairs: [(&str, &str, &[u64]); 9] = [
        ("error", "true", &[1]),
        ("error", "false", &[2, 3]),
        ("span.status", "error", &[1]),
        ("span.status", "ok", &[2]),
        ("span.kind", "CLIENT", &[1]),
        ("scope.name", "library", &[1]),
        ("resource.host", "h", &[3]),
        ("resource.service.name", "web", &[1, 2, 3]),
        ("service.name", "web", &[1, 2, 3]),
    ];
    expect_pairs(store, TextForm::V2, &pairs).await
}
