//! Runs beside each other, and interrupted at every request: the first manifest wins, and nothing is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jaeger_dynamodb_core::{Span, TraceWriter};
use jaeger_dynamodb_dynamo::{JobMode, RoundReport};
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{Fault, FaultPlan, RequestInfo};
use jaeger_dynamodb_tests::AnyError;

use super::world::*;

#[tokio::test(start_paused = true)]
async fn two_runners_at_once_derive_each_window_once() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(4).await?;
    let (first, second) = (world.runner(JobMode::InProcess).await?, world.runner(JobMode::InProcess).await?);
    let (one, two) = tokio::join!(first.1.round(), second.1.round());
    let (one, two) = (one?, two?);
    assert_eq!((one.derived + two.derived, one.lost + two.lost, one.sealed + two.sealed), (4, 0, 4));
    assert_eq!(world.runs().await?.len(), 4);
    world.clock.sleep(LEASE).await;
    for runner in [&first.1, &second.1] {
        assert_eq!(runner.round().await?, RoundReport::default());
    }
    world.everything_is_derived(items_of_a_run().await?).await
}

#[tokio::test(start_paused = true)]
async fn of_two_runs_over_one_window_the_first_manifest_wins() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (slow, first) = world.runner(JobMode::InProcess).await?;
    let (_, second) = world.runner(JobMode::InProcess).await?;
    slow.inject(FaultPlan::new(|request| match request.is("PutItem", "jaeger.index") {
        true => Fault::DelayAnswer(Duration::from_secs(2)),
        false => Fault::None,
    }));
    let overtaken = tokio::spawn(async move { first.round().await });
    world.clock.sleep(Duration::from_secs(1)).await;
    world.delete_claims().await?;
    assert_eq!(second.round().await?.derived, 1);
    let manifests = world.manifests().await?;
    let report = overtaken.await??;
    assert_eq!((report.derived, report.lost, report.not_done), (0, 1, 0));
    assert_eq!(world.runs().await?.len(), 2);
    assert_eq!(world.manifests().await?, manifests);
    world.everything_is_derived(items_of_a_run().await?).await
}

#[tokio::test(start_paused = true)]
async fn a_manifest_whose_answer_was_lost_is_recognised() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (handle, runner) = world.runner(JobMode::InProcess).await?;
    handle.inject(FaultPlan::nth(0, is_publication, Fault::CutAfter));
    assert_eq!(runner.round().await?, done(1));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_is_executed_late_replaces_nothing() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (handle, first) = world.runner(JobMode::InProcess).await?;
    let late = Fault::CutAndExecuteLater(Duration::from_secs(600));
    handle.inject(FaultPlan::new(move |request| if is_publication(request) { late } else { Fault::None }));
    let report = first.round().await?;
    assert_eq!((report.derived, report.postponed, report.not_done), (0, 1, 1));
    let (_, second) = world.runner(JobMode::InProcess).await?;
    assert_eq!(second.round().await?.postponed, 1, "it is parked");
    let claims = world.index(b'j').await?;
    assert!(claims[0]["reason"].as_s().is_ok_and(|reason| !reason.is_empty()));
    assert_eq!(claims[0]["tries"], AttributeValue::N("1".to_owned()));
    world.clock.sleep(Duration::from_secs(11)).await;
    assert_eq!(second.round().await?.derived, 1);
    let manifests = world.manifests().await?;
    world.clock.sleep(Duration::from_secs(700)).await;
    assert_eq!(world.manifests().await?, manifests);
    assert_eq!(first.round().await?, RoundReport::default());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_request_delays_and_loses_nothing() -> Result<(), AnyError> {
    let items_of_a_run = items_of_a_run().await?;
    for (fault, windows) in [(Fault::CrashAfter, 2), (Fault::CrashBefore, 1)] {
        let mut crashes = 0;
        loop {
            let world = World::new()?;
            world.fill(windows).await?;
            let (handle, dying) = world.runner(JobMode::InProcess).await?;
            handle.inject(FaultPlan::nth(crashes, |_: &RequestInfo| true, fault));
            // Only what it leaves behind matters.
            let _ = dying.round().await;
            if !handle.is_crashed() {
                break;
            }
            crashes += 1;
            world.answers_are_right().await?;
            world.clock.sleep(LEASE).await;
            let (_, next) = world.runner(JobMode::InProcess).await?;
            let report = next.round().await?;
            assert_eq!((report.not_done, report.postponed, report.lost), (0, 0, 0), "request {crashes}");
            world.everything_is_derived(items_of_a_run).await?;
            world.answers_are_right().await?;
        }
        assert!(crashes > 10, "{crashes} requests");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn faults_of_every_kind_only_delay() -> Result<(), AnyError> {
    for seed in 0..20 {
        let world = World::new()?;
        world.fill(2).await?;
        let (handle, runner) = world.runner(JobMode::InProcess).await?;
        handle.inject(FaultPlan::seeded(seed, Default::default()));
        for _ in 0..20 {
            // A listing that fails is tried again by the next round.
            let _ = runner.round().await;
            world.clock.sleep(Duration::from_secs(60)).await;
        }
        handle.inject(FaultPlan::none());
        assert_eq!(runner.round().await?.not_done, 0, "seed {seed}");
        assert_eq!(world.manifests().await?.len(), 2);
        world.answers_are_right().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_purge_leaves_nothing_for_the_job_to_bring_back() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (handle, store) = world.open().await?;
    let runner = store.maintenance(JobMode::InProcess, vec![world.tenant.clone()]);
    runner.round().await?;
    store.purge(false).await?;
    assert_eq!(runner.round().await?, RoundReport::default());
    // What the process knew to be in the catalog is gone, and is written again.
    let store_again = Arc::clone(&store);
    let mut span = otlp_span(1, 1, "shop");
    span.name = "operation 0".to_owned();
    store_again.write_spans(&world.tenant, vec![Span::Otlp(span)]).await?;
    world.clock.sleep(CLOSED).await;
    // A purge while a run is under way.
    handle.inject(FaultPlan::new(|request| match request.is("PutItem", "jaeger.index") {
        true => Fault::DelayAnswer(Duration::from_secs(2)),
        false => Fault::None,
    }));
    let under_way = tokio::spawn(async move { (runner.round().await, runner) });
    world.clock.sleep(Duration::from_secs(1)).await;
    store.purge(false).await?;
    let (report, runner) = under_way.await?;
    assert_eq!(report?.derived, 0);
    assert!(world.catalog().await?.is_empty());
    handle.inject(FaultPlan::none());
    let mut span = otlp_span(2, 1, "shop");
    span.name = "operation 1".to_owned();
    store.write_spans(&world.tenant, vec![Span::Otlp(span)]).await?;
    world.clock.sleep(CLOSED).await;
    assert_eq!(runner.round().await?.derived, 1);
    assert_eq!(world.catalog().await?, BTreeMap::from([("shop".to_owned(), operations(1..2))]));
    Ok(())
}
