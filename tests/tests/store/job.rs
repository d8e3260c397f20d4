//! The job on the engine: what it does in a round and what that costs, runners beside each other, interruptions at
//! every request, and faults in what it reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jaeger_dynamodb_core::{
    Clock, MemoryStore, OperationQuery, Span, Tenant, TraceQuery, TraceReader, TraceWriter,
};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Maintenance, RoundReport, StoreConfig};
use jaeger_dynamodb_testkit::conformance::assert_same_answers;
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{EngineHandle, Fault, FaultPlan, RequestInfo, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, open, tokio_clock};

type Item = HashMap<String, AttributeValue>;

/// Long enough for a claim to be nobody's.
const LEASE: Duration = Duration::from_secs(125);

const WINDOW: Duration = Duration::from_secs(300);

/// Until the last window is closed, and a little longer.
const CLOSED: Duration = Duration::from_secs(365);

struct World {
    clock: Arc<dyn Clock>,
    engine: TestEngine,
    config: StoreConfig,
    reference: MemoryStore,
    tenant: Tenant,
    opened: Mutex<u64>,
}

impl World {
    fn new() -> Result<Self, AnyError> {
        Self::with(aws_config())
    }

    fn with(config: StoreConfig) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let (reference, tenant, opened) = (MemoryStore::new(), Tenant::default(), Mutex::new(0));
        Ok(Self { clock, engine, config, reference, tenant, opened })
    }

    async fn open(&self) -> Result<(EngineHandle, Arc<DynamoStore>), AnyError> {
        let number = self.opened.lock().map(|mut opened| {
            *opened += 1;
            *opened
        });
        let number = number.unwrap_or_default();
        let handle = self.engine.handle(&format!("process {number}"));
        let store = open(&handle, Arc::clone(&self.clock), self.config.clone(), number).await?;
        Ok((handle, store))
    }

    /// A process that does nothing but maintenance.
    async fn runner(&self, mode: JobMode) -> Result<(EngineHandle, Maintenance), AnyError> {
        let (handle, store) = self.open().await?;
        Ok((handle, store.maintenance(mode, vec![self.tenant.clone()])))
    }

    /// Writes two commits into each of so many windows, and waits until all are closed.
    async fn fill(&self, windows: u64) -> Result<(), AnyError> {
        let (_, writer) = self.open().await?;
        for window in 0..windows {
            for half in 0..2 {
                let mut spans = Vec::new();
                for number in 0..10 {
                    let mut span = otlp_span(1 + window * 20 + half * 10 + number, 1, "shop");
                    span.name = format!("operation {}", number % 3);
                    spans.push(Span::Otlp(span));
                }
                writer.write_spans(&self.tenant, spans.clone()).await?;
                self.reference.write_spans(&self.tenant, spans).await?;
            }
            self.clock.sleep(WINDOW).await;
        }
        self.clock.sleep(CLOSED - WINDOW).await;
        Ok(())
    }

    async fn items(&self, table: &str) -> Result<Vec<Item>, AnyError> {
        let client = self.engine.handle("inspector").client();
        let mut pages = client.scan().table_name(table).consistent_read(true).into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page?.items.unwrap_or_default());
        }
        Ok(items)
    }

    /// Items of the index of one kind, by the byte behind the tenant in their partition keys.
    async fn index(&self, kind: u8) -> Result<Vec<Item>, AnyError> {
        let mut items = self.items("jaeger.index").await?;
        items.retain(|item| bytes(item, "pk")[1] == kind);
        Ok(items)
    }

    /// Items of windows, oldest first.
    async fn windows(&self) -> Result<Vec<Item>, AnyError> {
        let mut items = self.items("jaeger.windows").await?;
        items.retain(|item| item.contains_key("lanes"));
        items.sort_by_key(|item| bytes(item, "sk"));
        Ok(items)
    }

    async fn manifests(&self) -> Result<Vec<Vec<u8>>, AnyError> {
        let windows = self.windows().await?;
        Ok(windows
            .iter()
            .filter(|item| item.contains_key("manifest"))
            .map(|item| bytes(item, "manifest"))
            .collect())
    }

    /// The derived items of each run: those of segments and of pointers.
    async fn runs(&self) -> Result<BTreeMap<Vec<u8>, usize>, AnyError> {
        let mut runs = BTreeMap::new();
        for kind in [b's', b't'] {
            for item in self.index(kind).await? {
                // tenant (1), kind (1), window (12), run (8).
                *runs.entry(bytes(&item, "pk")[14..22].to_vec()).or_default() += 1;
            }
        }
        Ok(runs)
    }

    /// Every window is done, every run that a manifest names has all of its items, and the catalog is right.
    async fn everything_is_derived(&self, items_of_a_run: usize) -> Result<(), AnyError> {
        let (windows, runs) = (self.windows().await?, self.runs().await?);
        for window in &windows {
            let manifest = bytes(window, "manifest");
            let of_manifest =
                runs.iter().filter(|(run, _)| manifest.windows(8).any(|bytes| bytes == run.as_slice()));
            let counts: Vec<_> = of_manifest.map(|(_, count)| *count).collect();
            assert_eq!(counts, [items_of_a_run]);
        }
        assert_eq!(self.catalog().await?, BTreeMap::from([("shop".to_owned(), operations(0..3))]));
        Ok(())
    }

    /// Names of services with names of their operations, whatever the kind.
    async fn catalog(&self) -> Result<BTreeMap<String, BTreeSet<String>>, AnyError> {
        let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for item in self.index(b'c').await? {
            let names = services.entry(String::from_utf8(bytes(&item, "sk"))?).or_default();
            if let Some(AttributeValue::Bs(operations)) = item.get("operations") {
                for operation in operations {
                    names.insert(String::from_utf8(operation.as_ref()[1..].to_vec())?);
                }
            }
        }
        Ok(services)
    }

    async fn answers_are_right(&self) -> Result<(), AnyError> {
        let (_, cold) = self.open().await?;
        assert_same_answers(&self.reference, &*cold, &self.tenant, &[TraceQuery::default()]).await?;
        Ok(())
    }

    /// Replaces the first record's content.
    async fn damage_a_record(&self, content: Vec<u8>) -> Result<(), AnyError> {
        let mut items = self.items("jaeger.spans").await?;
        items.retain(|item| item.contains_key("record"));
        let mut item = items.into_iter().min_by_key(|item| bytes(item, "pk")).ok_or("no record")?;
        item.insert("record".to_owned(), AttributeValue::B(Blob::new(content)));
        let client = self.engine.handle("vandal").client();
        client.put_item().table_name("jaeger.spans").set_item(Some(item)).send().await?;
        Ok(())
    }

    async fn delete_claims(&self) -> Result<(), AnyError> {
        let client = self.engine.handle("vandal").client();
        for claim in self.index(b'j').await? {
            let delete = client.delete_item().table_name("jaeger.index");
            let delete = delete.key("pk", claim["pk"].clone()).key("sk", claim["sk"].clone());
            delete.send().await?;
        }
        Ok(())
    }
}

fn bytes(item: &Item, name: &str) -> Vec<u8> {
    match item.get(name) {
        Some(AttributeValue::B(bytes)) => bytes.as_ref().to_vec(),
        _ => Vec::new(),
    }
}

fn operations(numbers: std::ops::Range<u64>) -> BTreeSet<String> {
    numbers.map(|number| format!("operation {number}")).collect()
}

fn is_publication(request: &RequestInfo) -> bool {
    request.is("UpdateItem", "jaeger.windows")
        && request.body["UpdateExpression"].as_str().is_some_and(|text| text.contains("#manifest ="))
}

fn done(windows: usize) -> RoundReport {
    RoundReport { sealed: windows, derived: windows, ..RoundReport::default() }
}

/// Items of the run over one window of [`World::fill`].
async fn items_of_a_run() -> Result<usize, AnyError> {
    let world = World::new()?;
    world.fill(1).await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    assert_eq!(runner.round().await?, done(1));
    let runs = world.runs().await?;
    assert_eq!(runs.len(), 1);
    Ok(runs.into_values().sum())
}

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
    let decoded: Vec<_> = published.iter().map(|text| base64(text)).collect();
    assert_eq!(decoded, windows.iter().map(|item| bytes(item, "sk")).collect::<Vec<_>>());
    world.answers_are_right().await
}

fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for digit in text.bytes().filter_map(|byte| digits.iter().position(|digit| *digit == byte)) {
        bits = bits << 6 | u32::try_from(digit).unwrap_or_default();
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count).to_le_bytes()[0]);
        }
    }
    out
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
async fn a_parked_window_does_not_keep_others_waiting() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(3).await?;
    let oldest = bytes(&world.windows().await?[0], "sk");
    let (handle, runner) = world.runner(JobMode::InProcess).await?;
    handle.inject(FaultPlan::new(move |request| {
        let is_oldest = request.body["Key"]["sk"]["B"].as_str().is_some_and(|text| base64(text) == oldest);
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
async fn a_damaged_record_blocks_nothing() -> Result<(), AnyError> {
    for damage in [vec![1, 0, 0, 0xff], Vec::new()] {
        let world = World::new()?;
        world.fill(1).await?;
        world.damage_a_record(damage).await?;
        let (_, runner) = world.runner(JobMode::InProcess).await?;
        assert_eq!(runner.round().await?, done(1));
        // The other commit of the window is derived.
        assert!(!world.index(b's').await?.is_empty());
        let (_, reader) = world.open().await?;
        let query = OperationQuery { service: "shop".to_owned(), ..OperationQuery::default() };
        assert_eq!(reader.operations(&world.tenant, query).await?.len(), 3);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_record_of_a_newer_version_waits_for_an_hour() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(2).await?;
    world.damage_a_record(vec![99, 1, 2, 3]).await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    let report = runner.round().await?;
    assert_eq!((report.derived, report.postponed, report.not_done), (1, 1, 1));
    // A newer server would find it unclaimed.
    for claim in world.index(b'j').await? {
        assert!(
            bytes(&claim, "sk") != bytes(&world.windows().await?[0], "sk") || !claim.contains_key("holder")
        );
    }
    world.clock.sleep(Duration::from_secs(1800)).await;
    assert_eq!(runner.round().await?.not_done, 1);
    world.clock.sleep(Duration::from_secs(1800)).await;
    runner.round().await?;
    assert_eq!(runner.round().await?.not_done, 0);
    assert_eq!(world.manifests().await?.len(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_catalog_is_written_once_and_capped_in_sight() -> Result<(), AnyError> {
    let world = World::new()?;
    let (_, writer) = world.open().await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    for window in 0..3 {
        let spans = (0..2100_u64).map(|number| {
            let mut span = otlp_span(1 + window * 3000 + number, 1, "exploding");
            span.name = format!("GET /order/{number}");
            Span::Otlp(span)
        });
        let mut spans: Vec<_> = spans.collect();
        let mut nameless = otlp_span(1 + window * 3000, 2, "nameless");
        nameless.name = String::new();
        spans.push(Span::Otlp(nameless));
        writer.write_spans(&world.tenant, spans).await?;
        world.clock.sleep(CLOSED).await;
        let before = world.engine.traffic();
        assert_eq!(runner.round().await?.derived, 1);
        let updates = world.engine.traffic().since(&before).of("UpdateItem", "jaeger.index").requests;
        // Claim; then the services and the dropped operations.
        assert_eq!(updates, if window == 0 { 1 + 5 + 1 + 1 } else { 1 }, "window {window}");
    }
    let catalog = world.catalog().await?;
    assert_eq!(catalog["exploding"].len(), 2000);
    assert_eq!(catalog["nameless"].len(), 0);
    let items = world.index(b'c').await?;
    let exploding = items.iter().find(|item| bytes(item, "sk") == b"exploding").ok_or("no item")?;
    assert_eq!(exploding["dropped"], AttributeValue::N("100".to_owned()));
    // Who starts anew reads what is there and adds nothing.
    writer.write_spans(&world.tenant, vec![Span::Otlp(otlp_span(1, 3, "nameless"))]).await?;
    world.clock.sleep(CLOSED).await;
    let (_, fresh) = world.runner(JobMode::InProcess).await?;
    assert_eq!(fresh.round().await?.derived, 1);
    assert_eq!(world.catalog().await?["nameless"].len(), 1);
    assert_eq!(world.catalog().await?["exploding"], catalog["exploding"]);
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

#[tokio::test(start_paused = true)]
async fn a_block_is_merged_once() -> Result<(), AnyError> {
    let config = StoreConfig { clock_skew: Duration::ZERO, settle: Duration::ZERO, ..aws_config() };
    let world = World::with(config)?;
    // Some windows of a first block, a whole one, and some of a third.
    world.fill(70).await?;
    let (first, second) = (world.runner(JobMode::InProcess).await?, world.runner(JobMode::InProcess).await?);
    let (one, two) = tokio::join!(first.1.round(), second.1.round());
    let (one, two) = (one?, two?);
    assert_eq!(one.derived + two.derived, 70);
    world.clock.sleep(LEASE).await;
    let (three, four) = (first.1.round().await?, second.1.round().await?);
    let merged = one.merged + two.merged + three.merged + four.merged;
    let mut blocks = world.items("jaeger.windows").await?;
    blocks.retain(|item| bytes(item, "pk") == [0, b'b']);
    assert_eq!((blocks.len(), merged), (1, 1), "{one:?} {two:?} {three:?} {four:?}");
    assert!(blocks[0].contains_key("expiry") && blocks[0].contains_key("manifest"));
    assert!(!world.index(b'm').await?.is_empty());
    let (_, late) = world.runner(JobMode::InProcess).await?;
    assert_eq!(late.round().await?.merged, 0);
    world.answers_are_right().await
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
