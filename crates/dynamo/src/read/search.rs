//! Search: entries of the log that may match, newest first, each decided on its spans.
//!
//! The order of results is the newest start among a trace's matching spans. An entry tells at the latest when the newest
//! matching span of it can start, so entries are looked at in that order until enough traces are found whose start is
//! strictly newer than anything that could still come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{StoreError, Tenant, TraceId, TraceQuery, UnixNanos, matching};

use super::packs::{PackId, PackRef};
use super::{Reader, Snapshot, StoredRecord};
use crate::keys::Place;
use crate::log::Candidate;

/// Candidates that one pass over the log keeps, for each trace that is wanted and at least.
const CANDIDATES_PER_TRACE: usize = 4;
const MIN_CANDIDATES: usize = 256;

/// Candidates that are decided before it is asked whether enough is found.
const BATCH: usize = 32;

/// Orders candidates, newest first, and tells them apart.
type Rank = (Reverse<UnixNanos>, Place, usize);

impl Reader {
    /// The traces that match, in the order of results, as many as are wanted.
    pub(crate) async fn search(
        &self,
        tenant: &Tenant,
        snapshot: &Snapshot,
        query: &TraceQuery,
    ) -> Result<Vec<TraceId>, StoreError> {
        let mut found = Found { limit: query.limit.get(), newest: HashMap::new() };
        let mut after: Option<Rank> = None;
        loop {
            let capacity = query.limit.get().saturating_mul(CANDIDATES_PER_TRACE).max(MIN_CANDIDATES);
            let candidates = self.next_candidates(tenant, snapshot, query, after, capacity).await?;
            let is_last_pass = candidates.len() < capacity;
            after = candidates.last_key_value().map(|(rank, _)| *rank);
            let candidates: Vec<_> = candidates.into_iter().collect();
            for batch in candidates.chunks(BATCH) {
                let newest_to_come = batch.first().map(|((Reverse(start), ..), _)| *start);
                if newest_to_come.is_some_and(|start| found.is_settled(start)) {
                    return Ok(found.into_ids());
                }
                self.decide(tenant, snapshot, query, batch, &mut found).await?;
            }
            if is_last_pass {
                return Ok(found.into_ids());
            }
        }
    }

    /// The first `capacity` candidates in rank after the given one.
    async fn next_candidates(
        &self,
        tenant: &Tenant,
        snapshot: &Snapshot,
        query: &TraceQuery,
        after: Option<Rank>,
        capacity: usize,
    ) -> Result<BTreeMap<Rank, (Candidate, Arc<StoredRecord>)>, StoreError> {
        let mut kept: BTreeMap<Rank, (Candidate, Arc<StoredRecord>)> = BTreeMap::new();
        self.for_each_record(tenant, snapshot, |record| {
            for candidate in record.record.index.candidates(query) {
                let rank = (Reverse(candidate.newest_start), record.place, candidate.entry);
                if after.is_some_and(|after| rank <= after) {
                    continue;
                }
                if kept.len() >= capacity {
                    if kept.last_key_value().is_some_and(|(last, _)| *last < rank) {
                        continue;
                    }
                    kept.pop_last();
                }
                kept.insert(rank, (candidate, Arc::clone(record)));
            }
        })
        .await?;
        Ok(kept)
    }

    /// Looks into the packs of the candidates and notes the traces that match.
    async fn decide(
        &self,
        tenant: &Tenant,
        snapshot: &Snapshot,
        query: &TraceQuery,
        candidates: &[(Rank, (Candidate, Arc<StoredRecord>))],
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let mut packs: HashMap<PackId, (PackRef, HashSet<TraceId>)> = HashMap::new();
        for (_, (candidate, record)) in candidates {
            if found.newest.get(&candidate.trace_id).is_some_and(|start| *start >= candidate.newest_start) {
                continue;
            }
            for ordinal in record.record.index.packs_of_entry(candidate.entry) {
                let pack = PackRef { record: Arc::clone(record), ordinal };
                packs.entry(pack.id()).or_insert_with(|| (pack, HashSet::new())).1.insert(candidate.trace_id);
            }
        }
        let reads = packs.into_values().map(|(pack, wanted)| async move {
            self.spans_of_pack(tenant, &snapshot.packs_read, &pack, &wanted).await
        });
        let mut reads = stream::iter(reads).buffer_unordered(self.config.read_concurrency);
        while let Some(spans) = reads.try_next().await? {
            for span in spans.iter().filter(|span| matching::matches(span, query)) {
                let newest = found.newest.entry(span.trace_id()).or_insert_with(|| span.start());
                *newest = span.start().max(*newest);
            }
        }
        Ok(())
    }
}

/// Traces that match, each with the newest start among those of its matching spans that were looked at.
struct Found {
    limit: usize,
    newest: HashMap<TraceId, UnixNanos>,
}

impl Found {
    /// Whether nothing that starts at `start` or before can change the answer.
    fn is_settled(&self, start: UnixNanos) -> bool {
        self.newest.values().filter(|newest| **newest > start).count() >= self.limit
    }

    fn into_ids(self) -> Vec<TraceId> {
        let mut found: Vec<_> = self.newest.into_iter().map(|(id, start)| (Reverse(start), id)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).take(self.limit).collect()
    }
}
