//! Which traces come first, and which are left out at a limit.

use std::num::NonZeroUsize;

use jaeger_dynamodb_core::{Predicate, Range, Span, TraceId, TraceQuery, UnixNanos, otlp};

use super::StoreUnderTest;
use super::expect::{Outcome, same_ids};
use crate::fixtures::{START, otlp_span};

/// A span so many nanoseconds after the usual start.
fn span(trace: u64, number: u64, service: &str, after: u64) -> Span {
    let start_time_unix_nano = START + after;
    Span::Otlp(otlp::Span {
        start_time_unix_nano,
        end_time_unix_nano: start_time_unix_nano + 1,
        ..otlp_span(trace, number, service)
    })
}

fn service(name: &str) -> Predicate {
    Predicate::All(vec![Predicate::Service(name.to_owned())])
}

async fn found(store: &StoreUnderTest, query: TraceQuery) -> Result<Vec<TraceId>, String> {
    Ok(store.answers().find(&query).await?.into_iter().map(|trace| trace.id).collect())
}

pub(super) async fn the_newest_matching_start_comes_first(store: &StoreUnderTest) -> Outcome {
    store
        .write(vec![span(1, 1, "web", 5), span(2, 1, "web", 1), span(2, 2, "web", 9), span(3, 1, "web", 7)])
        .await?;
    same_ids("ids", &store.answers().found(&service("web")).await?, &[2, 3, 1])?;
    same_ids("ids without service", &store.answers().found(&Predicate::default()).await?, &[2, 3, 1])
}

pub(super) async fn equal_starts_are_ordered_by_id(store: &StoreUnderTest) -> Outcome {
    for trace in [4, 1, 3, 5, 2] {
        store.write(vec![span(trace, 1, "web", 5)]).await?;
    }
    for limit in (1..=6).filter_map(NonZeroUsize::new) {
        let query = TraceQuery { predicate: service("web"), limit, ..TraceQuery::default() };
        let expected: Vec<_> = (1..=5).take(limit.get()).collect();
        same_ids(&format!("ids at limit {limit}"), &found(store, query).await?, &expected)?;
    }
    Ok(())
}

pub(super) async fn every_limit_keeps_the_newest(store: &StoreUnderTest) -> Outcome {
    // Hours apart, so that a store that searches by hour has many to look at.
    let all: Vec<_> = (0..20).map(|trace| span(trace, 1, "web", trace * 3_600_000_000_000)).collect();
    let (odd, even): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(index, _)| index % 2 == 1);
    for half in [even, odd] {
        store.write(half.into_iter().map(|(_, span)| span).collect()).await?;
    }
    for limit in (1..=21).filter_map(NonZeroUsize::new) {
        let query = TraceQuery { limit, ..TraceQuery::default() };
        let expected: Vec<_> = (0..20).rev().take(limit.get()).collect();
        same_ids(&format!("ids at limit {limit}"), &found(store, query).await?, &expected)?;
    }
    Ok(())
}

pub(super) async fn spans_that_do_not_match_do_not_count(store: &StoreUnderTest) -> Outcome {
    store
        .write(vec![
            span(1, 1, "web", 1),
            span(1, 2, "cart", 99),
            span(2, 1, "web", 2),
            span(3, 1, "cart", 50),
        ])
        .await?;
    same_ids("ids", &store.answers().found(&service("web")).await?, &[2, 1])?;
    same_ids("ids of the other service", &store.answers().found(&service("cart")).await?, &[1, 3])
}

pub(super) async fn spans_outside_the_range_do_not_count(store: &StoreUnderTest) -> Outcome {
    store
        .write(vec![span(1, 1, "web", 1), span(1, 2, "web", 99), span(2, 1, "web", 2), span(3, 1, "web", 80)])
        .await?;
    let start = Range { min: None, max: Some(UnixNanos(i128::from(START) + 50)) };
    let query = TraceQuery { start, predicate: service("web"), ..TraceQuery::default() };
    same_ids("ids", &found(store, query.clone()).await?, &[2, 1])?;
    let query = TraceQuery { limit: NonZeroUsize::MIN, ..query };
    same_ids("ids at limit 1", &found(store, query).await?, &[2])
}

pub(super) async fn the_order_of_writes_does_not_count(store: &StoreUnderTest) -> Outcome {
    store.write(vec![span(1, 1, "web", 9)]).await?;
    store.write(vec![span(2, 1, "web", 5)]).await?;
    store.write(vec![span(1, 2, "web", 1)]).await?;
    same_ids("older spans written later", &store.answers().found(&service("web")).await?, &[1, 2])?;
    store.write(vec![span(2, 2, "web", 10)]).await?;
    same_ids("a newer span written later", &store.answers().found(&service("web")).await?, &[2, 1])
}
