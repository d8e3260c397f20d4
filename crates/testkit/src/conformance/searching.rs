//! What a search finds.

use jaeger_dynamodb_core::{
    AttributeCondition, Attributes, Predicate, Range, SearchCapabilities, Span, TextForm, otlp, v1,
};

use super::StoreUnderTest;
use super::expect::{Outcome, same, same_ids};
use crate::fixtures::{otlp_span, span_id, v1_span};

pub(super) fn attribute(form: TextForm, key: &str, text: &str) -> Predicate {
    Predicate::Attribute(AttributeCondition { key: key.to_owned(), text: text.to_owned(), form })
}

/// Expects each list of conditions to find the traces of these numbers, in this order.
pub(super) async fn expect_found(store: &StoreUnderTest, searches: Vec<(Vec<Predicate>, &[u64])>) -> Outcome {
    let answers = store.answers();
    for (conditions, numbers) in searches {
        let predicate = Predicate::All(conditions);
        same_ids(&format!("found by {predicate:?}"), &answers.found(&predicate).await?, numbers)?;
    }
    Ok(())
}

/// Expects each pair of key and text to find the traces of these numbers.
pub(super) async fn expect_pairs(
    store: &StoreUnderTest,
    form: TextForm,
    pairs: &[(&str, &str, &[u64])],
) -> Outcome {
    let search = |(key, text, numbers): &(&str, &str, _)| (vec![attribute(form, key, text)], *numbers);
    expect_found(store, pairs.iter().map(search).collect()).await
}

pub(super) fn with_attributes(trace: u64, attributes: Attributes) -> otlp::Span {
    otlp::Span { attributes, ..otlp_span(trace, 1, "web") }
}

/// A trace for each place, with the key and text there.
fn in_each_place(key: &str, text: &str) -> Vec<Span> {
    let attributes = || Attributes::from([(key, text)]);
    let in_resource = otlp::Resource { attributes: attributes(), ..otlp::Resource::default() };
    let in_scope = otlp::Scope { attributes: attributes(), ..otlp::Scope::default() };
    let in_event = otlp::Event { attributes: attributes(), ..otlp::Event::default() };
    let in_link = otlp::Link {
        trace_id: None,
        span_id: span_id(7),
        trace_state: String::new(),
        attributes: attributes(),
        dropped_attributes_count: 0,
        flags: 0,
    };
    let spans = [
        with_attributes(1, attributes()),
        otlp::Span { resource: in_resource.into(), ..otlp_span(2, 1, "") },
        otlp::Span { scope: in_scope.into(), ..otlp_span(3, 1, "web") },
        otlp::Span { events: vec![otlp::Event::default(), in_event], ..otlp_span(4, 1, "web") },
        otlp::Span { links: vec![in_link], ..otlp_span(5, 1, "web") },
        with_attributes(6, Attributes::from([(key, "other")])),
        with_attributes(7, Attributes::from([(text, key)])),
    ];
    spans.map(Span::Otlp).to_vec()
}

pub(super) async fn capabilities_are_declared(store: &StoreUnderTest) -> Outcome {
    let all = SearchCapabilities { without_service_name: true, same_span_conjunction: true };
    same("capabilities", &store.answers().capabilities(), &all)
}

pub(super) async fn attributes_are_found_in_each_place(store: &StoreUnderTest) -> Outcome {
    store.write(in_each_place("the.key", "the text")).await?;
    let pairs: [(&str, &str, &[u64]); 3] =
        [("the.key", "the text", &[1, 2, 3, 4, 5]), ("the.key", "other", &[6]), ("the.key", "absent", &[])];
    expect_pairs(store, TextForm::V2, &pairs).await
}

pub(super) async fn all_conditions_hold_on_one_span(store: &StoreUnderTest) -> Outcome {
    let spread = otlp::Span {
        resource: otlp::Resource {
            attributes: Attributes::from([("service.name", "web"), ("b", "2")]),
            ..otlp::Resource::default()
        }
        .into(),
        events: vec![otlp::Event { attributes: Attributes::from([("c", "3")]), ..otlp::Event::default() }],
        ..with_attributes(1, Attributes::from([("a", "1")]))
    };
    // The second trace has everything too, but on two spans.
    let halves = [
        with_attributes(2, Attributes::from([("a", "1")])),
        otlp::Span { span_id: span_id(2), ..with_attributes(2, Attributes::from([("b", "2"), ("c", "3")])) },
    ];
    store.write([spread].into_iter().chain(halves).map(Span::Otlp).collect()).await?;
    let v2 = |key, text| attribute(TextForm::V2, key, text);
    let service = |name: &str| Predicate::Service(name.to_owned());
    expect_found(
        store,
        vec![
            (vec![v2("a", "1"), v2("b", "2"), v2("c", "3")], &[1]),
            (vec![v2("b", "2"), v2("c", "3")], &[1, 2]),
            (vec![service("web"), v2("a", "1")], &[1, 2]),
            (
                vec![
                    service("web"),
                    Predicate::Operation("operation".to_owned()),
                    v2("c", "3"),
                    v2("a", "1"),
                ],
                &[1],
            ),
            (vec![service("cart"), v2("a", "1")], &[]),
            (vec![v2("a", "1"), v2("b", "3")], &[]),
        ],
    )
    .await
}

pub(super) async fn services_and_operations_are_compared_whole(store: &StoreUnderTest) -> Outcome {
    let span = |trace, service, name: &str| {
        Span::Otlp(otlp::Span { name: name.to_owned(), ..otlp_span(trace, 1, service) })
    };
    store
        .write(vec![
            span(1, "web", "GET /"),
            span(2, "web", "GET"),
            span(3, "webshop", "GET"),
            span(4, "WEB", "get"),
        ])
        .await?;
    let service = |name: &str| Predicate::Service(name.to_owned());
    let operation = |name: &str| Predicate::Operation(name.to_owned());
    expect_found(
        store,
        vec![
            (vec![service("web")], &[1, 2]),
            (vec![service("we")], &[]),
            (vec![operation("GET")], &[2, 3]),
            (vec![service("web"), operation("GET")], &[2]),
            (vec![service("webshop"), operation("GET /")], &[]),
        ],
    )
    .await
}

pub(super) async fn a_search_without_conditions_finds_everything(store: &StoreUnderTest) -> Outcome {
    let nameless = otlp::Span { resource: std::sync::Arc::default(), ..otlp_span(3, 1, "") };
    store.write([otlp_span(1, 1, "web"), otlp_span(2, 1, "cart"), nameless].map(Span::Otlp).to_vec()).await?;
    expect_found(store, vec![(Vec::new(), &[1, 2, 3])]).await
}

pub(super) async fn trees_of_conditions_are_boolean(store: &StoreUnderTest) -> Outcome {
    let spans = [[("a", "1"), ("b", "1")], [("a", "1"), ("b", "2")], [("a", "2"), ("b", "2")]];
    let spans =
        (1..).zip(spans).map(|(trace, pairs)| Span::Otlp(with_attributes(trace, Attributes::from(pairs))));
    store.write(spans.collect()).await?;
    let a = |text| attribute(TextForm::V2, "a", text);
    let b = |text| attribute(TextForm::V2, "b", text);
    let not = |predicate| Predicate::Not(Box::new(predicate));
    expect_found(
        store,
        vec![
            (vec![Predicate::Any(vec![a("2"), b("1")])], &[1, 3]),
            (vec![Predicate::Any(vec![])], &[]),
            (vec![Predicate::All(vec![])], &[1, 2, 3]),
            (vec![not(a("1"))], &[3]),
            (vec![not(Predicate::Any(vec![a("2"), b("1")]))], &[2]),
            (vec![a("1"), not(Predicate::All(vec![b("2")]))], &[1]),
            (vec![not(attribute(TextForm::V2, "absent", ""))], &[1, 2, 3]),
            (
                vec![Predicate::Service("web".to_owned()), Predicate::Any(vec![a("1"), a("2")]), b("2")],
                &[2, 3],
            ),
        ],
    )
    .await
}

/// A trace for each place of two pairs, and one without them.
fn v1_spans() -> [Span; 4] {
    let pairs = || Attributes::from([("k", "v"), ("k", "w")]);
    let process = v1::Process { service_name: "web".to_owned(), tags: pairs() };
    let log = v1::Log { fields: pairs(), ..v1::Log::default() };
    let spans = [
        v1::Span { tags: pairs(), ..v1_span(1, 1, "web") },
        v1::Span { process: Some(process.into()), ..v1_span(2, 1, "web") },
        v1::Span { logs: vec![v1::Log::default(), log], ..v1_span(3, 1, "web") },
        v1::Span { process: None, duration_nanos: 5, ..v1_span(4, 1, "") },
    ];
    spans.map(Span::V1)
}

pub(super) async fn v1_spans_are_found_by_v1_text(store: &StoreUnderTest) -> Outcome {
    store.write(v1_spans().to_vec()).await?;
    let pairs: [(&str, &str, &[u64]); 3] = [("k", "v", &[1, 2, 3]), ("k", "w", &[1, 2, 3]), ("k", "x", &[])];
    expect_pairs(store, TextForm::V1, &pairs).await?;
    let both = [attribute(TextForm::V1, "k", "v"), Predicate::Service("web".to_owned())];
    let of_five = Predicate::Duration(Range { min: Some(5), max: Some(5) });
    expect_found(store, vec![(both.to_vec(), &[1, 2, 3]), (vec![of_five], &[4])]).await
}

pub(super) async fn spans_of_both_forms_are_found(store: &StoreUnderTest) -> Outcome {
    let otlp = Span::Otlp(with_attributes(5, Attributes::from([("k", "v"), ("k", "w")])));
    store.write(v1_spans().into_iter().chain([otlp]).collect()).await?;
    expect_pairs(
        store,
        TextForm::V2,
        &[("k", "v", &[1, 2, 3, 5]), ("k", "w", &[1, 2, 3, 5]), ("k", "x", &[])],
    )
    .await?;
    expect_found(
        store,
        vec![
            (vec![Predicate::Service("web".to_owned())], &[1, 2, 3, 5]),
            (vec![Predicate::Operation("operation".to_owned())], &[1, 2, 3, 4, 5]),
            (vec![Predicate::Duration(Range { min: Some(5), max: Some(5) })], &[4]),
        ],
    )
    .await
}
