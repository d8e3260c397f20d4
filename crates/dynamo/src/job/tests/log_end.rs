//! The end of a log that was fixed before its window was derived: what comes later is part of neither its edges nor its
//! items.

use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{DependencyQuery, DependencyReader, MemoryStore, SpanKind, otlp};
use jaeger_dynamodb_testkit::fixtures::span_id;

use super::super::edges::EdgesStep;
use super::super::records::{Position, WindowLog};
use super::*;
use crate::keys::{Lane, Place};
use crate::window::{AddedLane, Change, LogEnd, WindowTerms, add_lane, end_log, publish};

fn call(trace: u64, caller: &str, called: &str) -> Vec<Span> {
    let server = |span, service| otlp::Span { kind: SpanKind::Server, ..otlp_span(trace, span, service) };
    let called = otlp::Span { parent_span_id: Some(span_id(1)), ..server(2, called) };
    vec![Span::Otlp(server(1, caller)), Span::Otlp(called)]
}

impl World {
    async fn windows(&self) -> Result<Vec<WindowItem>, AnyError> {
        let items = self.all(Table::Windows, keys::windows(&self.tenant)).await?;
        Ok(items.iter().map(WindowItem::parse).collect::<Result<_, _>>()?)
    }

    /// A call in each of two windows.
    async fn two_windows(&self) -> Result<[WindowItem; 2], AnyError> {
        for spans in [call(1, "web", "cart"), call(2, "cart", "stock")] {
            self.store.write_spans(&self.tenant, spans).await?;
            self.clock.sleep(Duration::from_secs(30)).await;
        }
        Ok(self.windows().await?.try_into().map_err(|_| "not two windows")?)
    }

    /// Puts the only record of `from` once more, after the only one of `to`: what a writer does that was suspended
    /// before its request, and learns from the answer to put it elsewhere.
    async fn put_late(&self, from: &WindowItem, to: &WindowItem) -> Result<(), AnyError> {
        let of_from = keys::records(&self.tenant, from.window, from.lanes[0]);
        let mut record = self.all(Table::Spans, of_from).await?.remove(0);
        let place = Place { window: to.window, lane: to.lanes[0], sequence: 1 };
        let key = keys::record(&self.tenant, place);
        for (name, value) in [(attribute::PARTITION, key.partition), (attribute::SORT, key.sort)] {
            record.inner_mut().insert(name.to_owned(), AttributeValue::B(value));
        }
        let client = self.client();
        client.put(Table::Spans, record, Purpose::Administration, self.soon()).await?;
        Ok(())
    }

    /// How many of the windows' edges are counted now by a runner that derives nothing.
    async fn count_edges(&self, windows: &[WindowItem]) -> Result<usize, AnyError> {
        let job = &self.maintenance.job;
        let generation = *job.context.generation.read().await;
        let mut counted = 0;
        for item in windows {
            let step = job.edges_of(&self.tenant, item.window, generation).await?;
            counted += usize::from(matches!(step, EdgesStep::Counted));
        }
        Ok(counted)
    }

    fn soon(&self) -> Deadline {
        self.client().deadline_in(Duration::from_secs(9))
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_comes_after_the_edges_were_counted_counts_once() -> Result<(), AnyError> {
    let world = World::new().await?;
    let windows @ [first, second] = &world.two_windows().await?;
    world.clock.sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(world.count_edges(windows).await?, 0, "somebody may still derive them");
    world.clock.sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(world.count_edges(windows).await?, 2);
    assert!(world.windows().await?.iter().all(|item| item.log_end.is_some() && item.has_edges));

    world.put_late(second, first).await?;
    assert_eq!(world.round_of(WINDOWS).await?.derived, 2);
    for item in world.windows().await? {
        let manifest = item.manifest().ok_or("not derived")?;
        assert_eq!(manifest.last_sequences, [Some(0)]);
        let partition = keys::pointers(&world.tenant, item.window, manifest.run, 0, 0).partition;
        assert_eq!(world.pointers(partition, manifest.pointer_buckets).await?.len(), 1);
    }

    let reference = MemoryStore::new();
    for spans in [call(1, "web", "cart"), call(2, "cart", "stock")] {
        reference.write_spans(&world.tenant, spans).await?;
    }
    let (start, end) = (UnixNanos(0), UnixNanos::from_secs(4_000_000_000));
    let always = DependencyQuery { start, end, sources: EdgeSources::default() };
    let expected = reference.dependencies(&world.tenant, always).await?;
    assert_eq!(world.store.dependencies(&world.tenant, always).await?, expected);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_record_that_comes_before_the_end_is_fixed_belongs_to_both() -> Result<(), AnyError> {
    let world = World::new().await?;
    let windows @ [first, second] = &world.two_windows().await?;
    world.put_late(second, first).await?;
    world.clock.sleep(Duration::from_secs(16 * 60)).await;
    assert_eq!(world.count_edges(windows).await?, 2);
    assert_eq!(world.round_of(WINDOWS).await?.derived, 2);
    let lasts = [Some(1), Some(0)].map(|last| vec![last]);
    for (item, last) in world.windows().await?.iter().zip(lasts) {
        assert_eq!(item.manifest().ok_or("not derived")?.last_sequences, last);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_read_more_is_not_the_one_that_is_read() -> Result<(), AnyError> {
    let world = World::new().await?;
    let [item, _] = world.two_windows().await?;
    let (client, tenant, window) = (world.client(), &world.tenant, item.window);
    let manifest = |last| Manifest {
        run: keys::Run([7; 8]),
        published: START + 60,
        lanes: item.lanes.clone(),
        last_sequences: vec![Some(last)],
        failed: Vec::new(),
        group_bits: 0,
        slots: Vec::new(),
        pointer_buckets: 1,
    };
    let end = |last| LogEnd::new(&item.lanes, &[Some(last)]);

    let unseen = WindowItem { lanes: vec![Lane([9; 8])], ..item.clone() };
    let ended = end_log(client, tenant, &unseen, &end(0), world.soon()).await?;
    assert_eq!(ended, Change::NotMade, "a lane was added that is not read");
    assert_eq!(end_log(client, tenant, &item, &end(0), world.soon()).await?, Change::Made);
    assert_eq!(end_log(client, tenant, &item, &end(1), world.soon()).await?, Change::NotMade);

    let (lane, terms) = (Lane([8; 8]), WindowTerms { grace: 5, expiry: START + 9000 });
    let added = add_lane(client, tenant, window, lane, terms, world.soon()).await?;
    assert!(matches!(added, AddedLane::Refused));
    assert_eq!(publish(client, tenant, window, &manifest(1), world.soon()).await?, Change::NotMade);
    assert_eq!(publish(client, tenant, window, &manifest(0), world.soon()).await?, Change::Made);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_end_comes_too_late_for_a_window_that_is_derived() -> Result<(), AnyError> {
    let world = World::new().await?;
    let [first, _] = world.two_windows().await?;
    world.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(world.round_of(WINDOWS).await?.derived, 2);
    let end = LogEnd::new(&first.lanes, &[Some(0)]);
    let ended = end_log(world.client(), &world.tenant, &first, &end, world.soon()).await?;
    assert_eq!(ended, Change::NotMade);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_read_again_has_the_same_records() -> Result<(), AnyError> {
    for memory_bytes in [256 * 1024 * 1024, 0] {
        let mut world = World::new().await?;
        let [first, second] = world.two_windows().await?;
        world.maintenance.job.memory_bytes = memory_bytes;
        let mut log = WindowLog::new(&world.maintenance.job, &world.tenant, &first);
        let mut counts = Vec::new();
        for _ in 0..2 {
            let (mut position, mut count) = (Position::default(), 0);
            while let Some(records) = log.next(&mut position).await? {
                count += records.len();
            }
            counts.push((count, log.last_sequences().to_vec()));
            world.put_late(&second, &first).await?;
        }
        assert_eq!(counts, vec![(1, vec![Some(0)]); 2], "{memory_bytes}");
    }
    Ok(())
}
