//! Whole traces, by id.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{SpanDeduplicator, StoreError, Tenant, TraceChunk, TraceId};

use super::packs::PackRef;
use super::{Reader, Snapshot};

/// Packs of one trace that are read ahead.
const PARALLEL_PACKS: usize = 8;

impl Reader {
    /// The traces of these ids in the order of the ids, a chunk a pack, each distinct span once. Ids are distinct.
    pub(crate) fn traces(
        self: Arc<Self>,
        tenant: Tenant,
        snapshot: Arc<Snapshot>,
        ids: Vec<TraceId>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let located = async move {
            let packs = self.locate(&tenant, &snapshot, &ids).await?;
            let traces = ids.into_iter().filter_map({
                let mut packs = packs;
                move |id| Some((id, packs.remove(&id)?))
            });
            let chunks = stream::iter(traces).map(move |(id, packs)| {
                Arc::clone(&self).trace(tenant.clone(), Arc::clone(&snapshot), id, packs)
            });
            Ok::<_, StoreError>(chunks.flatten())
        };
        stream::once(located).try_flatten().boxed()
    }

    /// For each of the traces its packs, in the order of the log.
    async fn locate(
        &self,
        tenant: &Tenant,
        snapshot: &Snapshot,
        ids: &[TraceId],
    ) -> Result<HashMap<TraceId, Vec<PackRef>>, StoreError> {
        let mut packs: HashMap<TraceId, Vec<PackRef>> = HashMap::new();
        if ids.is_empty() {
            return Ok(packs);
        }
        self.for_each_record(tenant, snapshot, |record| {
            for id in ids {
                for ordinal in record.record.index.packs_of_trace(*id).into_iter().flatten() {
                    packs.entry(*id).or_default().push(PackRef { record: Arc::clone(record), ordinal });
                }
            }
        })
        .await?;
        Ok(packs)
    }

    fn trace(
        self: Arc<Self>,
        tenant: Tenant,
        snapshot: Arc<Snapshot>,
        id: TraceId,
        packs: Vec<PackRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let mut distinct = SpanDeduplicator::default();
        let wanted = Arc::new(HashSet::from([id]));
        stream::iter(packs)
            .map(move |pack| {
                let (reader, tenant, wanted) = (Arc::clone(&self), tenant.clone(), Arc::clone(&wanted));
                let snapshot = Arc::clone(&snapshot);
                async move { reader.spans_of_pack(&tenant, &snapshot.packs_read, &pack, &wanted).await }
            })
            .buffered(PARALLEL_PACKS)
            .map_ok(move |spans| spans.into_iter().filter(|span| distinct.is_new(span)).collect())
            .try_filter_map(|spans| async move { Ok(TraceChunk::new(spans)) })
            .boxed()
    }
}
