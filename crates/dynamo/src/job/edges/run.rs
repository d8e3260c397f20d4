//! One run over a window: in as many passes as memory asks for, each over the traces of one range of hashes.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::edges::{EdgeSpan, EdgeSpanReader, Edges, NameId, join};
use jaeger_dynamodb_core::{StoreError, Tenant};

use super::super::Job;
use super::super::claim::Claim;
use super::contribution::{Contribution, Pieces, Written};
use super::held::{ALL_HASHES, HeldSpan, HeldSpans};
use crate::derived::TraceHash;
use crate::log::PackRef;
use crate::period::{Level, Reach};
use crate::window::{Change, WindowItem};

/// Packs that are read at a time.
const PARALLEL_PACKS: usize = 8;

/// The counting of one window's edges.
pub(super) struct EdgesRun<'a> {
    pub(super) job: &'a Job,
    pub(super) tenant: &'a Tenant,
    pub(super) item: &'a WindowItem,
    /// The windows before it.
    pub(super) horizon: Vec<WindowItem>,
    pub(super) generation: u64,
}

/// Bytes that an edge takes with its latencies, about.
const EDGE_BYTES: usize = 1024;

/// What is counted so far, and not put yet.
struct Sums<'a> {
    pieces: Pieces<'a>,
    reader: EdgeSpanReader,
    edges: Edges<NameId>,
    /// Sums that take more are put before there are all.
    most_bytes: usize,
    /// Edges that are put.
    put: u64,
    /// Children that came without their parents.
    unmatched: u64,
    /// Children of earlier windows whose parents came.
    matched: u64,
}

impl EdgesRun<'_> {
    pub(super) async fn count(&self, claim: &mut Claim) -> Result<Written, StoreError> {
        let packs = self.job.packs_of(self.tenant, self.item).await?;
        let mut sums = Sums::new(self.pieces(), self.job.memory_bytes / 8);
        let (mut from, mut passes, mut width) = (ALL_HASHES.start, 0_u32, ALL_HASHES.end);
        while from < ALL_HASHES.end && !packs.is_empty() {
            let hashes = from..from.saturating_add(width).min(ALL_HASHES.end);
            (from, width) = self.pass(&packs, &hashes, &mut sums, claim).await?;
            passes += 1;
        }
        tracing::debug!(
            window_start = self.item.window.start(),
            packs = packs.len(),
            passes,
            edges = sums.edges.iter().len(),
            "edges counted"
        );
        self.publish(sums).await
    }

    fn pieces(&self) -> Pieces<'_> {
        let (window, expiry) = (self.item.window, self.item.terms.expiry);
        let sort = window.to_bytes().to_vec();
        let place = Contribution { tenant: self.tenant, level: Level::Window, sort, expiry };
        Pieces::new(self.job, place, self.generation)
    }

    /// Counts the traces of these hashes, or as many from the first as fit into memory. Answers with the first hash that
    /// is left, and how many to try from there.
    async fn pass(
        &self,
        packs: &BTreeSet<PackRef>,
        hashes: &Range<u64>,
        sums: &mut Sums<'_>,
        claim: &mut Claim,
    ) -> Result<(u64, u64), StoreError> {
        // Packs that are being read take the other half.
        let mut held = HeldSpans::new(hashes, self.job.memory_bytes / 2);
        self.hold(packs, self.item, None, &mut held, &mut sums.reader, claim).await?;
        let traces = held.trace_hashes();
        for earlier in self.horizon.iter().filter(|_| !traces.is_empty()) {
            let end = held.hashes().end;
            let traces = traces.get(..traces.partition_point(|hash| hash.bits() < end)).unwrap_or_default();
            let packs = self.job.packs_of_traces(self.tenant, earlier, traces).await?;
            self.hold(&packs, earlier, Some(traces), &mut held, &mut sums.reader, claim).await?;
            self.job.renew_if_due(claim).await;
        }
        let next = (held.hashes().end, held.next_width());
        for mut slot in held.into_slots() {
            slot.sort_unstable_by_key(|held| held.trace);
            for trace in slot.chunk_by(|one, other| one.trace == other.trace) {
                sums.add(trace);
                if sums.are_many() {
                    sums.put().await?;
                    self.job.renew_if_due(claim).await;
                }
            }
            tokio::task::yield_now().await;
        }
        sums.forget_many_names().await?;
        Ok(next)
    }

    /// Takes the spans of packs that a window names: of all traces that are held, or of those of these hashes.
    async fn hold(
        &self,
        packs: &BTreeSet<PackRef>,
        window: &WindowItem,
        earlier: Option<&[TraceHash]>,
        held: &mut HeldSpans,
        reader: &mut EdgeSpanReader,
        claim: &mut Claim,
    ) -> Result<(), StoreError> {
        let buckets = Reach::new(self.job.context.config.dependency_horizon).buckets(window.window);
        let mut unread = packs.iter().copied();
        loop {
            // What is held may shrink from one batch to the next.
            let batch: Vec<_> = unread.by_ref().take(PARALLEL_PACKS).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let still_held = &*held;
            let wanted = |id| {
                still_held.holds(id)
                    && earlier.is_none_or(|hashes| hashes.binary_search(&TraceHash::of(id)).is_ok())
            };
            let reads = batch.into_iter().map(|pack| self.job.spans_of_pack(self.tenant, pack, wanted));
            let spans: Vec<_> = stream::iter(reads).buffered(PARALLEL_PACKS).try_collect().await?;
            for span in spans.iter().flatten() {
                let (trace, is_before) = (span.trace_id(), earlier.is_some());
                held.push(HeldSpan { trace, is_before, span: reader.read(span).counted_within(&buckets) });
            }
            // No pack shares them with another.
            reader.forget_parts();
            held.note_names(reader.names().memory_bytes());
            self.job.renew_if_due(claim).await;
            tokio::task::yield_now().await;
        }
    }

    async fn publish(&self, mut sums: Sums<'_>) -> Result<Written, StoreError> {
        sums.put().await?;
        if !sums.pieces.is_empty() {
            // Whoever was first may not have come to the mark.
            sums.pieces.finish().await?;
        }
        // Nothing of before a purge may come back.
        let present = self.job.context.generation.read().await;
        if *present != self.generation {
            return Ok(Written::Lost);
        }
        match self.job.finish_edges(self.tenant, self.item.window).await? {
            Change::Made => {
                metrics::counter!("jaeger_dynamodb_edges_total").increment(sums.put);
                metrics::counter!("jaeger_dynamodb_edges_unmatched_total").increment(sums.unmatched);
                metrics::counter!("jaeger_dynamodb_edges_matched_later_total").increment(sums.matched);
                Ok(Written::First)
            }
            Change::NotMade => Ok(Written::Lost),
        }
    }
}

impl<'a> Sums<'a> {
    fn new(pieces: Pieces<'a>, most_bytes: usize) -> Self {
        let (reader, edges) = (EdgeSpanReader::default(), Edges::default());
        Self { pieces, reader, edges, most_bytes, put: 0, unmatched: 0, matched: 0 }
    }

    fn are_many(&self) -> bool {
        self.edges.iter().len().saturating_mul(EDGE_BYTES) > self.most_bytes
    }

    /// Puts what is counted, and begins again from nothing.
    async fn put(&mut self) -> Result<(), StoreError> {
        let edges = std::mem::take(&mut self.edges).named(self.reader.names());
        self.put += edges.iter().len() as u64;
        self.pieces.add(&edges).await
    }

    /// The names of a later pass may be others.
    async fn forget_many_names(&mut self) -> Result<(), StoreError> {
        if self.reader.names().memory_bytes() > self.most_bytes {
            self.put().await?;
            self.reader = EdgeSpanReader::default();
        }
        Ok(())
    }

    /// Adds what the window's spans of one trace change.
    fn add(&mut self, trace: &[HeldSpan]) {
        let names = self.reader.names();
        let mut all: Vec<EdgeSpan> = trace.iter().map(|held| held.span.clone()).collect();
        let unmatched = join(&mut all, names, |call| self.edges.count(&call, 1));
        let mut before: Vec<_> =
            trace.iter().filter(|held| held.is_before).map(|held| held.span.clone()).collect();
        if before.is_empty() {
            self.unmatched += unmatched.len() as u64;
            return;
        }
        let unmatched_before = join(&mut before, names, |call| self.edges.count(&call, -1));
        let [now, earlier] = [unmatched, unmatched_before].map(HashSet::<_>::from_iter);
        self.unmatched += now.difference(&earlier).count() as u64;
        self.matched += earlier.difference(&now).count() as u64;
    }
}
