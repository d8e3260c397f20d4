//! What is asked of the service, in counts: starts that do not grow with what is stored, requests that share commits,
//! reads that read nothing twice, and never a scan.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::future::try_join_all;
use jaeger_dynamodb_core::{Clock, Span, Tenant, TraceQuery, TraceReader, TraceRef, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreConfig};
use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, ManualClock, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open};

fn spans(numbers: impl IntoIterator<Item = u64>) -> Vec<Span> {
    numbers.into_iter().map(|number| Span::Otlp(otlp_span(number, 1, "shop"))).collect()
}

struct World {
    clock: Arc<ManualClock>,
    engine: TestEngine,
    tenant: Tenant,
}

impl World {
    fn new() -> Result<Self, AnyError> {
        let clock = Arc::new(ManualClock::at(NOW));
        let engine = TestEngine::new(clock.clone())?;
        Ok(Self { clock, engine, tenant: Tenant::default() })
    }

    async fn open(&self, label: &str) -> Result<Arc<DynamoStore>, AnyError> {
        self.open_with(label, aws_config()).await
    }

    async fn open_with(&self, label: &str, config: StoreConfig) -> Result<Arc<DynamoStore>, AnyError> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        open(&self.engine.handle(label), clock, config, 7).await
    }

    fn requests(&self) -> u64 {
        self.engine.traffic().requests()
    }
}

#[tokio::test]
async fn a_start_costs_the_same_however_much_is_stored() -> Result<(), AnyError> {
    let world = World::new()?;
    let first = world.open("first").await?;
    let before = world.requests();
    world.open("second").await?;
    let empty = world.requests() - before;
    for window in 0..20 {
        first.write_spans(&world.tenant, spans(1 + window * 50..1 + (window + 1) * 50)).await?;
        world.clock.advance(Duration::from_secs(301));
    }
    let before = world.requests();
    world.open("third").await?;
    assert_eq!(world.requests() - before, empty);
    assert_eq!(world.engine.traffic().operation("Scan").requests, 0);
    Ok(())
}

#[tokio::test]
async fn requests_that_come_together_share_a_commit() -> Result<(), AnyError> {
    let world = World::new()?;
    let store = world.open("writer").await?;
    store.write_spans(&world.tenant, spans([1])).await?;
    let before = world.engine.traffic();
    try_join_all((2..52).map(|number| store.write_spans(&world.tenant, spans([number])))).await?;
    let puts = world.engine.traffic().since(&before).operation("PutItem").requests;
    // One commit for whoever came first, one for all others, of at most two items each.
    assert!(puts <= 4, "{puts} items were put for 50 requests");
    Ok(())
}

#[tokio::test]
async fn a_warm_reader_reads_of_the_log_only_what_is_new() -> Result<(), AnyError> {
    let world = World::new()?;
    let (writer, reader) = (world.open("writer").await?, world.open("reader").await?);
    for window in 0..10 {
        writer.write_spans(&world.tenant, spans(1 + window * 10..1 + (window + 1) * 10)).await?;
        world.clock.advance(Duration::from_secs(301));
    }
    world.clock.advance(Duration::from_secs(3600));
    writer.write_spans(&world.tenant, spans([1000])).await?;
    reader.services(&world.tenant).await?;
    reader.services(&world.tenant).await?;

    let before = world.engine.traffic();
    let found: Vec<_> =
        reader.get_traces(&world.tenant, vec![TraceRef::from(trace_id(25))]).try_collect().await?;
    let asked = world.engine.traffic().since(&before);
    assert_eq!(found.len(), 1);
    // The windows that may have changed, and the one lane of the one window that is open.
    assert_eq!(asked.operation("Query").requests, 2);
    // The one pack.
    assert_eq!(asked.operation("GetItem").requests, 1);
    assert_eq!(asked.requests(), 3);
    Ok(())
}

#[tokio::test]
async fn items_expire_with_their_window_and_are_not_found_from_then_on() -> Result<(), AnyError> {
    let world = World::new()?;
    let (writer, reader) = (world.open("writer").await?, world.open("reader").await?);
    writer.write_spans(&world.tenant, spans([1])).await?;
    assert_eq!(reader.services(&world.tenant).await?, ["shop"]);
    world.clock.advance(Duration::from_secs(7 * 24 * 3600 + 301));
    // The engine has deleted nothing yet, as DynamoDB, which takes days.
    for _ in 0..3 {
        reader.services(&world.tenant).await?;
    }
    assert!(reader.services(&world.tenant).await?.is_empty());
    let cold = world.open("cold").await?;
    assert!(cold.services(&world.tenant).await?.is_empty());
    assert!(world.engine.delete_expired().await? >= 2);
    assert!(cold.services(&world.tenant).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_search_reads_a_pack_once() -> Result<(), AnyError> {
    let world = World::new()?;
    let (writer, reader) = (world.open("writer").await?, world.open("reader").await?);
    writer.write_spans(&world.tenant, spans(1..100)).await?;
    let before = world.engine.traffic();
    let found: Vec<_> = reader.find_traces(&world.tenant, TraceQuery::default()).try_collect().await?;
    assert_eq!(found.len(), 99);
    assert_eq!(world.engine.traffic().since(&before).operation("GetItem").requests, 1);
    Ok(())
}

#[tokio::test]
async fn lingering_makes_commits_larger_but_never_delays_a_lone_request() -> Result<(), AnyError> {
    let world = World::new()?;
    let linger = Duration::from_millis(200);
    let handle = world.engine.handle("writer");
    let config = StoreConfig { linger, ..aws_config() };
    let store = open(&handle, world.clock.clone(), config, 7).await?;
    // The clock stands still: a request that lingered would never be done.
    store.write_spans(&world.tenant, spans([1])).await?;
    store.write_spans(&world.tenant, spans([2])).await?;

    let put_takes = Duration::from_millis(50);
    handle.inject(FaultPlan::new(move |request| match request.operation.as_str() {
        "PutItem" => Fault::DelayAnswer(put_takes),
        _ => Fault::None,
    }));
    let write = |number: u64| {
        let (store, tenant) = (Arc::clone(&store), world.tenant.clone());
        tokio::spawn(async move { store.write_spans(&tenant, spans([number])).await })
    };
    let puts = || world.engine.traffic().operation("PutItem").requests;
    let before = puts();
    let mut writing = vec![write(10)];
    settle().await;
    writing.extend([write(11), write(12)]);
    settle().await;
    world.clock.advance(put_takes);
    settle().await;
    assert_eq!(puts() - before, 2, "two requests that waited for the first share the second commit");
    writing.push(write(13));
    settle().await;
    world.clock.advance(put_takes);
    settle().await;
    assert_eq!(puts() - before, 2, "requests come faster than commits: the third commit waits for company");
    writing.push(write(14));
    world.clock.advance(linger);
    settle().await;
    assert_eq!(puts() - before, 3);
    world.clock.advance(put_takes);
    for written in writing {
        written.await??;
    }
    assert_eq!(puts() - before, 3);
    Ok(())
}

/// Lets every task run until it waits for the clock.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
