//! Whole traces, by id.

use std::collections::HashMap;
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{SpanDeduplicator, StoreError, Tenant, TraceChunk, TraceId, TraceQuery};

use super::derived_items::Failure;
use super::snapshot::LogWindow;
use super::{QueryContext, Reader, Snapshot};
use crate::log::PackRef;

/// Packs of one trace that are read ahead.
const PARALLEL_PACKS: usize = 8;

/// Traces and where their spans are.
type Located = Vec<(TraceId, Vec<PackRef>)>;

impl Reader {
    /// The traces that match, in the order of results.
    pub(crate) fn matching_traces(
        self: Arc<Self>,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let context = Arc::new(self.query(tenant));
        let located = async move {
            let located = loop {
                match self.locate_matching(&context, &query).await {
                    Ok(located) => break located,
                    Err(failure) => self.recover(&context, failure)?,
                }
            };
            Ok::<_, StoreError>(self.chunks(context, located))
        };
        stream::once(located).try_flatten().boxed()
    }

    /// The traces of these ids in the order of the ids, which are distinct.
    pub(crate) fn traces(
        self: Arc<Self>,
        tenant: &Tenant,
        ids: Vec<TraceId>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let context = Arc::new(self.query(tenant));
        let located = async move {
            let located = loop {
                match self.locate_known(&context, &ids).await {
                    Ok(located) => break located,
                    Err(failure) => self.recover(&context, failure)?,
                }
            };
            Ok::<_, StoreError>(self.chunks(context, located))
        };
        stream::once(located).try_flatten().boxed()
    }

    async fn locate_matching(&self, context: &QueryContext, query: &TraceQuery) -> Result<Located, Failure> {
        let snapshot = self.snapshot(context).await?;
        let ids = self.search(context, &snapshot, query).await?;
        self.locate(context, &snapshot, &ids, snapshot.in_log().collect()).await
    }

    /// Looks into what is known of the windows already while it is read what is new: two round trips to the packs, not
    /// three. Windows that may be derived by now are not guessed to be read from their logs.
    async fn locate_known(&self, context: &QueryContext, ids: &[TraceId]) -> Result<Located, Failure> {
        let guess = self.last_snapshot(&context.tenant);
        let (now, settle) = (self.client.service_seconds(), self.config.settle.as_secs());
        let is_log = |window: &LogWindow| {
            let derived_at =
                window.item.manifest().map_or(window.item.closes_at(), |manifest| manifest.published);
            now < derived_at.saturating_add(settle)
        };
        let log = guess.in_log().filter(is_log).collect();
        let (snapshot, _) = futures::join!(self.snapshot(context), self.locate(context, &guess, ids, log));
        let snapshot = snapshot?;
        self.locate(context, &snapshot, ids, snapshot.in_log().collect()).await
    }

    /// Each of the traces with its packs, in the order of the log.
    async fn locate(
        &self,
        context: &QueryContext,
        snapshot: &Snapshot,
        ids: &[TraceId],
        log: Vec<LogWindow>,
    ) -> Result<Located, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut in_log: HashMap<TraceId, Vec<PackRef>> = HashMap::new();
        let in_log_read = self.for_each_record(context, &log, snapshot, |record| {
            for id in ids {
                let ordinals = record.record.index.packs_of_trace(*id).into_iter().flatten();
                let packs = ordinals.filter_map(|ordinal| record.pack(ordinal));
                in_log.entry(*id).or_default().extend(packs);
            }
        });
        let (in_log_read, pointed) = futures::join!(in_log_read, self.pointed_packs(context, snapshot, ids));
        in_log_read?;
        let mut pointed = pointed?;
        let located = ids.iter().map(|id| {
            let mut packs = pointed.remove(id).unwrap_or_default();
            packs.extend(in_log.remove(id).unwrap_or_default());
            packs.sort_unstable();
            // A record that was put again leads to the packs of its first put.
            packs.dedup();
            (*id, packs)
        });
        Ok(located.collect())
    }

    /// The traces, a chunk a pack, each distinct span once.
    fn chunks(
        self: Arc<Self>,
        context: Arc<QueryContext>,
        located: Located,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let traces = stream::iter(located)
            .map(move |(id, packs)| Arc::clone(&self).trace(Arc::clone(&context), id, packs));
        traces.flatten().boxed()
    }

    fn trace(
        self: Arc<Self>,
        context: Arc<QueryContext>,
        id: TraceId,
        packs: Vec<PackRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let mut distinct = SpanDeduplicator::default();
        stream::iter(packs)
            .map(move |pack| {
                let (reader, context) = (Arc::clone(&self), Arc::clone(&context));
                async move { reader.spans_of_pack(&context, pack, |of| of == id).await }
            })
            .buffered(PARALLEL_PACKS)
            .map_ok(move |spans| spans.into_iter().filter(|span| distinct.is_new(span)).collect())
            .try_filter_map(|spans| async move { Ok(TraceChunk::new(spans)) })
            .boxed()
    }
}
