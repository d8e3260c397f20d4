//! Log records, read lane by lane from where the last read ended, and kept in memory up to a bound.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;

use super::snapshot::LogWindow;
use super::{QueryContext, Reader};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::Consistency;
use crate::item::{bytes, number, sort_key};
use crate::keys::{self, Lane, Place, attribute};
use crate::log::{LogRecord, StoredRecord};
use crate::queries::lane_query;
use crate::schema::Table;
use crate::window::{Window, WindowItem};

/// What a lane takes in memory beside its records, roughly.
const LANE_BYTES: usize = 256;

/// The newest part of the log, in memory. Nothing depends on it but the cost of reads.
#[derive(Debug)]
pub(crate) struct Tail {
    lanes: Mutex<Lanes>,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Lanes {
    /// By window first, so that the oldest windows are the first to go.
    cached: BTreeMap<(Window, Lane), HashMap<Tenant, CachedLane>>,
    bytes: usize,
}

/// A lane's records from its first to some later one, without a gap.
#[derive(Debug, Default, Clone)]
struct CachedLane {
    records: Vec<Arc<StoredRecord>>,
    /// The sequence number from which on the lane is not known yet.
    next: u32,
    bytes: usize,
    /// It was read after its window had closed.
    is_complete: bool,
}

impl Tail {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { lanes: Mutex::default(), max_bytes }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Lanes::default();
    }

    /// Takes a record that this process has just put, if it follows what is known of its lane.
    pub(crate) fn append_own(&self, tenant: &Tenant, place: Place, record: &Arc<LogRecord>) {
        let stored = Arc::new(StoredRecord { place, record: Arc::clone(record) });
        self.merge(tenant, (place.window, place.lane), place.sequence, vec![stored], false);
    }

    /// Forgets windows that are not read from their logs any more.
    pub(super) fn forget(&self, tenant: &Tenant, is_over: impl Fn(Window) -> bool) {
        let mut lanes = self.lock();
        let mut freed = 0;
        lanes.cached.retain(|(window, _), tenants| {
            if is_over(*window) {
                freed += tenants.remove(tenant).map_or(0, |lane| lane.bytes);
            }
            !tenants.is_empty()
        });
        lanes.bytes -= freed;
    }

    fn cached(&self, tenant: &Tenant, lane: (Window, Lane)) -> CachedLane {
        self.lock().cached.get(&lane).and_then(|tenants| tenants.get(tenant)).cloned().unwrap_or_default()
    }

    /// Adds records that follow `from` without a gap, unless the cache has no longer, or already, what precedes them.
    fn merge(
        &self,
        tenant: &Tenant,
        lane: (Window, Lane),
        from: u32,
        records: Vec<Arc<StoredRecord>>,
        is_complete: bool,
    ) {
        let mut lanes = self.lock();
        let cached = lanes.cached.entry(lane).or_default().entry(tenant.clone()).or_default();
        let mut added = if cached.bytes == 0 { LANE_BYTES } else { 0 };
        if from <= cached.next {
            for record in records {
                if record.place.sequence < cached.next {
                    continue;
                }
                added += record.record.index.memory_bytes();
                cached.next = record.place.sequence.saturating_add(1);
                cached.records.push(record);
            }
            cached.is_complete |= is_complete;
        }
        cached.bytes += added;
        lanes.bytes += added;
        while lanes.bytes > self.max_bytes {
            let Some((_, tenants)) = lanes.cached.pop_first() else { break };
            lanes.bytes -= tenants.values().map(|lane| lane.bytes).sum::<usize>();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// The records of a window: the same, once it is derived, as by its manifest.
    pub(super) async fn window_records(
        &self,
        context: &QueryContext,
        window: &LogWindow,
    ) -> Result<Vec<Arc<StoredRecord>>, StoreError> {
        let lanes = stream::iter(window.item.lanes.clone());
        let lanes = lanes.map(|lane| async move {
            let mut records = self.lane_records(context, window, lane).await?;
            let last = window.item.last_sequence(lane);
            records.retain(|record| last.is_some_and(|last| record.place.sequence <= last));
            Ok::<_, StoreError>(records)
        });
        let lanes: Vec<_> = lanes.buffered(self.config.read_concurrency).try_collect().await?;
        Ok(lanes.into_iter().flatten().collect())
    }

    /// The records of a derived window that its manifest lists as failed: another version may read them.
    pub(super) async fn failed_records(
        &self,
        context: &QueryContext,
        item: &WindowItem,
    ) -> Result<Vec<Arc<StoredRecord>>, StoreError> {
        let Some(manifest) = item.manifest() else { return Ok(Vec::new()) };
        let mut records = Vec::new();
        for failed in &manifest.failed {
            let lane = usize::try_from(failed.lane).ok().and_then(|lane| manifest.lanes.get(lane));
            let Some(lane) = lane.copied() else { continue };
            let key =
                keys::record(&context.tenant, Place { window: item.window, lane, sequence: failed.sequence });
            let found = self.get(context, Table::Spans, key, Consistency::Strong, Purpose::Tail).await?;
            records.extend(found.as_ref().and_then(|item_| readable(item_, item.window, lane)));
        }
        Ok(records)
    }

    async fn lane_records(
        &self,
        context: &QueryContext,
        window: &LogWindow,
        lane: Lane,
    ) -> Result<Vec<Arc<StoredRecord>>, StoreError> {
        let key = (window.item.window, lane);
        if let Some(records) = context.lanes.get(&key) {
            return Ok(records);
        }
        let cached = self.tail.cached(&context.tenant, key);
        if cached.is_complete {
            // The cache may forget it before the query looks again, and a late put be there then.
            context.lanes.keep(key, cached.records.clone(), cached.bytes);
            return Ok(cached.records);
        }
        let query = lane_query(&self.config, &context.tenant, key, cached.next, Purpose::Tail);
        let items = self.all(context, &query).await?;
        let read = items.iter().filter_map(|item| bytes(item, attribute::RECORD)).map(<[u8]>::len).sum();
        context.budget.read_tail(read)?;
        let new: Vec<_> = items.iter().filter_map(|item| readable(item, window.item.window, lane)).collect();
        self.tail.merge(&context.tenant, key, cached.next, new.clone(), window.is_final);
        let records: Vec<_> = cached.records.into_iter().chain(new).collect();
        context.lanes.keep(key, records.clone(), read);
        Ok(records)
    }
}

/// The record of an item. One that cannot be read is reported and left out: it must not keep the others from being
/// found (ADR 0009).
fn readable(item: &Item, window: Window, lane: Lane) -> Option<Arc<StoredRecord>> {
    match read(item, window, lane) {
        Ok(record) => Some(Arc::new(record)),
        Err(error) => {
            metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
            tracing::error!(error = %error, window_start = window.start(), lane = ?lane, "a log record cannot be read");
            None
        }
    }
}

/// The record of an item of this lane.
pub(crate) fn read(item: &Item, window: Window, lane: Lane) -> Result<StoredRecord, DecodeError> {
    let place = Place { window, lane, sequence: keys::sequence(sort_key(item)?)? };
    let record =
        bytes(item, attribute::RECORD).ok_or(DecodeError::Invalid("a log record without content"))?;
    let record = LogRecord::decode(record, place, number(item, attribute::EXPIRY)?)?;
    Ok(StoredRecord { place, record: Arc::new(record) })
}
