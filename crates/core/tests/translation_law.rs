//! The laws of `translate`: a span's view is that of its translation, and a search finds over either API what that
//! API shows.

use jaeger_dynamodb_core::matching::satisfies;
use jaeger_dynamodb_core::translate::{ToOtlp, ToV1};
use jaeger_dynamodb_core::{
    AttributeCondition, AttributeValue, Attributes, Predicate, Span, SpanKind, StatusCode, TextForm,
    TraceQuery, UnixNanos, otlp, v1,
};
use jaeger_dynamodb_testkit::strategies::{otlp_span_to_translate, queries_for, v1_span_to_translate};
use proptest::collection::vec;
use proptest::prelude::*;

const NO_SERVICE_NAME: &str = "OTLPResourceNoServiceName";

fn to_otlp(span: &v1::Span) -> Span {
    Span::Otlp(ToOtlp::default().span(Span::V1(span.clone())))
}

fn to_v1(span: &otlp::Span) -> Span {
    Span::V1(ToV1::default().span(Span::Otlp(span.clone())))
}

/// The service, unless the name says that there is none.
fn service(span: &Span) -> &str {
    Some(span.service_name()).filter(|name| *name != NO_SERVICE_NAME).unwrap_or_default()
}

fn ids_and_names(span: &Span) -> impl PartialEq + std::fmt::Debug + '_ {
    (span.trace_id(), span.span_id(), service(span), span.operation_name())
}

/// The nearest time that OTLP can say.
fn as_otlp_time(time: UnixNanos) -> UnixNanos {
    UnixNanos(time.0.clamp(0, u64::MAX.into()))
}

/// Whether nothing but the span's own field says what its kind or status is.
fn is_silent(attributes: &Attributes, keys: &[&str]) -> bool {
    keys.iter().all(|key| attributes.get(key).is_none())
}

/// Whether v1 can say the parent: it has no word for a link into the own trace that is not the parent's.
fn parent_can_be_said(span: &otlp::Span) -> bool {
    span.parent_span_id.is_some() || span.links.iter().all(|link| link.trace_id != Some(span.trace_id))
}

/// Asks for every attribute condition of the queries in the form.
fn conditions(queries: &[TraceQuery], form: TextForm) -> Vec<Predicate> {
    fn collect(predicate: &Predicate, form: TextForm, found: &mut Vec<Predicate>) {
        match predicate {
            Predicate::All(predicates) | Predicate::Any(predicates) => {
                predicates.iter().for_each(|predicate| collect(predicate, form, found));
            }
            Predicate::Not(predicate) => collect(predicate, form, found),
            Predicate::Attribute(condition) => {
                found.push(Predicate::Attribute(AttributeCondition { form, ..condition.clone() }));
            }
            Predicate::Service(_) | Predicate::Operation(_) | Predicate::Duration(_) => {}
        }
    }
    let mut found = Vec::new();
    queries.iter().for_each(|query| collect(&query.predicate, form, &mut found));
    found
}

/// A span, its translation, and queries for what either of them says.
fn with_queries<S: std::fmt::Debug + Clone>(
    spans: impl Strategy<Value = S>,
    native: impl Fn(S) -> Span,
    translate: impl Fn(&S) -> Span,
) -> impl Strategy<Value = (Span, Span, Vec<TraceQuery>)> {
    spans.prop_flat_map(move |span| {
        let (translated, native) = (translate(&span), native(span));
        let queries = vec(queries_for(&[native.clone(), translated.clone()]), 8);
        (Just(native), Just(translated), queries)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn the_view_of_a_v1_span_is_that_of_its_translation(span in v1_span_to_translate()) {
        let (translated, native) = (to_otlp(&span), Span::V1(span));
        prop_assert_eq!(ids_and_names(&native), ids_and_names(&translated));
        prop_assert_eq!(native.parent_span_id(), translated.parent_span_id());
        prop_assert_eq!(native.kind(), translated.kind());
        prop_assert_eq!(native.status(), translated.status());
        prop_assert_eq!(as_otlp_time(native.start()), translated.start());
        prop_assert_eq!(as_otlp_time(native.end()), translated.end());
    }

    #[test]
    fn the_view_of_an_otlp_span_is_that_of_its_translation(span in otlp_span_to_translate()) {
        let (translated, native) = (to_v1(&span), Span::Otlp(span.clone()));
        prop_assert_eq!(ids_and_names(&native), ids_and_names(&translated));
        if parent_can_be_said(&span) {
            prop_assert_eq!(native.parent_span_id(), translated.parent_span_id());
        }
        if is_silent(&span.attributes, &["span.kind"]) || !matches!(span.kind, SpanKind::Unspecified | SpanKind::Unrecognized(_)) {
            prop_assert_eq!(native.kind().as_str(), translated.kind().as_str());
        }
        let told_elsewhere: &[&str] = match span.status.code {
            StatusCode::Error => &[],
            StatusCode::Ok => &["error"],
            StatusCode::Unset | StatusCode::Unrecognized(_) => &["error", "otel.status_code", "http.status_code"],
        };
        if is_silent(&span.attributes, told_elsewhere) {
            let code = |span: &Span| Some(span.status()).filter(|code| !matches!(code, StatusCode::Unrecognized(_)));
            prop_assert_eq!(code(&native).unwrap_or_default(), translated.status());
        }
        prop_assert_eq!(native.start(), translated.start());
        if i64::try_from(native.duration_nanos()).is_ok() {
            prop_assert_eq!(native.end(), translated.end());
        }
    }

    #[test]
    fn a_search_over_v2_finds_on_a_v1_span_what_v2_shows(
        (native, translated, queries) in with_queries(v1_span_to_translate(), Span::V1, to_otlp)
    ) {
        for condition in conditions(&queries, TextForm::V2) {
            let (is_found, is_shown) = (satisfies(&native, &condition), satisfies(&translated, &condition));
            prop_assert!(is_found || !is_shown, "{condition:?} holds on {translated:?} only, not on {native:?}");
            let Predicate::Attribute(AttributeCondition { key, .. }) = &condition else { continue };
            if ["error", "span.kind", "span.status", "scope.name", "scope.version", "resource.service.name"]
                .contains(&key.as_str())
            {
                prop_assert_eq!(is_found, is_shown, "{:?} on {:?}", condition, native);
            }
        }
    }

    #[test]
    fn a_search_over_v1_finds_on_an_otlp_span_what_v1_shows(
        (native, translated, queries) in with_queries(otlp_span_to_translate(), Span::Otlp, to_v1)
    ) {
        for condition in conditions(&queries, TextForm::V1) {
            prop_assert!(
                satisfies(&native, &condition) || !satisfies(&translated, &condition),
                "{condition:?} holds on {translated:?} only, not on {native:?}"
            );
        }
    }

    #[test]
    fn a_translation_to_v1_holds_only_what_v1_can_say(span in otlp_span_to_translate()) {
        let Span::V1(span) = to_v1(&span) else { unreachable!() };
        let of_process = span.process.iter().flat_map(|process| &process.tags);
        let of_logs = span.logs.iter().flat_map(|log| &log.fields);
        for tag in span.tags.iter().chain(of_process).chain(of_logs) {
            prop_assert!(!matches!(
                tag.value,
                AttributeValue::Empty | AttributeValue::Array(_) | AttributeValue::Map(_)
            ));
        }
    }

    #[test]
    fn a_translation_to_otlp_repeats_no_key(span in v1_span_to_translate()) {
        let Span::Otlp(span) = to_otlp(&span) else { unreachable!() };
        let of_events = span.events.iter().map(|event| &event.attributes);
        for attributes in of_events.chain([&span.attributes, &span.resource.attributes]) {
            let keys: std::collections::HashSet<_> = attributes.iter().map(|attribute| &attribute.key).collect();
            prop_assert_eq!(keys.len(), attributes.0.len());
        }
    }
}
