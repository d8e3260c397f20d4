//! The job window by window: what becomes of each, what it costs, and what it leaves behind.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use jaeger_dynamodb_core::{DependencyReader, Tenant, TraceWriter};
use jaeger_dynamodb_dynamo::{JobMode, Purpose, SealTrace, WindowId, WindowReport, Work, sealed_by};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, RequestInfo};
use jaeger_dynamodb_tests::{AnyError, aws_config};

use super::answers::{always, call};
use super::world::World;

const CLOSED: Duration = Duration::from_secs(365);

impl World {
    /// The items of windows, oldest first, as the table's stream shows them.
    async fn images(&self) -> Result<Vec<serde_dynamo::Item>, AnyError> {
        let client = self.engine.handle("inspector").client();
        let items = client.scan().table_name("jaeger.windows").consistent_read(true).send().await?.items;
        let mut items: Vec<_> = items.unwrap_or_default().into_iter().map(serde_dynamo::Item::from).collect();
        items.sort_by_key(|item| WindowId::from_image(item).map(|(_, window)| window));
        Ok(items)
    }

    async fn windows(&self) -> Result<Vec<WindowId>, AnyError> {
        let images = self.images().await?;
        Ok(images.iter().filter_map(WindowId::from_image).map(|(_, window)| window).collect())
    }
}

#[derive(Debug)]
struct Named;

impl SealTrace for Named {
    fn traceparent(&self, window: WindowId) -> Option<String> {
        Some(format!("sealed {}", window.start()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_is_done_once_and_says_so() -> Result<(), AnyError> {
    let (mut world, tenant) = (World::new(aws_config()).await?, Tenant::default());
    world.write(call(&world, 1).to_vec()).await?;
    let (_, runner) = world.runner().await?;
    let window = world.windows().await?[0];
    let closes_at = window.end() + 60;
    assert_eq!(runner.window(&tenant, window).await?, WindowReport::NotClosedYet { closes_at });
    world.clock.sleep(CLOSED).await;
    let (_, runner) = world.runner().await?;
    let runner = runner.with_seal_trace(Arc::new(Named));
    let reports = runner.between(&tenant, window.start(), window.end()).await?;
    assert_eq!(reports, [(window, WindowReport::Done { derived: true, edges: true })]);
    assert_eq!(runner.window(&tenant, window).await?, WindowReport::AlreadyDone);
    let images = world.images().await?;
    let image = images.iter().find(|image| WindowId::from_image(image).is_some()).ok_or("no window")?;
    assert_eq!(WindowId::from_image(image), Some((tenant.clone(), window)));
    assert_eq!(sealed_by(image), Some(format!("sealed {}", window.start()).as_str()));
    assert!(["sealed", "manifest", "edges"].iter().all(|name| image.contains_key(*name)));
    assert_eq!(
        images.iter().filter(|image| WindowId::from_image(image).is_none()).count(),
        1,
        "the meta item"
    );
    world.answers_are_right().await
}

#[tokio::test(start_paused = true)]
async fn the_windows_before_are_derived_for_the_edges_of_one() -> Result<(), AnyError> {
    let (mut world, tenant) = (World::new(aws_config()).await?, Tenant::default());
    let [caller, called] = call(&world, 1);
    world.write(vec![called]).await?;
    world.clock.sleep(CLOSED).await;
    world.write(vec![caller]).await?;
    world.clock.sleep(CLOSED).await;
    let (_, runner) = world.runner().await?;
    let windows = world.windows().await?;
    let done = WindowReport::Done { derived: true, edges: true };
    assert_eq!(runner.window(&tenant, windows[1]).await?, done, "the second alone");
    let done = WindowReport::Done { derived: false, edges: true };
    assert_eq!(runner.window(&tenant, windows[0]).await?, done, "its edges are left");
    world.answers_are_right().await
}

#[tokio::test(start_paused = true)]
async fn a_window_whose_edges_fail_is_parked_with_its_reason_and_contributes_later() -> Result<(), AnyError> {
    let (mut world, tenant) = (World::new(aws_config()).await?, Tenant::default());
    for trace in 1..4 {
        world.write(call(&world, trace).to_vec()).await?;
        world.clock.sleep(CLOSED).await;
    }
    let (handle, runner) = world.runner().await?;
    let windows = world.windows().await?;
    let poison = windows[1].start().to_be_bytes();
    handle.inject(FaultPlan::new(move |request| {
        let is_head = request.is("UpdateItem", "jaeger.dependencies");
        let sort = request.body["Key"]["sk"]["B"].as_str().and_then(|text| base64::decode(text).ok());
        let sort = sort.unwrap_or_default();
        if is_head && sort.starts_with(&poison) { Fault::CutBefore } else { Fault::None }
    }));
    let report = runner.round().await?;
    assert_eq!((report.derived, report.edges, report.edges_not_done), (3, 2, 1));
    assert!(report.oldest_not_done_seconds.is_some());
    let parked = runner.parked(&tenant).await?;
    assert_eq!(
        parked.iter().map(|one| (one.window, one.work, one.tries)).collect::<Vec<_>>(),
        [(windows[1], Work::Edges, 1)]
    );
    assert!(parked[0].reason.contains("did not answer"), "{parked:?}");
    let again = runner.window(&tenant, windows[1]).await?;
    let (until, reason) = (parked[0].until, parked[0].reason.clone());
    // Whoever is told of a parked window leaves it alone.
    assert_eq!(again, WindowReport::Parked { work: Work::Edges, until, reason });
    assert_eq!(world.server.dependencies(&tenant, always()).await?[0].call_count, 2);
    handle.inject(FaultPlan::none());
    world.clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(runner.round().await?.edges, 1);
    assert!(runner.parked(&tenant).await?.is_empty());
    world.answers_are_right().await
}

#[tokio::test(start_paused = true)]
async fn sums_are_made_once_all_of_their_windows_are_done_and_change_no_answer() -> Result<(), AnyError> {
    let mut world = World::new(aws_config()).await?;
    for trace in 1..30 {
        world.write(call(&world, trace).to_vec()).await?;
        world.clock.sleep(Duration::from_secs(600)).await;
    }
    assert_eq!(world.finish().await?, 1, "the first four hours are over, the others not");
    world.answers_are_right().await?;
    world.clock.sleep(Duration::from_secs(4 * 3600)).await;
    assert_eq!(world.roll_up().await?, 1);
    world.clock.sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(world.roll_up().await?, 1, "the day");
    world.answers_are_right().await?;
    assert_eq!(world.roll_up().await?, 0);
    // Everything of it expires.
    world.clock.sleep(Duration::from_secs(9 * 24 * 3600)).await;
    world.engine.delete_expired().await?;
    let client = world.engine.handle("inspector").client();
    assert_eq!(client.scan().table_name("jaeger.dependencies").send().await?.count, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_window_costs_a_few_units_and_one_without_edges_only_its_mark() -> Result<(), AnyError> {
    let (mut world, tenant) = (World::new(aws_config()).await?, Tenant::default());
    let [caller, called] = call(&world, 1);
    world.write(vec![caller]).await?;
    world.clock.sleep(CLOSED).await;
    let (_, store) = world.open().await?;
    let runner = store.maintenance(JobMode::InProcess, vec![tenant]);
    assert_eq!(runner.round().await?.edges, 1);
    let written = |purpose| {
        let usage = store.capacity().usage();
        usage.iter().filter(|((_, of), _)| *of == purpose).map(|(_, usage)| usage.write_units).sum::<f64>()
    };
    assert!(written(Purpose::EdgesWrite) == 0.0);
    world.write(vec![called]).await?;
    world.clock.sleep(CLOSED).await;
    assert_eq!(runner.round().await?.edges, 1);
    assert!(written(Purpose::EdgesWrite) == 2.0, "the item and its latencies");
    let client = world.engine.handle("inspector").client();
    let items = client.scan().table_name("jaeger.dependencies").send().await?.items.unwrap_or_default();
    let expiry = |item: &std::collections::HashMap<String, AttributeValue>| item["expiry"].clone();
    let windows = client.scan().table_name("jaeger.windows").send().await?.items.unwrap_or_default();
    assert_eq!(items.len(), 2);
    assert!(
        items.iter().all(|item| windows.iter().any(|window| window.get("expiry") == Some(&expiry(item))))
    );
    world.answers_are_right().await
}

#[tokio::test(start_paused = true)]
async fn a_purge_while_edges_are_counted_leaves_nothing_of_before() -> Result<(), AnyError> {
    let requests = [
        ("GetItem", "spans"),
        ("PutItem", "dependencies"),
        ("UpdateItem", "dependencies"),
        ("GetItem", "index"),
    ];
    for (operation, table) in requests {
        let (mut world, tenant) = (World::new(aws_config()).await?, Tenant::default());
        let (handle, store) = world.open().await?;
        store.write_spans(&tenant, call(&world, 1).to_vec()).await?;
        world.clock.sleep(CLOSED).await;
        let is_meant = move |request: &RequestInfo| request.is(operation, &format!("jaeger.{table}"));
        handle.inject(FaultPlan::new(move |request| {
            if is_meant(request) { Fault::DelayAnswer(Duration::from_secs(2)) } else { Fault::None }
        }));
        let runner = store.maintenance(JobMode::InProcess, vec![tenant.clone()]);
        let under_way = tokio::spawn(async move { runner.round().await });
        world.clock.sleep(Duration::from_secs(1)).await;
        store.purge(false).await?;
        let report = under_way.await??;
        assert_eq!(report.edges, 0, "{operation} {table}");
        assert!(world.contributions().await?.is_empty(), "{operation} {table}");
        handle.inject(FaultPlan::none());
        let after = call(&world, 2).to_vec();
        store.write_spans(&tenant, after.clone()).await?;
        world.was_written(after).await?;
        world.finish().await?;
        world.answers_are_right().await?;
    }
    Ok(())
}
