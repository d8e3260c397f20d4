//! Services and operations.

use jaeger_dynamodb_core::{Operation, Predicate, Span, SpanKind, otlp};

use super::StoreUnderTest;
use super::expect::{Outcome, same, same_ids};
use crate::fixtures::{otlp_span, v1_span};

fn span(trace: u64, service: &str, name: &str, kind: SpanKind) -> Span {
    Span::Otlp(otlp::Span { name: name.to_owned(), kind, ..otlp_span(trace, 1, service) })
}

fn operations<const N: usize>(operations: [(&str, &str); N]) -> Vec<Operation> {
    let operation =
        |(name, kind): (&str, &str)| Operation { name: name.to_owned(), span_kind: kind.to_owned() };
    operations.map(operation).to_vec()
}

/// Several writes, so that nothing is distinct by itself.
async fn fill(store: &StoreUnderTest) -> Outcome {
    store
        .write(vec![span(1, "web", "GET", SpanKind::Server), span(1, "cart", "add", SpanKind::Internal)])
        .await?;
    store
        .write(vec![span(2, "web", "GET", SpanKind::Server), span(2, "web", "GET", SpanKind::Client)])
        .await?;
    store
        .write(vec![span(3, "web", "DELETE", SpanKind::Unspecified), span(3, "Web", "GET", SpanKind::Server)])
        .await?;
    store.write(vec![span(4, "cart", "odd", SpanKind::Unrecognized(9))]).await
}

pub(super) async fn services_are_sorted_and_listed_once(store: &StoreUnderTest) -> Outcome {
    fill(store).await?;
    same("services", &store.answers().services().await?, &["Web", "cart", "web"].map(str::to_owned).to_vec())
}

pub(super) async fn operations_are_listed_by_name_and_kind(store: &StoreUnderTest) -> Outcome {
    fill(store).await?;
    let answers = store.answers();
    let web = operations([("DELETE", ""), ("GET", "client"), ("GET", "server")]);
    same("operations of web", &answers.operations("web", "").await?, &web)?;
    same("operations of Web", &answers.operations("Web", "").await?, &operations([("GET", "server")]))?;
    let cart = operations([("add", "internal"), ("odd", "")]);
    same("operations of cart", &answers.operations("cart", "").await?, &cart)?;
    same("operations of nobody", &answers.operations("nobody", "").await?, &Vec::new())
}

pub(super) async fn operations_of_one_kind_are_listed_alone(store: &StoreUnderTest) -> Outcome {
    fill(store).await?;
    let answers = store.answers();
    for (kind, expected) in [
        ("server", operations([("GET", "server")])),
        ("client", operations([("GET", "client")])),
        ("producer", Vec::new()),
        ("no kind", Vec::new()),
    ] {
        same(&format!("{kind} operations"), &answers.operations("web", kind).await?, &expected)?;
    }
    Ok(())
}

pub(super) async fn overlong_and_empty_names_are_not_listed_but_found(store: &StoreUnderTest) -> Outcome {
    let (long, too_long) = ("n".repeat(1_024), "n".repeat(1_025));
    store
        .write(vec![span(1, &long, &long, SpanKind::Server), span(2, &too_long, "op", SpanKind::Server)])
        .await?;
    store.write(vec![span(3, &long, &too_long, SpanKind::Server), span(4, "", "", SpanKind::Server)]).await?;
    let answers = store.answers();
    same("services", &answers.services().await?, &vec![long.clone()])?;
    same("operations", &answers.operations(&long, "").await?, &operations([(&long, "server")]))?;
    for (predicate, trace) in [(Predicate::Service(too_long.clone()), 2), (Predicate::Operation(too_long), 3)]
    {
        same_ids(
            "found by an overlong name",
            &answers.found(&Predicate::All(vec![predicate])).await?,
            &[trace],
        )?;
    }
    Ok(())
}

pub(super) async fn many_services_are_all_listed(store: &StoreUnderTest) -> Outcome {
    let names: Vec<_> = (0..300).map(|number| format!("service-{number:03}")).collect();
    for some in names.chunks(75) {
        let spans = some.iter().zip(1..).map(|(name, trace)| span(trace, name, name, SpanKind::Server));
        store.write(spans.collect()).await?;
    }
    same("services", &store.answers().services().await?, &names)?;
    let expected = operations([("service-123", "server")]);
    same("operations", &store.answers().operations("service-123", "").await?, &expected)
}

pub(super) async fn services_of_v1_spans_are_listed(store: &StoreUnderTest) -> Outcome {
    let tags = [("span.kind", "server")].into();
    let span = jaeger_dynamodb_core::v1::Span { tags, ..v1_span(1, 1, "old") };
    store.write(vec![Span::V1(span), Span::V1(v1_span(1, 2, ""))]).await?;
    same("services", &store.answers().services().await?, &vec!["old".to_owned()])?;
    let expected = operations([("operation", "server")]);
    same("operations", &store.answers().operations("old", "").await?, &expected)
}
