//! What a round does, in which order, and what it costs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_types::base64;
use jaeger_dynamodb_core::{Span, Tenant, TraceWriter};
use jaeger_dynamodb_dynamo::{JobMode, RoundReport};
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{Fault, FaultPlan, RequestInfo};
use jaeger_dynamodb_tests::AnyError;

use super::world::*;

#[tokio::test(start_paused = true)]
async fn closed_windows_are_sealed_and_derived_oldest_first() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(3).await?;
    let (handle, runner) = world.runner(JobMode::InProcess).await?;
    let published = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&published);
    handle.inject(FaultPlan::new(move |request| {
        if is_publication(request) {
            seen.lock().unwrap().push(request.body["Key"]["sk"]["B"].as_str().unwrap().to_owned());
        }
        Fault::None
    }));
    assert_eq!(runner.round().await?, done(3));
    world.everything_is_derived(items_of_a_run().await?).await?;
    assert!(world.windows().await?.iter().all(|item| item.contains_key("sealed")));
    // In base64 the first six bytes are the same; what differs in these three windows keeps its order.
    let published = published.lock().unwrap().clone();
    assert_eq!(published.len(), 3);
    let windows = world.windows().await?;
    let decoded = published.iter().map(base64::decode).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(decoded, windows.iter().map(|item| bytes(item, "sk")).collect::<Vec<_>>());
    world.answers_are_right().await
}

#[tokio::test(start_paused = true)]
async fn every_item_of_a_run_expires_with_its_window() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    runner.round().await?;
    let windows = world.windows().await?;
    let items = world.items("jaeger.index").await?;
    let number = |item: &Item| item["expiry"].as_n().map(|text| text.parse::<u64>()).map_err(|_| "no number");
    for item in items {
        let is_catalog = bytes(&item, "pk")[1] == b'c';
        let (of_item, of_window) = (number(&item).unwrap()?, number(&windows[0]).unwrap()?);
        assert!(of_item == of_window || is_catalog && of_item > of_window);
    }
    world.clock.sleep(Duration::from_secs(9 * 24 * 3600)).await;
    world.engine.delete_expired().await?;
    assert!(world.items("jaeger.index").await?.is_empty());
    assert_eq!(runner.round().await?, RoundReport::default());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_round_without_work_is_one_small_query_for_each_tenant() -> Result<(), AnyError> {
    let world = World::new()?;
    let other = Tenant::new("other")?;
    world.fill(12).await?;
    let (_, store) = world.open().await?;
    store.write_spans(&other, vec![Span::Otlp(otlp_span(1, 1, "shop"))]).await?;
    world.clock.sleep(CLOSED).await;
    let runner = store.maintenance(JobMode::InProcess, vec![world.tenant.clone(), other]);
    assert_eq!(runner.round().await?, done(13));
    for _ in 0..3 {
        let before = world.engine.traffic();
        assert_eq!(runner.round().await?, RoundReport::default());
        let asked = world.engine.traffic().since(&before);
        assert_eq!((asked.requests(), asked.operation("Query").requests), (2, 2));
        assert!(asked.total().read_units <= 3.0, "{asked:?}");
    }
    assert_eq!(world.engine.handle("inspector").traffic().requests(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_small_window_is_derived_without_waiting() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(2).await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    let before = world.clock.monotonic();
    runner.round().await?;
    assert_eq!(world.clock.monotonic(), before);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_parked_window_does_not_keep_others_waiting() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(3).await?;
    let oldest = bytes(&world.windows().await?[0], "sk");
    let (handle, runner) = world.runner(JobMode::InProcess).await?;
    handle.inject(FaultPlan::new(move |request| {
        let is_oldest = request.body["Key"]["sk"]["B"]
            .as_str()
            .is_some_and(|text| base64::decode(text).ok().as_ref() == Some(&oldest));
        if is_publication(request) && is_oldest { Fault::CutBefore } else { Fault::None }
    }));
    let report = runner.round().await?;
    assert_eq!((report.derived, report.postponed, report.not_done), (2, 1, 1));
    assert!(report.oldest_not_done_seconds.is_some_and(|age| age >= 600));
    handle.inject(FaultPlan::none());
    world.clock.sleep(Duration::from_secs(60)).await;
    let report = runner.round().await?;
    assert_eq!((report.derived, report.not_done, report.oldest_not_done_seconds), (1, 0, None));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_long_backlog_does_not_delay_seals() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(30).await?;
    let (_, writer) = world.open().await?;
    // Into a window that closes in 95 s.
    writer.write_spans(&world.tenant, vec![Span::Otlp(otlp_span(9999, 1, "shop"))]).await?;
    let (handle, runner) = world.runner(JobMode::InProcess).await?;
    handle.inject(FaultPlan::new(|request| {
        match is_publication(request) || request.operation == "PutItem" {
            true => Fault::DelayAnswer(Duration::from_millis(2900)),
            false => Fault::None,
        }
    }));
    let report = runner.round().await?;
    assert_eq!((report.sealed, report.derived, report.not_done), (31, 30, 1));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_takes_over_leaves_a_window_to_others_for_a_quarter_of_an_hour() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (_, runner) = world.runner(JobMode::Takeover).await?;
    let report = runner.round().await?;
    assert_eq!((report.sealed, report.derived, report.not_done), (1, 0, 1));
    let age = report.oldest_not_done_seconds.ok_or("no age")?;
    world.clock.sleep(Duration::from_secs(15 * 60 - 5 - age)).await;
    assert_eq!(runner.round().await?.derived, 0);
    world.clock.sleep(Duration::from_secs(10)).await;
    let report = runner.round().await?;
    assert_eq!((report.derived, report.not_done), (1, 0));
    // What somebody else derives in time is left alone.
    world.fill(1).await?;
    assert_eq!(runner.round().await?.not_done, 1);
    let (_, other) = world.runner(JobMode::InProcess).await?;
    assert_eq!(other.round().await?.derived, 1);
    world.clock.sleep(Duration::from_secs(3600)).await;
    assert_eq!(runner.round().await?, RoundReport::default());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_job_windows_are_sealed_and_watched() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(2).await?;
    let (_, off) = world.runner(JobMode::Off).await?;
    let report = off.round().await?;
    assert_eq!((report.sealed, report.derived, report.not_done), (2, 0, 2));
    assert!(world.items("jaeger.index").await?.is_empty());
    // Long after they were listed for the last time, somebody derives them.
    world.clock.sleep(Duration::from_secs(7200)).await;
    assert!(off.round().await?.oldest_not_done_seconds.is_some_and(|age| age >= 7200));
    let (_, other) = world.runner(JobMode::InProcess).await?;
    assert_eq!(other.round().await?.derived, 2);
    assert_eq!(off.round().await?, RoundReport::default());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn three_days_without_a_job_are_worked_off() -> Result<(), AnyError> {
    let world = World::new()?;
    let (_, writer) = world.open().await?;
    let hours = 72;
    for hour in 0..hours {
        writer.write_spans(&world.tenant, vec![Span::Otlp(otlp_span(hour + 1, 1, "shop"))]).await?;
        world.clock.sleep(Duration::from_secs(3600)).await;
    }
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    let report = runner.round().await?;
    assert_eq!((report.derived, report.not_done), (72, 0));
    assert!(report.merged >= 16, "{report:?}");
    let services = world.index(b'c').await?;
    assert!((3..=4).contains(&services.len()), "an item for each day");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rounds_go_on_by_themselves() -> Result<(), AnyError> {
    let world = World::new()?;
    let (handle, runner) = world.runner(JobMode::InProcess).await?;
    handle.inject(FaultPlan::nth(3, |_: &RequestInfo| true, Fault::CutBefore));
    let running = tokio::spawn(runner.run());
    world.fill(2).await?;
    world.clock.sleep(Duration::from_secs(30)).await;
    assert_eq!(world.manifests().await?.len(), 2);
    running.abort();
    assert!(running.await.is_err_and(|error| error.is_cancelled()));
    Ok(())
}
