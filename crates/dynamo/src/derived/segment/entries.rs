//! The entries of a part.

mod codec;
mod tables;

use jaeger_dynamodb_core::{TraceQuery, UnixNanos};

use super::ListsPart;
use super::bits::position_at;
use crate::derived::commit_ref::{CommitRef, LogOfRun};
use crate::log::{
    DurationCode, DurationRange, Fingerprint, MayMatch, Name, OperationName, PackRef, may_be, newest_start,
};

/// Entries of one group of services. Their order is that in which their lists are shortest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EntriesPart {
    pub(in crate::derived) services: Vec<Name>,
    pub(in crate::derived) operations: Vec<OperationName>,
    pub(in crate::derived) shapes: Vec<Shape>,
    pub(in crate::derived) commits: Vec<CommitRef>,
    pub(in crate::derived) entries: Vec<PartEntry>,
    /// Positions of entries, as [`encode_positions`](super::bits::encode_positions) writes them.
    pub(in crate::derived) entries_of_pairs: Vec<u8>,
}

/// What many entries have in common. Services and operations are positions in the part's tables.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::derived) struct Shape {
    pub(in crate::derived) service: usize,
    pub(in crate::derived) operations: Vec<usize>,
    pub(in crate::derived) has_error: bool,
    pub(in crate::derived) is_unindexed: bool,
}

/// The spans of one trace and service within one commit; see [`EntryView`](crate::log::EntryView).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::derived) struct PartEntry {
    pub(in crate::derived) start_min: i64,
    pub(in crate::derived) start_max: i64,
    pub(in crate::derived) duration_min: DurationCode,
    pub(in crate::derived) duration_max: DurationCode,
    pub(in crate::derived) trace_byte: u8,
    /// Position among the shapes.
    pub(in crate::derived) shape: u32,
    /// Position among the commits.
    pub(in crate::derived) commit: u32,
    pub(in crate::derived) first_pack: u32,
    pub(in crate::derived) pack_count: u32,
}

impl EntriesPart {
    pub(crate) fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// The entries that may hold a matching span, each with the latest instant at which one may start, newest first.
    /// Without the lists fingerprints exclude nothing.
    pub(crate) fn candidates(
        &self,
        query: &TraceQuery,
        lists: Option<&ListsPart>,
    ) -> Vec<(usize, UnixNanos)> {
        let may_match = WithLists { entries: self, lists }.may_match(&query.predicate);
        let mut candidates: Vec<_> = self
            .entries
            .iter()
            .zip(may_match)
            .enumerate()
            .filter(|(_, (_, may_match))| *may_match)
            .filter_map(|(position, (entry, _))| {
                Some((position, newest_start(query.start, entry.start_min, entry.start_max)?))
            })
            .collect();
        candidates.sort_by_key(|(_, newest)| std::cmp::Reverse(*newest));
        candidates
    }

    /// The packs with the entry's spans.
    pub(crate) fn packs_of_entry(&self, entry: usize, log: &LogOfRun<'_>) -> Vec<PackRef> {
        let Some(entry) = self.entries.get(entry) else { return Vec::new() };
        let commit = usize::try_from(entry.commit).ok().and_then(|commit| self.commits.get(commit));
        commit.map_or_else(Vec::new, |commit| commit.packs(log, entry.first_pack, entry.pack_count))
    }

    /// [`TraceHash::byte`](crate::derived::TraceHash::byte) of the entry's trace.
    pub(crate) fn trace_byte(&self, entry: usize) -> u8 {
        self.entries.get(entry).map_or(0, |entry| entry.trace_byte)
    }

    /// An answer for each entry that only its shape decides.
    fn by_shape(&self, may: impl Fn(&Shape) -> bool) -> Vec<bool> {
        let answers: Vec<_> = self.shapes.iter().map(may).collect();
        let answer = |shape: u32| usize::try_from(shape).ok().and_then(|shape| answers.get(shape).copied());
        self.entries.iter().map(|entry| answer(entry.shape).unwrap_or(true)).collect()
    }
}

/// Entries, and their lists if these have been read.
struct WithLists<'a> {
    entries: &'a EntriesPart,
    lists: Option<&'a ListsPart>,
}

impl MayMatch for WithLists<'_> {
    fn entry_count(&self) -> usize {
        self.entries.entry_count()
    }

    fn of_service(&self, name: &str) -> Vec<bool> {
        let services = &self.entries.services;
        self.entries.by_shape(|shape| services.get(shape.service).is_none_or(|service| may_be(service, name)))
    }

    fn with_operation(&self, name: &str) -> Vec<bool> {
        let table = &self.entries.operations;
        self.entries.by_shape(|shape| {
            let mut operations = shape.operations.iter().filter_map(|operation| table.get(*operation));
            operations.any(|operation| may_be(&operation.name, name))
        })
    }

    fn with_duration(&self, range: DurationRange) -> Vec<bool> {
        let entries = self.entries.entries.iter();
        entries.map(|entry| range.overlaps(entry.duration_min, entry.duration_max)).collect()
    }

    fn with_fingerprint(&self, fingerprint: Fingerprint) -> Vec<bool> {
        let Some(lists) = self.lists else { return vec![true; self.entry_count()] };
        let mut may_have = lists.listed(fingerprint);
        may_have.resize(self.entry_count(), true);
        for pair in lists.pairs_of(fingerprint) {
            let entry = position_at(&self.entries.entries_of_pairs, pair, self.entry_count());
            match entry.and_then(|entry| may_have.get_mut(entry)) {
                Some(may_have) => *may_have = true,
                // These are not the lists of these entries; taking all of them loses nothing.
                None => return vec![true; self.entry_count()],
            }
        }
        may_have
    }
}
