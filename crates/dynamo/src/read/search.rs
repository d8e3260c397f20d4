//! Search: what may match, newest first, each decided on its spans.
//!
//! The order of results is the newest start among a trace's matching spans. Everything that may match, a part of a
//! segment as well as an entry of it or of the log, tells at the latest when something in it can start. So the search
//! always looks next at what may hold the newest span, and ends when enough traces are found that start strictly later
//! than anything that could still come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{TraceId, TraceQuery, UnixNanos, matching};

use super::derived_items::Failure;
use super::plan::{Plan, Step};
use super::segments::ReadPart;
use super::{QueryContext, Reader, Snapshot};
use crate::derived::{LogOfRun, TraceHash};
use crate::keys::Place;
use crate::log::{PackRef, StoredRecord};

/// Candidates that one pass over the log keeps, for each trace that is wanted and at least.
const CANDIDATES_PER_TRACE: usize = 4;
const MIN_CANDIDATES: usize = 256;

/// Candidates that are decided before it is asked whether enough is found.
const BATCH: usize = 32;

/// Most parts of one step that are read at a time.
const MAX_PARTS: usize = 16;

/// Orders candidates of the log, newest first, and tells them apart.
type Rank = (Reverse<UnixNanos>, Place, usize);

/// Something that may hold spans that match, none later than `newest`.
#[derive(Debug)]
struct Lead {
    newest: UnixNanos,
    /// Tells leads of the same instant apart, so that a search goes the same way every time.
    number: Reverse<usize>,
    to: To,
}

/// What a lead leads to.
#[derive(Debug)]
enum To {
    /// Candidates of the log after this rank.
    Log(Option<Rank>),
    /// The parts of a step from this one on.
    Parts(Step, usize),
    /// An entry of a part.
    Entry(Arc<ReadPart>, usize),
    /// An entry of a log record.
    Record(Arc<StoredRecord>, usize),
}

/// A search under way.
struct Search<'a> {
    reader: &'a Reader,
    context: &'a QueryContext,
    query: &'a TraceQuery,
    plan: Plan,
    leads: BinaryHeap<Lead>,
    leads_so_far: usize,
    /// Packs and bytes of trace hashes that were looked into.
    decided: HashSet<(PackRef, u8)>,
    found: Found,
    /// Steps, and parts of each, that are read at a time: few at first, since often the newest are enough.
    width: usize,
}

impl Reader {
    /// The traces that match, in the order of results, as many as are wanted.
    pub(super) async fn search(
        &self,
        context: &QueryContext,
        snapshot: &Snapshot,
        query: &TraceQuery,
    ) -> Result<Vec<TraceId>, Failure> {
        let mut search = Search {
            reader: self,
            context,
            query,
            plan: Plan::of(snapshot, query),
            leads: BinaryHeap::new(),
            leads_so_far: 0,
            decided: HashSet::new(),
            found: Found { limit: query.limit.get(), newest: HashMap::new() },
            width: 1,
        };
        search.begin();
        search.run(snapshot).await?;
        Ok(search.found.into_ids())
    }
}

impl Search<'_> {
    fn begin(&mut self) {
        for step in std::mem::take(&mut self.plan.steps) {
            self.lead_to_parts(step, 0);
        }
        self.lead(UnixNanos(i128::MAX), To::Log(None));
    }

    async fn run(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        while let Some(lead) = self.leads.pop() {
            if self.found.is_settled(lead.newest) {
                break;
            }
            match lead.to {
                To::Log(after) => self.look_into_log(snapshot, after).await?,
                To::Parts(step, part) => {
                    let steps = self.steps_from((step, part));
                    self.look_into_parts(steps).await?;
                }
                To::Entry(..) | To::Record(..) => {
                    let batch = self.candidates_from(lead);
                    self.decide(batch).await?;
                }
            }
        }
        Ok(())
    }

    fn lead(&mut self, newest: UnixNanos, to: To) {
        self.leads_so_far += 1;
        self.leads.push(Lead { newest, number: Reverse(self.leads_so_far), to });
    }

    fn lead_to_parts(&mut self, step: Step, part: usize) {
        if let Some(newest) = step.newest_from(part, self.query.start) {
            self.lead(newest, To::Parts(step, part));
        }
    }

    /// The next steps, as long as nothing else may hold anything newer.
    fn steps_from(&mut self, first: (Step, usize)) -> Vec<(Step, usize)> {
        let mut steps = vec![first];
        while steps.len() < self.width
            && let Some(next) = self.leads.peek()
            && matches!(next.to, To::Parts(..))
            && let Some(Lead { to: To::Parts(step, part), .. }) = self.leads.pop()
        {
            steps.push((step, part));
        }
        steps
    }

    /// The next candidates, as long as nothing else may hold anything newer.
    fn candidates_from(&mut self, first: Lead) -> Vec<To> {
        let mut batch = vec![first.to];
        while batch.len() < BATCH
            && let Some(next) = self.leads.peek()
            && matches!(next.to, To::Entry(..) | To::Record(..))
            && let Some(next) = self.leads.pop()
        {
            batch.push(next.to);
        }
        batch
    }

    async fn look_into_parts(&mut self, steps: Vec<(Step, usize)>) -> Result<(), Failure> {
        let parts_of_each = self.width.min(MAX_PARTS);
        self.width = (self.width * 2).min(self.reader.config.read_concurrency);
        let (reader, context, query, reads_lists) =
            (self.reader, self.context, self.query, self.plan.reads_lists);
        let reads = steps.into_iter().map(|(step, from)| async move {
            let to = step.parts().len().min(from + parts_of_each);
            let parts =
                reader.parts(context, &step, from..to, reads_lists.then_some(&query.predicate)).await?;
            Ok::<_, Failure>((step, to, parts))
        });
        let mut reads = stream::iter(reads).buffered(self.reader.config.read_concurrency);
        while let Some((step, next, parts)) = reads.try_next().await? {
            for part in parts.into_iter().map(Arc::new) {
                for (entry, newest) in part.entries.candidates(query, part.lists.as_ref()) {
                    self.lead(newest, To::Entry(Arc::clone(&part), entry));
                }
            }
            self.lead_to_parts(step, next);
        }
        Ok(())
    }

    /// Takes the next candidates from the log: as many as are probably enough, so that a search without conditions does
    /// not keep every entry there is.
    async fn look_into_log(&mut self, snapshot: &Snapshot, after: Option<Rank>) -> Result<(), Failure> {
        let capacity = self.query.limit.get().saturating_mul(CANDIDATES_PER_TRACE).max(MIN_CANDIDATES);
        let mut kept: BTreeMap<Rank, Arc<StoredRecord>> = BTreeMap::new();
        let query = self.query;
        let take = |record: &Arc<StoredRecord>| {
            for (entry, newest) in record.record.index.candidates(query) {
                let rank = (Reverse(newest), record.place, entry);
                let is_seen = after.is_some_and(|after| rank <= after);
                let is_late =
                    kept.len() >= capacity && kept.last_key_value().is_some_and(|(last, _)| *last < rank);
                if !is_seen && !is_late {
                    kept.insert(rank, Arc::clone(record));
                    if kept.len() > capacity {
                        kept.pop_last();
                    }
                }
            }
        };
        self.reader.for_each_record(self.context, &self.plan.log, snapshot, take).await?;
        if kept.len() >= capacity
            && let Some((rank, _)) = kept.last_key_value()
        {
            let (Reverse(newest), ..) = *rank;
            self.lead(newest, To::Log(Some(*rank)));
        }
        for ((Reverse(newest), _, entry), record) in kept {
            self.lead(newest, To::Record(record, entry));
        }
        Ok(())
    }

    /// Looks into the packs of the candidates and notes the traces that match.
    async fn decide(&mut self, candidates: Vec<To>) -> Result<(), Failure> {
        // In the order of the log, so that a search goes the same way every time.
        let mut packs: BTreeMap<PackRef, HashSet<u8>> = BTreeMap::new();
        for candidate in candidates {
            let (of_entry, byte) = candidate.packs();
            for pack in of_entry.into_iter().filter(|pack| self.decided.insert((*pack, byte))) {
                packs.entry(pack).or_default().insert(byte);
            }
        }
        let (reader, context) = (self.reader, self.context);
        let reads = packs.into_iter().map(|(pack, bytes)| async move {
            reader.spans_of_pack(context, pack, |id| bytes.contains(&TraceHash::of(id).byte())).await
        });
        let mut reads = stream::iter(reads).buffer_unordered(reader.config.read_concurrency);
        while let Some(spans) = reads.try_next().await? {
            for span in spans.iter().filter(|span| matching::matches(span, self.query)) {
                let newest = self.found.newest.entry(span.trace_id()).or_insert_with(|| span.start());
                *newest = span.start().max(*newest);
            }
        }
        Ok(())
    }
}

impl To {
    /// The packs of a candidate, and a byte of its trace's hash.
    fn packs(&self) -> (Vec<PackRef>, u8) {
        match self {
            Self::Log(_) | Self::Parts(..) => (Vec::new(), 0),
            Self::Entry(part, entry) => {
                let log = LogOfRun {
                    window: part.item.window,
                    lanes: &part.manifest.lanes,
                    expiry: part.item.terms.expiry,
                };
                (part.entries.packs_of_entry(*entry, &log), part.entries.trace_byte(*entry))
            }
            Self::Record(record, entry) => match record.record.index.trace_of_entry(*entry) {
                Some((id, ordinals)) => {
                    let packs = ordinals.filter_map(|ordinal| record.pack(ordinal)).collect();
                    (packs, TraceHash::of(id).byte())
                }
                None => (Vec::new(), 0),
            },
        }
    }
}

impl PartialEq for Lead {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Lead {}

impl PartialOrd for Lead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Lead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.newest, self.number).cmp(&(other.newest, other.number))
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
