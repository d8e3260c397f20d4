//! What the job's items hold. How rounds go is tested through the store, in `tests/`.

use std::collections::BTreeSet;
use std::error::Error;

use jaeger_dynamodb_core::{Clock, Span, TraceWriter, UnixNanos};
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{TestEngine, TokioClock};
use serde_dynamo::{AttributeValue, Item};

use super::*;
use crate::StoreConfig;
use crate::capacity::Purpose;
use crate::client::{Client, Consistency, Query, SortRange};
use crate::derived::{BlockManifest, FailedRecord, LogOfRun, Manifest, Pointer, PointerBucket, TraceHash};
use crate::item::{bytes, sort_key};
use crate::keys::{self, attribute};
use crate::log::PackRef;
use crate::schema::Table;
use crate::store::{DynamoStore, StoreParts};
use crate::window::{Block, Window, WindowItem};

mod log_end;

type AnyError = Box<dyn Error + Send + Sync>;

/// The beginning of a block of windows of 30 s.
const START: u64 = 48 * 30 * 1_222_222;

struct World {
    clock: Arc<dyn Clock>,
    store: DynamoStore,
    maintenance: Maintenance,
    tenant: Tenant,
}

impl World {
    async fn new() -> Result<Self, AnyError> {
        let clock: Arc<dyn Clock> =
            Arc::new(TokioClock::starting_at(UnixNanos::from_secs(START.cast_signed())));
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let parts =
            StoreParts { client: engine.handle("server").client(), clock: Arc::clone(&clock), seed: Some(1) };
        let store = DynamoStore::open(parts, StoreConfig::embedded()).await?;
        let tenant = Tenant::default();
        let maintenance = store.maintenance(JobMode::InProcess, vec![tenant.clone()]);
        Ok(Self { clock, store, maintenance, tenant })
    }

    /// Writes into a whole block of windows, traces that recur in them among others, and derives the windows.
    async fn derived_block(&self) -> Result<Vec<(WindowItem, Arc<Manifest>)>, AnyError> {
        for window in 0..48 {
            for commit in 0..2 {
                let traces =
                    (1..20).chain(1000 + window * 100 + commit * 50..1000 + window * 100 + commit * 50 + 50);
                let spans = traces.map(|trace| Span::Otlp(otlp_span(trace, window * 2 + commit, "shop")));
                self.store.write_spans(&self.tenant, spans.collect()).await?;
            }
            self.clock.sleep(Duration::from_secs(30)).await;
        }
        self.clock.sleep(Duration::from_secs(6)).await;
        let report = self.round_of(WINDOWS).await?;
        assert_eq!((report.derived, report.not_done), (48, 0));
        let items = self.all(Table::Windows, keys::windows(&self.tenant)).await?;
        let windows = items.iter().map(WindowItem::parse).collect::<Result<Vec<_>, _>>()?;
        windows
            .into_iter()
            .map(|item| {
                let manifest = item.manifest().cloned().ok_or("not done")?;
                Ok((item, manifest))
            })
            .collect()
    }

    async fn round_of(&self, work: TenantWork) -> Result<RoundReport, StoreError> {
        let mut report = RoundReport::default();
        self.maintenance.of_each_tenant(work, &mut report).await?;
        Ok(report)
    }

    async fn block_manifest(&self) -> Result<BlockManifest, AnyError> {
        let items = self.all(Table::Windows, keys::blocks(&self.tenant)).await?;
        assert_eq!(items.len(), 1);
        Ok(BlockManifest::decode(bytes(&items[0], attribute::MANIFEST).ok_or("no manifest")?)?)
    }

    async fn pointers(&self, partition: Vec<u8>, buckets: u32) -> Result<Vec<Pointer>, AnyError> {
        let items = self.all(Table::Index, partition).await?;
        let mut pointers = Vec::new();
        for bucket in 0..buckets {
            let of_bucket =
                |item: &&Item| sort_key(item).is_ok_and(|key| key.starts_with(&bucket.to_be_bytes()));
            let parts: Vec<_> =
                items.iter().filter(of_bucket).filter_map(|item| bytes(item, attribute::CONTENT)).collect();
            let decoded: Vec<_> = PointerBucket::decode(&parts)?.into_iter().collect();
            assert!(decoded.iter().all(|pointer| pointer.hash.bucket(buckets) == bucket));
            pointers.extend(decoded);
        }
        Ok(pointers)
    }

    async fn all(&self, table: Table, partition: Vec<u8>) -> Result<Vec<Item>, AnyError> {
        let query = Query {
            table,
            purpose: Purpose::Administration,
            partition,
            sort: SortRange::All,
            consistency: Consistency::Strong,
            limit: 1000,
            attributes: None,
        };
        let client = self.client();
        Ok(client.all(&query, client.deadline_in(Duration::from_secs(9))).await?)
    }

    fn client(&self) -> &Client {
        &self.maintenance.job.context.client
    }
}

fn resolved(
    pointers: &[Pointer],
    windows: &[(WindowItem, Arc<Manifest>)],
    member: impl Fn(u32) -> Window,
) -> BTreeSet<(TraceHash, PackRef)> {
    let packs = |pointer: &Pointer| {
        let wanted = member(pointer.window);
        let (item, manifest) = windows.iter().find(|(item, _)| item.window == wanted).unwrap();
        let log = LogOfRun { window: item.window, lanes: &manifest.lanes, expiry: item.terms.expiry };
        pointer.packs(&log)
    };
    pointers.iter().flat_map(|pointer| packs(pointer).into_iter().map(|pack| (pointer.hash, pack))).collect()
}

#[tokio::test(start_paused = true)]
async fn the_pointers_of_a_block_are_those_of_its_windows() -> Result<(), AnyError> {
    let world = World::new().await?;
    let windows = world.derived_block().await?;
    assert_eq!(world.round_of(BLOCKS).await?.merged, 1);
    let mut expected = BTreeSet::new();
    for (item, manifest) in &windows {
        let partition = keys::pointers(&world.tenant, item.window, manifest.run, 0, 0).partition;
        let pointers = world.pointers(partition, manifest.pointer_buckets).await?;
        assert_eq!(pointers.len(), 138, "each trace in each of two commits");
        expected.extend(resolved(&pointers, &windows, |_| item.window));
    }
    let block = world.block_manifest().await?;
    assert_eq!(block.members.len(), 48);
    let partition =
        keys::merged_pointers(&world.tenant, Block::of(windows[0].0.window), block.run, 0, 0).partition;
    let merged = world.pointers(partition, block.pointer_buckets).await?;
    assert_eq!(merged.len(), 48 * 138);
    assert!(block.pointer_buckets > 1 && block.pointer_buckets < 48, "{}", block.pointer_buckets);
    let member = |position: u32| block.members[position as usize].window;
    assert_eq!(resolved(&merged, &windows, member), expected);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_pointers_are_missing_or_damaged_is_left_out() -> Result<(), AnyError> {
    let world = World::new().await?;
    let windows = world.derived_block().await?;
    let client = world.client();
    let deadline = || client.deadline_in(Duration::from_secs(9));
    let key = |number: usize| {
        let (item, manifest) = &windows[number];
        keys::pointers(&world.tenant, item.window, manifest.run, manifest.pointer_buckets - 1, 0)
    };
    client.delete(Table::Index, key(3), deadline()).await?;
    let damaged = crate::item::item(key(40), 1, [(attribute::CONTENT, vec![1, 1, 0xff])]);
    client.put(Table::Index, damaged, Purpose::Administration, deadline()).await?;
    assert_eq!(world.round_of(BLOCKS).await?.merged, 1);
    let members = world.block_manifest().await?.members;
    assert_eq!(members.len(), 46);
    let left_out = [3, 40].map(|number| windows[number].0.window);
    assert!(members.iter().all(|member| !left_out.contains(&member.window)));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_damaged_record_is_listed_as_failed_and_the_rest_is_derived() -> Result<(), AnyError> {
    let world = World::new().await?;
    for number in 1..4 {
        world.store.write_spans(&world.tenant, vec![Span::Otlp(otlp_span(number, 1, "shop"))]).await?;
    }
    let item = WindowItem::parse(&world.all(Table::Windows, keys::windows(&world.tenant)).await?[0])?;
    let partition = keys::records(&world.tenant, item.window, item.lanes[0]);
    let mut record = world.all(Table::Spans, partition).await?.remove(1);
    record.inner_mut().insert(attribute::RECORD.to_owned(), AttributeValue::B(vec![1, 0, 7]));
    let client = world.client();
    let deadline = client.deadline_in(Duration::from_secs(9));
    client.put(Table::Spans, record, Purpose::Administration, deadline).await?;
    world.clock.sleep(Duration::from_secs(36)).await;
    assert_eq!(world.maintenance.round().await?.derived, 1);
    let item = WindowItem::parse(&world.all(Table::Windows, keys::windows(&world.tenant)).await?[0])?;
    let manifest = item.manifest().ok_or("not done")?;
    assert_eq!(manifest.failed, [FailedRecord { lane: 0, sequence: 1 }]);
    assert_eq!(manifest.last_sequences, [Some(2)]);
    assert!(manifest.published >= START + 36);
    let partition = keys::pointers(&world.tenant, item.window, manifest.run, 0, 0).partition;
    assert_eq!(world.pointers(partition, manifest.pointer_buckets).await?.len(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_not_kept_in_memory_gives_the_same_items() -> Result<(), AnyError> {
    let mut counts = Vec::new();
    for memory in [256 * 1024 * 1024, 0] {
        let world = World::new().await?;
        for number in 0..5 {
            let spans = (1..50).map(|span| Span::Otlp(otlp_span(1 + number * 7 + span % 7, span, "shop")));
            world.store.write_spans(&world.tenant, spans.collect()).await?;
        }
        world.clock.sleep(Duration::from_secs(36)).await;
        let mut maintenance = world.store.maintenance(JobMode::InProcess, vec![world.tenant.clone()]);
        maintenance.job.memory_bytes = memory;
        assert_eq!(maintenance.round().await?.derived, 1);
        let item = WindowItem::parse(&world.all(Table::Windows, keys::windows(&world.tenant)).await?[0])?;
        let manifest = item.manifest().ok_or("not done")?;
        let partition = keys::pointers(&world.tenant, item.window, manifest.run, 0, 0).partition;
        let pointers = world.pointers(partition, manifest.pointer_buckets).await?;
        let parts: usize = manifest.slots.iter().map(|slot| slot.parts.len()).sum();
        counts.push((pointers.iter().map(|pointer| pointer.hash).collect::<Vec<_>>(), parts));
        assert_eq!(pointers.len(), 5 * 7);
    }
    assert_eq!(counts[0], counts[1]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_run_is_a_failure_like_others() -> Result<(), AnyError> {
    let world = World::new().await?;
    let panics = async { Err::<(), _>(StoreError::invalid(format!("{}", [1][usize::from(hint())]))) };
    let error = world.maintenance.job.guarded(panics.boxed()).await.unwrap_err();
    assert!(error.to_string().contains("the job panicked: index out of bounds"), "{error}");
    Ok(())
}

/// Not known to the compiler.
fn hint() -> u8 {
    std::hint::black_box(7)
}
