//! From trace ids to packs, through the pointers of windows and blocks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::TraceId;

use super::derived_items::Failure;
use super::known::Source;
use super::{QueryContext, Reader, Snapshot};
use crate::capacity::Purpose;
use crate::derived::{LogOfRun, Pointer, PointerBucket, TraceHash};
use crate::keys::{self, Key, Run};
use crate::log::PackRef;
use crate::window::{Window, WindowItem};

/// A bucket of a run's pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BucketId {
    pub(super) source: Source,
    pub(super) run: Run,
    pub(super) bucket: u32,
}

/// Buckets that are read at a time: with a week retained, those of one trace are all under way at once.
const PARALLEL_BUCKETS: usize = 128;

/// Hashes that are looked for, by the bucket that holds them if any does.
type Wanted = BTreeMap<BucketId, BTreeSet<TraceHash>>;

impl Reader {
    /// The packs with spans of these traces in the windows that have manifests; perhaps some without, since hashes may
    /// collide.
    pub(super) async fn pointed_packs(
        &self,
        context: &QueryContext,
        snapshot: &Snapshot,
        ids: &[TraceId],
    ) -> Result<HashMap<TraceId, Vec<PackRef>>, Failure> {
        let mut ids_of: BTreeMap<TraceHash, Vec<TraceId>> = BTreeMap::new();
        for id in ids {
            ids_of.entry(TraceHash::of(*id)).or_default().push(*id);
        }
        let wanted = wanted(snapshot, ids_of.keys().copied());
        let reads = wanted.into_iter().map(|(bucket, hashes)| async move {
            let pointers = self.pointers(context, snapshot, bucket, &hashes).await?;
            Ok::<_, Failure>((bucket, pointers))
        });
        let mut reads = stream::iter(reads).buffer_unordered(PARALLEL_BUCKETS);
        let mut packs: HashMap<TraceId, Vec<PackRef>> = HashMap::new();
        while let Some((bucket, pointers)) = reads.try_next().await? {
            for pointer in &pointers {
                let Some(item) = window_of(snapshot, bucket.source, pointer) else { continue };
                let Some(manifest) = item.manifest() else { continue };
                let log = LogOfRun { window: item.window, lanes: &manifest.lanes, expiry: item.terms.expiry };
                for id in ids_of.get(&pointer.hash).into_iter().flatten() {
                    packs.entry(*id).or_default().extend(pointer.packs(&log));
                }
            }
        }
        Ok(packs)
    }

    /// The pointers of these hashes in the bucket.
    async fn pointers(
        &self,
        context: &QueryContext,
        snapshot: &Snapshot,
        id: BucketId,
        hashes: &BTreeSet<TraceHash>,
    ) -> Result<Vec<Pointer>, Failure> {
        let known: Option<Vec<_>> = hashes.iter().map(|hash| context.pointers.get(&(id, *hash))).collect();
        if let Some(known) = known {
            return Ok(known.iter().flat_map(|pointers| pointers.iter().cloned()).collect());
        }
        let bucket = self.bucket(context, snapshot, id).await?;
        let mut found = Vec::new();
        for hash in hashes {
            let pointers: Arc<[Pointer]> =
                bucket.iter().flat_map(|bucket| bucket.find(*hash)).cloned().collect();
            found.extend(pointers.iter().cloned());
            context.pointers.keep((id, *hash), pointers, 0);
        }
        Ok(found)
    }

    /// The bucket, or `None` if it has expired.
    async fn bucket(
        &self,
        context: &QueryContext,
        snapshot: &Snapshot,
        id: BucketId,
    ) -> Result<Option<PointerBucket>, Failure> {
        let key = |part: u16| -> Key {
            match id.source {
                Source::Window(window) => keys::pointers(&context.tenant, window, id.run, id.bucket, part),
                Source::Block(block) => {
                    keys::merged_pointers(&context.tenant, block, id.run, id.bucket, part)
                }
            }
        };
        let expiry = match id.source {
            Source::Window(window) => snapshot.derived_window(window).map(|item| item.terms.expiry),
            // Missing parts of a block are made up for by its windows.
            Source::Block(_) => None,
        };
        let Some(first) = self.derived_item(context, id.source, expiry, key(0), Purpose::Pointer).await?
        else {
            return Ok(None);
        };
        let damaged = |error| self.damaged(id.source, error);
        let count = PointerBucket::part_count(&first).map_err(damaged)?;
        let mut parts = vec![first];
        for part in 1..count {
            let Some(part) =
                self.derived_item(context, id.source, expiry, key(part), Purpose::Pointer).await?
            else {
                return Ok(None);
            };
            parts.push(part);
        }
        PointerBucket::decode(&parts).map(Some).map_err(damaged)
    }
}

/// The buckets that may hold pointers of the hashes, over all blocks and all windows that no block has merged.
fn wanted(snapshot: &Snapshot, hashes: impl Iterator<Item = TraceHash> + Clone) -> Wanted {
    let sources = snapshot.pointer_sources();
    let blocks = sources
        .blocks
        .iter()
        .map(|(block, manifest)| (Source::Block(*block), manifest.run, manifest.pointer_buckets));
    let windows = sources.windows.iter().filter_map(|item| {
        let manifest = snapshot.derived_window(item.window)?.manifest()?;
        Some((Source::Window(item.window), manifest.run, manifest.pointer_buckets))
    });
    let mut wanted = Wanted::new();
    for (source, run, buckets) in blocks.chain(windows).filter(|(.., buckets)| *buckets > 0) {
        for hash in hashes.clone() {
            let bucket = BucketId { source, run, bucket: hash.bucket(buckets) };
            wanted.entry(bucket).or_default().insert(hash);
        }
    }
    wanted
}

/// The window that a pointer leads into, unless it has expired or is read from its log.
fn window_of<'a>(snapshot: &'a Snapshot, source: Source, pointer: &Pointer) -> Option<&'a Arc<WindowItem>> {
    let window: Window = match source {
        Source::Window(window) => window,
        Source::Block(block) => {
            let (_, manifest) =
                snapshot.pointer_sources().blocks.iter().find(|(known, _)| *known == block)?;
            manifest.members.get(usize::try_from(pointer.window).ok()?)?.window
        }
    };
    snapshot.derived_window(window)
}
