//! Faults lose nothing that was acknowledged.

use std::time::Duration;

use jaeger_dynamodb_core::{MemoryStore, Span, StoreErrorKind, Tenant, TraceId, TraceWriter};
use jaeger_dynamodb_dynamo::{ArchiveStore, StoreConfig};
use jaeger_dynamodb_testkit::fixtures::{full_otlp_span, full_v1_span, trace_id};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, FaultRates, Refusal, RequestInfo};
use jaeger_dynamodb_tests::{AnyError, aws_config, tokio_clock};

use super::world::{TABLE, World, answer, large_span, same_without_order, small_span, spans_of};

/// A client gives up after so many refusals; no law is about giving up.
const MOST_TRIES: usize = 50;

fn is_put(request: &RequestInfo) -> bool {
    request.is("PutItem", TABLE)
}

async fn write_until_taken(archive: &ArchiveStore, spans: &[Span]) -> Result<(), AnyError> {
    for _ in 0..MOST_TRIES {
        if archive.write_spans(&Tenant::default(), spans.to_vec()).await.is_ok() {
            return Ok(());
        }
    }
    Err("the spans are never taken".into())
}

#[tokio::test(start_paused = true)]
async fn on_bad_days_whatever_is_acknowledged_is_found() -> Result<(), AnyError> {
    let mut retried = 0;
    for seed in 0..40 {
        let world = World::new(tokio_clock())?;
        let archive_retention = (seed % 2 == 0).then_some(Duration::from_secs(3600));
        let config = StoreConfig { archive_retention, ..aws_config() };
        let (writer, reader) = (world.server_with("writer", config).await?, world.server("reader").await?);
        let rates = FaultRates {
            throttle: 10,
            http_500: 5,
            cut_before: 10,
            cut_after: 10,
            execute_later: 10,
            delay_percent: 10,
            ..FaultRates::default()
        };
        writer.handle.inject(FaultPlan::seeded(seed, rates));
        let (reference, tenant) = (MemoryStore::new(), Tenant::default());
        let ids: Vec<TraceId> = (1..=3).map(trace_id).collect();
        for batch in 0..5 {
            let trace = 1 + batch % 3;
            let mut spans: Vec<_> = (0..5).map(|id| small_span(trace, batch * 10 + id)).collect();
            spans.push(Span::Otlp(full_otlp_span(trace, batch, "shop")));
            spans.push(Span::V1(full_v1_span(trace, batch, "shop")));
            spans.push(large_span(trace, 100, 500_000));
            write_until_taken(&writer.archive, &spans).await?;
            reference.write_spans(&tenant, spans).await?;
            let expected = answer(&reference, &tenant, &ids).await?;
            assert_eq!(answer(&reader.archive, &tenant, &ids).await?, expected, "seed {seed}");
        }
        // Long enough for every late put.
        world.clock.sleep(Duration::from_secs(60)).await;
        let expected = answer(&reference, &tenant, &ids).await?;
        assert_eq!(answer(&reader.archive, &tenant, &ids).await?, expected, "seed {seed}");
        let distinct = expected.iter().flat_map(|(_, spans)| spans).count();
        assert_eq!(world.items().await?.len(), distinct + ids.len(), "large spans take two items");
        retried += world.traffic().of("PutItem", TABLE).requests;
    }
    println!("{retried} puts arrived for {} items", 40 * (5 * 7 + 6));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_put_loses_nothing_of_before_and_archiving_again_completes_it() -> Result<(), AnyError>
{
    let (first, second) = (vec![small_span(1, 1)], vec![large_span(1, 2, 1_000_000), small_span(1, 3)]);
    let both = [first.clone(), second.clone()].concat();
    let mut left_incomplete = 0;
    for nth in 0..4 {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let world = World::new(tokio_clock())?;
            let (writer, reader) = (world.server("writer").await?, world.server("reader").await?);
            writer.archive.write_spans(&Tenant::default(), first.clone()).await?;
            writer.handle.inject(FaultPlan::nth(nth, is_put, fault));
            let cut_off = writer.archive.write_spans(&Tenant::default(), second.clone()).await;
            assert!(cut_off.is_err());
            let found = spans_of(&reader.archive, trace_id(1)).await?;
            assert!(found.contains(&first[0]) && found.iter().all(|span| both.contains(span)));
            left_incomplete += usize::from(!found.contains(&second[0]));
            reader.archive.write_spans(&Tenant::default(), second.clone()).await?;
            assert!(same_without_order(&spans_of(&reader.archive, trace_id(1)).await?, &both));
            assert_eq!(world.items().await?.len(), 1 + 3 + 1);
        }
    }
    assert!(left_incomplete >= 4, "{left_incomplete}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_is_throttled_is_waited_for() -> Result<(), AnyError> {
    let world = World::new(tokio_clock())?;
    let server = world.server("server").await?;
    let spans: Vec<_> = (1..=100).map(|id| small_span(1, id)).collect();
    let began = world.clock.monotonic();
    let clock = std::sync::Arc::clone(&world.clock);
    server.handle.inject(FaultPlan::new(move |request| {
        // For half a minute nothing gets through.
        let is_hot = clock.monotonic() - began < Duration::from_secs(30);
        if is_put(request) && is_hot { Fault::Refuse(Refusal::ThroughputExceeded) } else { Fault::None }
    }));
    server.archive.write_spans(&Tenant::default(), spans.clone()).await?;
    assert!(same_without_order(&spans_of(&server.archive, trace_id(1)).await?, &spans));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_throttled_for_a_minute_is_refused_and_may_be_tried_again() -> Result<(), AnyError> {
    let world = World::new(tokio_clock())?;
    let server = world.server("server").await?;
    let spans: Vec<_> = (1..=100).map(|id| small_span(1, id)).collect();
    server.handle.inject(FaultPlan::new(|request| {
        if is_put(request) { Fault::Refuse(Refusal::Throttling) } else { Fault::None }
    }));
    let began = world.clock.monotonic();
    let refused = server.archive.write_spans(&Tenant::default(), spans.clone()).await;
    let took = world.clock.monotonic() - began;
    assert_eq!(refused.err().map(|error| error.kind()), Some(StoreErrorKind::Overloaded));
    assert!((Duration::from_secs(50)..=Duration::from_secs(61)).contains(&took), "{took:?}");
    server.handle.inject(FaultPlan::none());
    server.archive.write_spans(&Tenant::default(), spans.clone()).await?;
    assert!(same_without_order(&spans_of(&server.archive, trace_id(1)).await?, &spans));
    Ok(())
}
