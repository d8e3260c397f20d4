//! Much of everything.

use std::num::NonZeroUsize;
use std::sync::Arc;

use jaeger_dynamodb_core::{
    Attribute, AttributeCondition, AttributeValue, Attributes, Predicate, Span, TextForm, TraceQuery, otlp,
};

use super::StoreUnderTest;
use super::expect::{Outcome, same, same_ids, same_spans};
use crate::fixtures::{START, otlp_span, resource};

/// Spans of trace 1 under one resource, one for each pair of span id and start.
fn spans(ids_and_starts: impl Iterator<Item = (u64, u64)>) -> Vec<Span> {
    let resource = resource("web");
    let span = |(id, after)| otlp::Span {
        resource: Arc::clone(&resource),
        start_time_unix_nano: START + after,
        end_time_unix_nano: START + after + 1,
        ..otlp_span(1, id, "")
    };
    ids_and_starts.map(|pair| Span::Otlp(span(pair))).collect()
}

fn has(key: &str, text: &str) -> Predicate {
    let condition = AttributeCondition { key: key.to_owned(), text: text.to_owned(), form: TextForm::V2 };
    Predicate::All(vec![Predicate::Attribute(condition)])
}

// Jaeger's own large trace: 10008 spans a second apart, of which two share an id.
pub(super) async fn a_trace_has_ten_thousand_spans(store: &StoreUnderTest) -> Outcome {
    let spans =
        spans((0..10_008).map(|number| (if number == 0 { 3 } else { number }, number * 1_000_000_000)));
    store.write(spans.clone()).await?;
    same_spans("spans by id", &store.answers().spans_of(1).await?, &spans)?;
    let found = store.answers().find(&TraceQuery::default()).await?;
    same("number of traces found", &found.len(), &1)?;
    found.iter().try_for_each(|trace| same_spans("spans found", &trace.spans, &spans))
}

// Jaeger's own duplicates: every twentieth of 200 spans has the id of the first, at another time.
pub(super) async fn repeated_ids_are_visible(store: &StoreUnderTest) -> Outcome {
    let spans = spans((0..200).map(|number| (if number % 20 == 0 { 0 } else { number }, number)));
    store.write(spans.clone()).await?;
    same_spans("spans", &store.answers().spans_of(1).await?, &spans)
}

pub(super) async fn a_span_has_five_thousand_attributes(store: &StoreUnderTest) -> Outcome {
    let attributes =
        (0..5_000).map(|number| Attribute::new(format!("key.{number}"), format!("value {number}")));
    let span = Span::Otlp(otlp::Span { attributes: attributes.collect(), ..otlp_span(1, 1, "web") });
    store.write(vec![span.clone(), Span::Otlp(otlp_span(2, 1, "web"))]).await?;
    same_spans("spans", &store.answers().spans_of(1).await?, &[span])?;
    for number in [0, 2_500, 4_999] {
        let predicate = has(&format!("key.{number}"), &format!("value {number}"));
        same_ids("found by one of them", &store.answers().found(&predicate).await?, &[1])?;
    }
    same_ids("found by none of them", &store.answers().found(&has("key.1", "value 2")).await?, &[])
}

/// A span with incompressible values: a text and bytes of half the size each.
fn huge(trace: u64, size: usize) -> (Span, String) {
    let mut random = fastrand::Rng::with_seed(trace);
    let text: String = (0..size / 2).map(|_| random.alphanumeric()).collect();
    let bytes = (0..size / 2).map(|_| random.u8(..)).collect();
    let attributes = Attributes(vec![
        Attribute::new("text", text.as_str()),
        Attribute::new("bytes", AttributeValue::Bytes(bytes)),
    ]);
    (Span::Otlp(otlp::Span { attributes, ..otlp_span(trace, 1, "web") }), text)
}

async fn expect_huge(store: &StoreUnderTest, size: usize) -> Outcome {
    let (span, text) = huge(1, size);
    let neighbour = Span::Otlp(otlp_span(1, 2, "web"));
    let (other, _) = huge(2, size);
    store.write(vec![span.clone(), neighbour.clone(), other]).await?;
    same_spans("spans", &store.answers().spans_of(1).await?, &[span, neighbour])?;
    same_ids("found by its text", &store.answers().found(&has("text", &text)).await?, &[1])?;
    let but_one = text.get(1..).unwrap_or_default();
    same_ids("found by another text", &store.answers().found(&has("text", but_one)).await?, &[])
}

pub(super) async fn a_value_has_five_hundred_kilobytes(store: &StoreUnderTest) -> Outcome {
    expect_huge(store, 1_000_000).await
}

pub(super) async fn a_value_has_five_megabytes(store: &StoreUnderTest) -> Outcome {
    expect_huge(store, 10_000_000).await
}

pub(super) async fn many_traces_are_found_at_once(store: &StoreUnderTest) -> Outcome {
    let span = |trace| otlp::Span { start_time_unix_nano: START + trace, ..otlp_span(trace, 1, "web") };
    for hundred in 0..5 {
        store
            .write((hundred * 100..hundred * 100 + 100).map(|trace| Span::Otlp(span(trace))).collect())
            .await?;
    }
    for limit in [499, 500, 1_500].into_iter().filter_map(NonZeroUsize::new) {
        let predicate = Predicate::All(vec![Predicate::Service("web".to_owned())]);
        let found = store.answers().find(&TraceQuery { predicate, limit, ..TraceQuery::default() }).await?;
        let ids: Vec<_> = found.into_iter().map(|trace| trace.id).collect();
        let expected: Vec<_> = (0..500).rev().take(limit.get()).collect();
        same_ids(&format!("ids at limit {limit}"), &ids, &expected)?;
    }
    Ok(())
}
