//! Which packs of an earlier window hold spans of some traces: by its pointers, or by its log.

use std::collections::{BTreeMap, BTreeSet};

use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;

use super::super::Job;
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::derived::{LogOfRun, Manifest, PointerBucket, TraceHash};
use crate::item::{bytes, sort_key};
use crate::keys::{self, attribute};
use crate::log::PackRef;
use crate::schema::Table;
use crate::window::WindowItem;

/// Buckets in a page.
const PAGE_BUCKETS: i32 = 250;

/// Reading a range of buckets is cheaper than reading single ones if it has at most so many times as many.
const RANGE_OVER_SINGLE: u64 = 4;

type Buckets = BTreeMap<u32, Vec<Vec<u8>>>;

impl Job {
    /// The packs of an earlier window with spans of traces that have one of these hashes, which are in order; perhaps some
    /// without, since hashes may collide.
    pub(super) async fn packs_of_traces(
        &self,
        tenant: &Tenant,
        item: &WindowItem,
        hashes: &[TraceHash],
    ) -> Result<BTreeSet<PackRef>, StoreError> {
        if let Some(manifest) = item.manifest() {
            match self.pointed_packs(tenant, item, manifest, hashes).await? {
                Ok(packs) => return Ok(packs),
                Err(error) => {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(
                        error = %error, window_start = item.window.start(),
                        "the pointers of a window cannot be read; its log is read instead"
                    );
                }
            }
        }
        let mut packs = BTreeSet::new();
        self.for_each_record(tenant, item, |record| {
            for (id, ordinals) in record.record.index.traces() {
                if hashes.binary_search(&TraceHash::of(id)).is_ok() {
                    packs.extend(ordinals.map_while(|ordinal| record.pack(ordinal)));
                }
            }
        })
        .await?;
        Ok(packs)
    }

    async fn pointed_packs(
        &self,
        tenant: &Tenant,
        item: &WindowItem,
        manifest: &Manifest,
        hashes: &[TraceHash],
    ) -> Result<Result<BTreeSet<PackRef>, DecodeError>, StoreError> {
        if manifest.pointer_buckets == 0 {
            return Ok(Ok(BTreeSet::new()));
        }
        let wanted: BTreeSet<_> = hashes.iter().map(|hash| hash.bucket(manifest.pointer_buckets)).collect();
        let log = LogOfRun { window: item.window, lanes: &manifest.lanes, expiry: item.terms.expiry };
        let is_settled = manifest.published + self.context.config.settle.as_secs() <= self.now();
        let eventual = is_settled.then_some(Consistency::Eventual);
        let mut last = DecodeError::Truncated;
        for consistency in eventual.into_iter().chain([Consistency::Strong]) {
            let buckets = self.buckets(tenant, item, manifest, &wanted, consistency).await?;
            match packs(&buckets, &wanted, hashes, &log) {
                Ok(packs) => return Ok(Ok(packs)),
                Err(error) => last = error,
            }
        }
        Ok(Err(last))
    }

    /// The parts of buckets that were found, at least of those that are wanted.
    async fn buckets(
        &self,
        tenant: &Tenant,
        item: &WindowItem,
        manifest: &Manifest,
        wanted: &BTreeSet<u32>,
        consistency: Consistency,
    ) -> Result<Buckets, StoreError> {
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(Buckets::new()) };
        let in_range = u64::from(last - first) + 1;
        let ranges: Vec<_> = if in_range <= RANGE_OVER_SINGLE * wanted.len() as u64 {
            vec![(*first, *last)]
        } else {
            wanted.iter().map(|bucket| (*bucket, *bucket)).collect()
        };
        let mut buckets = Buckets::new();
        for (first, last) in ranges {
            let key = |bucket, part| keys::pointers(tenant, item.window, manifest.run, bucket, part);
            let (first, last) = (key(first, 0), key(last, u16::MAX));
            let query = Query {
                table: Table::Index,
                purpose: Purpose::EdgesRead,
                partition: first.partition,
                sort: SortRange::Between(first.sort, last.sort),
                consistency,
                limit: PAGE_BUCKETS,
                attributes: None,
            };
            for item in self.context.client.all(&query, self.deadline()).await? {
                if let Some((bucket, content)) = content(&item) {
                    buckets.entry(bucket).or_default().push(content);
                }
            }
        }
        Ok(buckets)
    }
}

/// The packs of the hashes; an error if not all buckets are there and whole.
fn packs(
    buckets: &Buckets,
    wanted: &BTreeSet<u32>,
    hashes: &[TraceHash],
    log: &LogOfRun<'_>,
) -> Result<BTreeSet<PackRef>, DecodeError> {
    let mut packs = BTreeSet::new();
    for bucket in wanted {
        let parts = buckets.get(bucket).ok_or(DecodeError::Invalid("a bucket of pointers is missing"))?;
        let pointers = PointerBucket::decode(parts)?.into_iter();
        for pointer in pointers.filter(|pointer| hashes.binary_search(&pointer.hash).is_ok()) {
            packs.extend(pointer.packs(log));
        }
    }
    Ok(packs)
}

fn content(item: &Item) -> Option<(u32, Vec<u8>)> {
    let bucket = sort_key(item).ok()?.first_chunk().copied().map(u32::from_be_bytes)?;
    Some((bucket, bytes(item, attribute::CONTENT)?.to_vec()))
}
