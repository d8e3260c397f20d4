//! Archiving again adds nothing.

use std::sync::Arc;

use futures::future::{join_all, try_join_all};
use jaeger_dynamodb_core::{Span, Tenant, TraceId, TraceWriter};
use jaeger_dynamodb_testkit::ManualClock;
use jaeger_dynamodb_testkit::fixtures::trace_id;
use jaeger_dynamodb_testkit::strategies::batches;
use jaeger_dynamodb_tests::{AnyError, NOW};
use proptest::prelude::*;

use super::world::{TABLE, World, answer, large_span, same_without_order, small_span, spans_of};

/// The spans again, in another order and other batches.
fn regrouped(batches: &[Vec<Span>], size: usize, seed: u64) -> Vec<Vec<Span>> {
    let mut spans: Vec<_> = batches.concat();
    fastrand::Rng::with_seed(seed).shuffle(&mut spans);
    spans.chunks(size).map(<[Span]>::to_vec).collect()
}

async fn adds_nothing(batches: Vec<Vec<Span>>, size: usize, seed: u64) -> Result<(), AnyError> {
    let world = World::new(Arc::new(ManualClock::at(NOW)))?;
    let servers = [world.server("one").await?, world.server("another").await?];
    let tenant = Tenant::default();
    let ids: Vec<TraceId> = batches.iter().flatten().map(Span::trace_id).collect();
    for batch in &batches {
        servers[0].archive.write_spans(&tenant, batch.clone()).await?;
    }
    let (keys, expected) = (world.keys().await?, answer(&servers[1].archive, &tenant, &ids).await?);
    let distinct: std::collections::HashSet<_> = batches.iter().flatten().collect();
    assert_eq!(keys.len(), distinct.len(), "an item for each distinct span");

    let again = regrouped(&batches, size, seed);
    let twice = servers.iter().flat_map(|server| again.iter().map(move |batch| (server, batch)));
    let writes = twice.map(|(server, batch)| server.archive.write_spans(&tenant, batch.clone()));
    join_all(writes).await.into_iter().collect::<Result<Vec<()>, _>>()?;
    assert_eq!(world.keys().await?, keys);
    assert_eq!(answer(&servers[1].archive, &tenant, &ids).await?, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn archiving_again_in_any_grouping_by_two_servers_at_once_adds_nothing(
        batches in batches(1..5), size in 1..7_usize, seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let outcome = runtime.block_on(adds_nothing(batches, size, seed));
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_large_span_that_two_servers_archive_at_once_is_there_once() -> Result<(), AnyError> {
    let world = World::new(Arc::new(ManualClock::at(NOW)))?;
    let servers = [world.server("one").await?, world.server("another").await?];
    let (tenant, span) = (Tenant::default(), large_span(1, 1, 1_000_000));
    try_join_all(servers.iter().map(|server| server.archive.write_spans(&tenant, vec![span.clone()])))
        .await?;
    assert_eq!(world.items().await?.len(), 3);
    assert_eq!(spans_of(&servers[0].archive, trace_id(1)).await?, [span]);
    Ok(())
}

#[tokio::test]
async fn a_span_that_stands_in_a_request_twice_is_put_once() -> Result<(), AnyError> {
    let world = World::new(Arc::new(ManualClock::at(NOW)))?;
    let server = world.server("server").await?;
    let before = world.traffic();
    let spans = [1, 2, 1, 1].map(|id| small_span(1, id)).to_vec();
    server.archive.write_spans(&Tenant::default(), spans).await?;
    assert_eq!(world.traffic().since(&before).of("PutItem", TABLE).requests, 2);
    let expected = [small_span(1, 1), small_span(1, 2)];
    assert!(same_without_order(&spans_of(&server.archive, trace_id(1)).await?, &expected));
    Ok(())
}
