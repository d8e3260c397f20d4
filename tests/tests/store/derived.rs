//! Derived data against whatever may happen to it: answers stay those of the reference while it is half written, written
//! twice, missing, damaged, or days late.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::TryStreamExt;
use jaeger_dynamodb_core::{
    AttributeCondition, Clock, MemoryStore, Predicate, Range, Span, StoreErrorKind, Tenant, TextForm,
    TraceChunk, TraceQuery, TraceReader, TraceWriter, UnixNanos,
};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Purpose, RoundReport, StoreConfig, Table};
use jaeger_dynamodb_testkit::conformance::assert_same_answers;
use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, RequestInfo, StaleReads, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open, tokio_clock};

const WINDOW: Duration = Duration::from_secs(300);
const SERVICES: [&str; 5] = ["shop", "cart", "mail", "ads", "pay"];

struct World {
    clock: Arc<dyn Clock>,
    engine: TestEngine,
    config: StoreConfig,
    writer: Arc<DynamoStore>,
    reference: MemoryStore,
    opened: u64,
}

impl World {
    async fn new(config: StoreConfig) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        Self::on(engine, clock, config).await
    }

    /// Eventually consistent reads see nothing that is younger than a minute.
    async fn stale(config: StoreConfig) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let stale = StaleReads { lag: Duration::from_secs(60), ..StaleReads::default() };
        let engine = TestEngine::with_stale_reads(Arc::clone(&clock), stale)?;
        Self::on(engine, clock, config).await
    }

    async fn on(engine: TestEngine, clock: Arc<dyn Clock>, config: StoreConfig) -> Result<Self, AnyError> {
        let writer = open(&engine.handle("writer"), Arc::clone(&clock), config.clone(), 1).await?;
        Ok(Self { clock, engine, config, writer, reference: MemoryStore::new(), opened: 1 })
    }

    /// Writes into so many windows, the last of which is over when it returns. Traces run over two windows.
    async fn write(&self, windows: u64, spans_of_a_window: u64) -> Result<(), AnyError> {
        let tenant = Tenant::default();
        for window in 0..windows {
            let start = u64::try_from(NOW.0)? + u64::try_from(self.clock.monotonic().as_nanos())?;
            let spans: Vec<_> = (0..spans_of_a_window).map(|number| span(window, number, start)).collect();
            self.writer.write_spans(&tenant, spans.clone()).await?;
            self.reference.write_spans(&tenant, spans).await?;
            self.clock.sleep(WINDOW).await;
        }
        self.clock.sleep(Duration::from_secs(120)).await;
        Ok(())
    }

    async fn open(&mut self) -> Result<Arc<DynamoStore>, AnyError> {
        self.opened += 1;
        let handle = self.engine.handle(&format!("server {}", self.opened));
        open(&handle, Arc::clone(&self.clock), self.config.clone(), self.opened).await
    }

    async fn derive(&self) -> Result<RoundReport, AnyError> {
        let report = self.writer.maintenance(JobMode::InProcess, vec![Tenant::default()]).round().await?;
        self.clock.sleep(self.config.settle + Duration::from_secs(2)).await;
        Ok(report)
    }

    async fn is_right(&self, store: &DynamoStore) -> Result<(), AnyError> {
        Ok(assert_same_answers(&self.reference, store, &Tenant::default(), &queries()).await?)
    }

    /// Items of the index table of one kind, see `keys`.
    async fn items(&self, kind: u8) -> Result<Vec<HashMap<String, AttributeValue>>, AnyError> {
        let client = self.engine.handle("vandal").client();
        let mut pages = client.scan().table_name("jaeger.index").into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.try_next().await? {
            items.extend(page.items.unwrap_or_default());
        }
        let is_of_kind = |item: &HashMap<String, AttributeValue>| {
            item.get("pk").and_then(|pk| pk.as_b().ok()).is_some_and(|pk| pk.as_ref().get(1) == Some(&kind))
        };
        Ok(items.into_iter().filter(is_of_kind).collect())
    }
}

fn span(window: u64, number: u64, start: u64) -> Span {
    // Every third trace has a span in the window after.
    let trace = if number.is_multiple_of(3) { window / 2 * 2 * 1000 } else { window * 1000 } + number + 1;
    let mut span = otlp_span(trace, window * 1000 + number + 1, SERVICES[(number % 5) as usize]);
    span.name = format!("operation {}", number % 7);
    span.start_time_unix_nano = start + number * 1_000_000;
    span.end_time_unix_nano = span.start_time_unix_nano + number * 10_000_000;
    Span::Otlp(span)
}

fn query(predicates: Vec<Predicate>) -> TraceQuery {
    TraceQuery { predicate: Predicate::All(predicates), ..TraceQuery::default() }
}

fn attribute(key: &str, text: &str) -> Predicate {
    Predicate::Attribute(AttributeCondition { key: key.into(), text: text.into(), form: TextForm::V2 })
}

fn queries() -> Vec<TraceQuery> {
    let service = |name: &str| Predicate::Service(name.into());
    let from =
        |seconds: i64| Range { min: Some(UnixNanos(NOW.0 + i128::from(seconds) * 1_000_000_000)), max: None };
    vec![
        TraceQuery::default(),
        TraceQuery { limit: NonZeroUsize::MIN, ..TraceQuery::default() },
        query(vec![service("cart")]),
        query(vec![service("ads"), Predicate::Operation("operation 3".into())]),
        query(vec![attribute("service.name", "pay")]),
        query(vec![attribute("service.name", "nobody")]),
        query(vec![service("nobody")]),
        TraceQuery { start: from(400), ..query(vec![service("mail")]) },
        TraceQuery { start: from(100_000), ..TraceQuery::default() },
    ]
}

#[tokio::test(start_paused = true)]
async fn between_any_two_requests_of_the_job_every_answer_is_right() -> Result<(), AnyError> {
    let config = StoreConfig { part_bytes: 400, bucket_bytes: 200, settle: Duration::ZERO, ..aws_config() };
    let mut world = World::new(config).await?;
    world.write(3, 40).await?;
    let warm = world.open().await?;
    for nth in 0.. {
        let handle = world.engine.handle(&format!("job {nth}"));
        let job = open(&handle, Arc::clone(&world.clock), world.config.clone(), 1000 + nth).await?;
        let fault = if nth % 2 == 0 { Fault::CrashBefore } else { Fault::CrashAfter };
        // A job that dies leaves its claim, so that the next one has to wait for it to end.
        world.clock.sleep(Duration::from_secs(1200)).await;
        handle.inject(FaultPlan::nth(nth, |_: &RequestInfo| true, fault));
        let outcome = job.maintenance(JobMode::InProcess, vec![Tenant::default()]).round().await;
        world.is_right(&warm).await?;
        let cold = world.open().await?;
        world.is_right(&cold).await?;
        if !handle.is_crashed() {
            assert_eq!(outcome?.not_done, 0);
            assert!(nth > 10, "the job was interrupted at {nth} requests only");
            return Ok(());
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_derived_may_be_lost_or_damaged_and_every_answer_is_right() -> Result<(), AnyError> {
    for kind in [b's', b't', b'm'] {
        for is_deleted in [true, false] {
            // 50 windows make a block.
            let mut world = World::new(StoreConfig { part_bytes: 400, ..aws_config() }).await?;
            let into_block = u64::try_from(NOW.secs_floor())? % (300 * 48);
            world.clock.sleep(Duration::from_secs(300 * 48 - into_block)).await;
            world.write(50, 10).await?;
            world.derive().await?;
            let report = world.derive().await?;
            assert_eq!(report.not_done, 0);
            let items = world.items(kind).await?;
            assert!(!items.is_empty(), "nothing of kind {}", char::from(kind));
            let client = world.engine.handle("vandal").client();
            for mut item in items.into_iter().step_by(3) {
                if is_deleted {
                    item.retain(|name, _| name == "pk" || name == "sk");
                    client.delete_item().table_name("jaeger.index").set_key(Some(item)).send().await?;
                } else {
                    item.insert("content".to_owned(), AttributeValue::B(Blob::new(vec![1, 255, 255, 3])));
                    client.put_item().table_name("jaeger.index").set_item(Some(item)).send().await?;
                }
            }
            let reader = world.open().await?;
            let context = |error: AnyError| format!("{} deleted: {is_deleted}: {error}", char::from(kind));
            world.is_right(&reader).await.map_err(context)?;
            let usage = reader.capacity().usage();
            let tail = usage.get(&(Table::Spans, Purpose::Tail)).map_or(0, |usage| usage.requests);
            assert_eq!(
                tail > 0,
                kind != b'm',
                "a window's log makes up for its items, its pointers for a block's"
            );
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn three_days_without_the_job_lose_nothing_and_are_worked_off_oldest_first() -> Result<(), AnyError> {
    const WINDOWS: u64 = 3 * 288;
    const LOOK_EVERY: usize = 2_000;
    let mut world = World::new(aws_config()).await?;
    world.write(WINDOWS, 1).await?;
    let now = NOW.0 + i128::try_from(world.clock.monotonic().as_nanos())?;
    let last_hour = TraceQuery {
        start: Range { min: Some(UnixNanos(now - 3_600_000_000_000)), max: None },
        ..TraceQuery::default()
    };
    let tenant = Tenant::default();
    let found = |store: &DynamoStore, query: &TraceQuery| {
        store.find_traces(&tenant, query.clone()).try_collect::<Vec<_>>()
    };
    let reader = world.open().await?;
    let ids = |chunks: Vec<TraceChunk>| chunks.iter().map(TraceChunk::trace_id).collect::<BTreeSet<_>>();
    for query in [last_hour, TraceQuery::default()] {
        let expected: Vec<_> = world.reference.find_traces(&tenant, query.clone()).try_collect().await?;
        assert!(!expected.is_empty());
        assert_eq!(ids(found(&reader, &query).await?), ids(expected));
    }

    world.config.max_tail_bytes = 20 * 1024;
    world.config.tail_cache_bytes = 0;
    let sparing = world.open().await?;
    for refused in [
        found(&sparing, &TraceQuery::default()).await.map(|_| ()).unwrap_err(),
        sparing
            .get_traces(&tenant, vec![trace_id(1).into()])
            .try_collect::<Vec<_>>()
            .await
            .map(|_| ())
            .unwrap_err(),
    ] {
        assert_eq!(refused.kind(), StoreErrorKind::LimitExceeded);
        assert!(refused.to_string().contains("not derived"), "{refused}");
    }

    // Oldest first: whatever is done, nothing before it is not.
    let maintenance = world.writer.maintenance(JobMode::InProcess, vec![Tenant::default()]);
    let running = tokio::spawn(async move { maintenance.round().await });
    let client = world.engine.handle("watcher").client();
    while !running.is_finished() {
        for _ in 0..LOOK_EVERY {
            tokio::task::yield_now().await;
        }
        let windows = client.query().table_name("jaeger.windows").key_condition_expression("pk = :t");
        let tenant = AttributeValue::B(Blob::new(vec![0]));
        let items = windows.expression_attribute_values(":t", tenant).send().await?.items.unwrap_or_default();
        let done: Vec<_> = items.iter().map(|item| item.contains_key("manifest")).collect();
        assert!(done.is_sorted_by(|a, b| a >= b), "a newer window is done before an older one");
        // What is left is edges, whose order does not matter.
        if done.iter().all(|is_done| *is_done) {
            break;
        }
    }
    assert_eq!(running.await??.not_done, 0);
    world.clock.sleep(Duration::from_secs(60)).await;
    world.is_right(&reader).await.map_err(|error| format!("a server that has waited: {error}"))?;
    let cold = world.open().await?;
    world.is_right(&cold).await
}

#[tokio::test(start_paused = true)]
async fn a_query_that_costs_too_much_is_refused_with_the_reason() -> Result<(), AnyError> {
    let mut world = World::new(aws_config()).await?;
    world.write(3, 200).await?;
    world.derive().await?;
    world.config.max_query_read_units = 3;
    let reader = world.open().await?;
    let refused = reader.find_traces(&Tenant::default(), TraceQuery::default()).try_collect::<Vec<_>>().await;
    let refused = refused.map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::LimitExceeded);
    assert!(refused.to_string().contains("max-query-rru"), "{refused}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_span_from_the_future_is_found_in_a_window_that_is_not_derived() -> Result<(), AnyError> {
    let mut world = World::new(aws_config()).await?;
    world.write(1, 10).await?;
    let tenant = Tenant::default();
    let start = u64::try_from(NOW.0)? + 7_200_000_000_000;
    world.writer.write_spans(&tenant, vec![span(90, 1, start)]).await?;
    world.reference.write_spans(&tenant, vec![span(90, 1, start)]).await?;
    world.clock.sleep(WINDOW * 3).await;
    let late = |seconds: i128| TraceQuery {
        start: Range { min: Some(UnixNanos(NOW.0 + seconds * 1_000_000_000)), max: None },
        ..TraceQuery::default()
    };
    let reader = world.open().await?;
    let queries = [late(7_000), late(7_201), late(3_000)];
    assert_same_answers(&world.reference, &*reader, &tenant, &queries).await?;
    world.derive().await?;
    Ok(assert_same_answers(&world.reference, &*reader, &tenant, &queries).await?)
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_comes_while_its_window_is_derived_is_not_left_out() -> Result<(), AnyError> {
    let mut world = World::new(StoreConfig { settle: Duration::ZERO, ..aws_config() }).await?;
    world.write(1, 10).await?;
    let handle = world.engine.handle("job");
    let job = open(&handle, Arc::clone(&world.clock), world.config.clone(), 77).await?;
    let publishes = |request: &RequestInfo| {
        request.operation == "UpdateItem"
            && request.body.to_string().contains("attribute_not_exists(#manifest)")
    };
    handle.inject(FaultPlan::nth(0, publishes, Fault::Hold(Duration::from_secs(2))));
    let maintenance = job.maintenance(JobMode::InProcess, vec![Tenant::default()]);
    let add_lane = async {
        world.clock.sleep(Duration::from_secs(1)).await;
        let client = world.engine.handle("a service whose clock went back").client();
        let windows = client.scan().table_name("jaeger.windows").send().await?.items.unwrap_or_default();
        let window = windows.iter().find(|item| item.contains_key("lanes")).ok_or("no window")?;
        let update = client.update_item().table_name("jaeger.windows").update_expression("ADD lanes :lane");
        let update = update.key("pk", window["pk"].clone()).key("sk", window["sk"].clone());
        let lane = AttributeValue::Bs(vec![Blob::new(*b"new lane")]);
        update.expression_attribute_values(":lane", lane).send().await?;
        Ok::<_, AnyError>(())
    };
    let (report, added) = tokio::join!(maintenance.round(), add_lane);
    added?;
    assert_eq!((report?.not_done, handle.is_crashed()), (1, false));
    world.clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(maintenance.round().await?.not_done, 0);
    let reader = world.open().await?;
    world.is_right(&reader).await
}

/// More traces than are decided at a time, in parts and records of their own.
#[tokio::test(start_paused = true)]
async fn of_traces_that_start_at_the_same_instant_the_smallest_ids_are_answered() -> Result<(), AnyError> {
    smallest_ids_are_answered(World::new(StoreConfig { part_bytes: 200, ..aws_config() }).await?).await
}

#[tokio::test(start_paused = true)]
async fn parts_that_a_stale_read_does_not_find_are_read_again() -> Result<(), AnyError> {
    smallest_ids_are_answered(World::stale(StoreConfig { part_bytes: 200, ..aws_config() }).await?).await
}

async fn smallest_ids_are_answered(mut world: World) -> Result<(), AnyError> {
    let tenant = Tenant::default();
    let start = u64::try_from(NOW.0)?;
    for number in (0..120).rev() {
        let mut spans = vec![span(number, 0, start)];
        if let Some(Span::Otlp(span)) = spans.first_mut() {
            span.trace_id = trace_id(number + 1);
        }
        world.writer.write_spans(&tenant, spans.clone()).await?;
        world.reference.write_spans(&tenant, spans).await?;
    }
    let limited =
        |limit: usize| Some(TraceQuery { limit: NonZeroUsize::new(limit)?, ..TraceQuery::default() });
    let queries: Vec<_> = [1, 2, 50, 119].into_iter().filter_map(limited).collect();
    assert_same_answers(&world.reference, &*world.writer, &tenant, &queries).await?;
    world.clock.sleep(WINDOW * 2).await;
    world.derive().await?;
    let reader = world.open().await?;
    Ok(assert_same_answers(&world.reference, &*reader, &tenant, &queries).await?)
}

#[tokio::test(start_paused = true)]
async fn a_pack_that_cannot_be_read_costs_its_own_spans_only() -> Result<(), AnyError> {
    let mut world = World::new(StoreConfig { inline_pack_bytes: 0, ..aws_config() }).await?;
    let tenant = Tenant::default();
    let start = u64::try_from(NOW.0)?;
    world.writer.write_spans(&tenant, vec![span(8, 1, start)]).await?;
    let client = world.engine.handle("vandal").client();
    let items = client.scan().table_name("jaeger.spans").send().await?.items.unwrap_or_default();
    let mut pack = items.into_iter().find(|item| item.contains_key("pack")).ok_or("no pack")?;
    pack.insert("pack".to_owned(), AttributeValue::B(Blob::new(vec![1, 1, 255, 255])));
    client.put_item().table_name("jaeger.spans").set_item(Some(pack)).send().await?;

    // In the same window and the next.
    world.write(2, 20).await?;
    assert_eq!(world.derive().await?.not_done, 0);
    let reader = world.open().await?;
    world.is_right(&reader).await
}
