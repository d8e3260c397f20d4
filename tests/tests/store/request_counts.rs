//! What is asked of the service, in counts: starts that do not grow with what is stored, requests that share commits,
//! reads that read nothing twice, and never a scan.

use std::sync::Arc;

use futures::TryStreamExt;
use futures::future::try_join_all;
use jaeger_dynamodb_core::{Clock, Span, Tenant, TraceReader, TraceRef, TraceWriter};
use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};
use jaeger_dynamodb_testkit::{ManualClock, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open};
use std::time::Duration;

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

    async fn open(&self, label: &str) -> Result<Arc<jaeger_dynamodb_dynamo::DynamoStore>, AnyError> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        open(&self.engine.handle(label), clock, aws_config(), 7).await
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
