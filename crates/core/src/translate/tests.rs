//! What becomes of each fact, row by row of the tables in `docs/translation.md`.

mod to_otlp;
mod to_v1;

use std::sync::Arc;

use super::*;
use crate::{Attribute, AttributeValue, Attributes, SpanId, samples};

fn attributes<const N: usize>(pairs: [(&str, AttributeValue); N]) -> Attributes {
    Attributes::from(pairs)
}

#[test]
fn spans_that_are_of_the_form_already_pass_unchanged() {
    let otlp = otlp::Span { flags: 7, dropped_links_count: 1, ..samples::otlp() };
    assert_eq!(ToOtlp::default().span(Span::Otlp(otlp.clone())), otlp);
    let v1 = v1::Span { flags: 3, process_id: "p1".to_owned(), ..samples::v1() };
    assert_eq!(ToV1::default().span(Span::V1(v1.clone())), v1);
}

#[test]
fn neighbours_of_one_process_share_a_resource() {
    let process = |name: &str| {
        Some(Arc::new(v1::Process { service_name: name.to_owned(), tags: Attributes::default() }))
    };
    let mut to_otlp = ToOtlp::default();
    let mut of = |process| to_otlp.span(Span::V1(v1::Span { process, ..samples::v1() })).resource;
    let (first, equal, other, none, again) =
        (of(process("web")), of(process("web")), of(process("db")), of(None), of(process("web")));
    assert!(Arc::ptr_eq(&first, &equal));
    assert_eq!(first, again);
    let names = [&first, &other, &none].map(|resource| resource.service_name().to_owned());
    assert_eq!(names, ["web", "db", ""]);
}

#[test]
fn neighbours_of_one_scope_share_it() {
    let mut to_otlp = ToOtlp::default();
    let mut of = |name: &str| {
        let tags = Attributes::from([("otel.scope.name", name)]);
        to_otlp.span(Span::V1(v1::Span { tags, ..samples::v1() })).scope
    };
    let (first, equal, other) = (of("lib"), of("lib"), of("other"));
    assert!(Arc::ptr_eq(&first, &equal));
    assert_eq!([first.name.as_str(), other.name.as_str()], ["lib", "other"]);
}

#[test]
fn neighbours_of_one_resource_share_a_process() {
    let mut to_v1 = ToV1::default();
    let mut of = |name| {
        let resource = samples::service(name);
        to_v1.span(Span::Otlp(otlp::Span { resource, ..samples::otlp() })).process.unwrap()
    };
    let (first, equal, other) = (of("web"), of("web"), of("db"));
    assert!(Arc::ptr_eq(&first, &equal));
    assert_eq!([first.service_name.as_str(), other.service_name.as_str()], ["web", "db"]);
}

#[test]
fn a_hundred_thousand_tags_of_which_every_key_comes_twice_are_no_trouble() {
    let tags: Attributes =
        (0..100_000).map(|number| Attribute::new(format!("k{}", number % 50_000), number)).collect();
    let span = ToOtlp::default().span(Span::V1(v1::Span { tags, ..samples::v1() }));
    assert_eq!(span.attributes.0.len(), 50_000);
    assert_eq!(span.attributes.get("k7"), Some(&AttributeValue::Int(50_007)));
}
