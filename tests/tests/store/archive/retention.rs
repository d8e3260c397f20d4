//! How long archived traces are kept.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Span, Tenant, TraceWriter};
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::fixtures::trace_id;
use jaeger_dynamodb_testkit::{Fault, FaultPlan, ManualClock};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config};

use super::world::{Server, TABLE, World, large_span, small_span, spans_of};

const DAY: Duration = Duration::from_secs(24 * 3600);

struct Calendar {
    clock: ManualClock,
    world: World,
}

impl Calendar {
    fn new() -> Result<Self, AnyError> {
        let clock = ManualClock::at(NOW);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        Ok(Self { clock, world: World::new(shared)? })
    }

    async fn keeping(&self, label: &str, archive_retention: Option<Duration>) -> Result<Server, AnyError> {
        self.world.server_with(label, StoreConfig { archive_retention, ..aws_config() }).await
    }

    async fn while_time_passes<T>(&self, work: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                self.clock.advance(Duration::from_millis(50));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            outcome = work => outcome,
            never = passing => never,
        }
    }

    /// What a server that starts now finds of trace 1.
    async fn found(&self) -> Result<Vec<Span>, AnyError> {
        let cold = self.world.server("cold").await?;
        Ok(spans_of(&cold.archive, trace_id(1)).await?)
    }
}

async fn archive(server: &Server, spans: &[Span]) -> Result<(), AnyError> {
    Ok(server.archive.write_spans(&Tenant::default(), spans.to_vec()).await?)
}

#[tokio::test]
async fn without_retention_nothing_expires() -> Result<(), AnyError> {
    let calendar = Calendar::new()?;
    let server = calendar.world.server("server").await?;
    let spans = [small_span(1, 1), large_span(1, 2, 500_000)];
    archive(&server, &spans).await?;
    assert_eq!(calendar.world.items().await?.len(), 3);
    assert!(calendar.world.items().await?.iter().all(|item| !item.contains_key("expiry")));
    calendar.clock.advance(10_000 * DAY);
    calendar.world.engine.delete_expired().await?;
    assert_eq!(calendar.found().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn what_has_expired_is_not_answered_although_it_is_still_there() -> Result<(), AnyError> {
    let calendar = Calendar::new()?;
    let server = calendar.keeping("server", Some(30 * DAY)).await?;
    let spans = [small_span(1, 1), large_span(1, 2, 500_000)];
    archive(&server, &spans).await?;
    calendar.clock.advance(30 * DAY - Duration::from_secs(1));
    assert_eq!(calendar.found().await?.len(), 2);
    calendar.clock.advance(Duration::from_secs(2));
    assert_eq!(calendar.found().await?, []);
    assert_eq!(calendar.world.items().await?.len(), 3);
    assert_eq!(calendar.world.engine.delete_expired().await?, 3);
    Ok(())
}

#[tokio::test]
async fn archiving_again_renews_even_what_has_expired_already() -> Result<(), AnyError> {
    let calendar = Calendar::new()?;
    let server = calendar.keeping("server", Some(30 * DAY)).await?;
    let spans = [small_span(1, 1), large_span(1, 2, 500_000)];
    archive(&server, &spans).await?;
    for days in [20, 20, 40] {
        calendar.clock.advance(days * DAY);
        // The servers of a test learn the time from answers only.
        let server = calendar.keeping("later", Some(30 * DAY)).await?;
        archive(&server, &spans).await?;
        assert_eq!(calendar.found().await?.len(), 2);
    }
    assert_eq!(calendar.world.items().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn nobody_shortens_what_another_has_promised() -> Result<(), AnyError> {
    let promises = [Some(10 * DAY), Some(90 * DAY), None];
    for longer in 0..promises.len() {
        for shorter in 0..=longer {
            let calendar = Calendar::new()?;
            let first = calendar.keeping("first", promises[longer]).await?;
            archive(&first, &[small_span(1, 1)]).await?;
            let second = calendar.keeping("second", promises[shorter]).await?;
            archive(&second, &[small_span(1, 1)]).await?;
            let kept = promises[longer].unwrap_or(10_000 * DAY);
            calendar.clock.advance(kept - Duration::from_secs(1));
            assert_eq!(calendar.found().await?.len(), 1, "{longer} {shorter}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_renewal_that_ends_between_parts_leaves_the_first_promise() -> Result<(), AnyError> {
    let parts = 3;
    for nth in 0..parts {
        let calendar = Calendar::new()?;
        let span = large_span(1, 1, 1_000_000);
        let spans = std::slice::from_ref(&span);
        archive(&calendar.keeping("first", Some(30 * DAY)).await?, spans).await?;
        calendar.clock.advance(20 * DAY);
        let second = calendar.keeping("second", Some(30 * DAY)).await?;
        second.handle.inject(FaultPlan::nth(nth, |request| request.is("PutItem", TABLE), Fault::CrashBefore));
        let ended = calendar.while_time_passes(archive(&second, spans)).await;
        assert!(ended.is_err());
        assert_eq!(calendar.found().await?, [span]);
        calendar.clock.advance(10 * DAY);
        assert_eq!(calendar.found().await?, [], "not all of it was renewed");
    }
    Ok(())
}

#[tokio::test]
async fn a_put_that_is_executed_late_does_not_take_a_promise_back() -> Result<(), AnyError> {
    let calendar = Calendar::new()?;
    let server = calendar.keeping("server", Some(30 * DAY)).await?;
    let late = Fault::CutAndExecuteLater(Duration::from_secs(100));
    server.handle.inject(FaultPlan::nth(0, |request| request.is("PutItem", TABLE), late));
    // The first put is cut, the second one done.
    calendar.while_time_passes(archive(&server, &[small_span(1, 1)])).await?;
    let forever = calendar.world.server("for ever").await?;
    archive(&forever, &[small_span(1, 1)]).await?;
    calendar.clock.advance(Duration::from_secs(200));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let items = calendar.world.items().await?;
    assert!(items.len() == 1 && !items[0].contains_key("expiry"));
    assert_eq!(calendar.world.traffic().of("PutItem", TABLE).requests, 3, "the late put was executed");
    Ok(())
}
