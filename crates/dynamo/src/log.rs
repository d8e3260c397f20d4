//! Log records: what a commit holds, so that searches know which packs to open. Pure functions of bytes.
//!
//! A record lists the commit's traces, for each trace one entry a service, and an inverted list from fingerprints of
//! `key=text` to entries. Everything in it errs on the side of more: an entry that is listed may not match, but a
//! span that matches is never without an entry that is listed (ADR 0008).

mod builder;
mod codec;
mod duration_code;
mod entry_list;
mod fingerprint;
mod names;
mod prune;
#[cfg(test)]
mod tests;

pub(crate) use builder::{RecordBuilder, index_bytes, position};
pub(crate) use duration_code::DurationCode;
pub(crate) use entry_list::{put_list, read_list};
pub(crate) use fingerprint::Fingerprint;
pub(crate) use names::{Name, OperationName, name, put_names, read_names};
pub(crate) use prune::{DurationRange, MayMatch, has_indexed_condition, may_be, newest_start};

use std::ops::Range;
use std::sync::Arc;

use jaeger_dynamodb_core::{SpanKind, TraceId};

use crate::keys::Place;

/// A record and where it stands in the log.
#[derive(Debug)]
pub(crate) struct StoredRecord {
    pub(crate) place: Place,
    pub(crate) record: Arc<LogRecord>,
}

/// Where a pack is and when it expires (Unix seconds). Equal references are the same pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PackRef {
    pub(crate) address: PackAddress,
    pub(crate) expiry: u64,
}

/// The items that hold a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PackAddress {
    /// It rides inside the item of the record at this place.
    Inline(Place),
    /// So many items of its own, by the place of the commit and its ordinal there.
    Apart { place: Place, ordinal: u16, parts: u16 },
}

/// Where packs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// In the spans table.
    DynamoDb,
}

/// How a pack is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PackStorage {
    /// Inside the record's item.
    Inline,
    /// In so many items of its own.
    Parts(u16),
}

/// A commit's entry in the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogRecord {
    /// Where its packs are: the place of its first put, even if the record was put again elsewhere.
    pub(crate) packs_place: Place,
    /// When its packs expire, Unix seconds.
    pub(crate) packs_expiry: u64,
    pub(crate) tier: Tier,
    pub(crate) packs: Vec<PackStorage>,
    pub(crate) index: RecordIndex,
}

/// What is in the packs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct RecordIndex {
    services: Vec<Name>,
    operations: Vec<OperationName>,
    /// Sorted by trace id.
    traces: Vec<TraceEntry>,
    entries: Vec<Entry>,
    /// Lists of entries, by position.
    lists: Vec<Vec<usize>>,
    /// Sorted by fingerprint; the number is that of a list.
    fingerprints: Vec<(Fingerprint, usize)>,
}

/// A trace of the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TraceEntry {
    id: TraceId,
    /// Ordinals of the packs that hold its spans.
    packs: Range<usize>,
    entries: Range<usize>,
}

/// The spans of one trace and service within the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    trace: usize,
    service: usize,
    /// Earliest start, rounded down to milliseconds.
    start_min: i64,
    /// Latest start, rounded up to milliseconds.
    start_max: i64,
    duration_min: DurationCode,
    duration_max: DurationCode,
    operations: Vec<usize>,
    has_error: bool,
    /// Its fingerprints are not listed, because there are too many.
    is_unindexed: bool,
}

/// An entry as whoever derives something from it sees it: the spans of one trace and service within one commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryView<'a> {
    /// Its position among the entries of the record, by which lists name it.
    pub(crate) position: usize,
    pub(crate) trace_id: TraceId,
    /// Ordinals of the packs with its spans.
    pub(crate) packs: (usize, usize),
    pub(crate) service: &'a Name,
    /// Positions in [`RecordIndex::operation_names`].
    pub(crate) operations: &'a [usize],
    /// Earliest start in milliseconds, rounded down; `i64::MIN` stands for anything earlier.
    pub(crate) start_min: i64,
    /// Latest start in milliseconds, rounded up; `i64::MAX` stands for anything later.
    pub(crate) start_max: i64,
    pub(crate) duration_min: DurationCode,
    pub(crate) duration_max: DurationCode,
    pub(crate) has_error: bool,
    /// Its fingerprints are not listed: every pair must be taken as its own.
    pub(crate) is_unindexed: bool,
}

// === impl StoredRecord ===

impl StoredRecord {
    /// The record's packs, in order.
    pub(crate) fn pack(&self, ordinal: usize) -> Option<PackRef> {
        let record = &self.record;
        let address = match record.packs.get(ordinal)? {
            PackStorage::Inline => PackAddress::Inline(self.place),
            PackStorage::Parts(parts) => PackAddress::Apart {
                place: record.packs_place,
                ordinal: u16::try_from(ordinal).ok()?,
                parts: *parts,
            },
        };
        Some(PackRef { address, expiry: record.packs_expiry })
    }
}

// === impl RecordIndex ===

impl RecordIndex {
    /// The latest start of any span, in milliseconds, rounded up.
    pub(crate) fn latest_start(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.start_max).max()
    }

    /// All entries, in order of trace ids.
    pub(crate) fn entries(&self) -> impl Iterator<Item = EntryView<'_>> {
        self.entries.iter().enumerate().filter_map(|(position, entry)| {
            let trace = self.traces.get(entry.trace)?;
            Some(EntryView {
                position,
                trace_id: trace.id,
                packs: (trace.packs.start, trace.packs.end),
                service: self.services.get(entry.service)?,
                operations: &entry.operations,
                start_min: entry.start_min,
                start_max: entry.start_max,
                duration_min: entry.duration_min,
                duration_max: entry.duration_max,
                has_error: entry.has_error,
                is_unindexed: entry.is_unindexed,
            })
        })
    }

    /// What entries name by position.
    pub(crate) fn operation_names(&self) -> &[OperationName] {
        &self.operations
    }

    /// Each fingerprint with the positions of its entries, in order.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = (Fingerprint, &[usize])> {
        self.fingerprints
            .iter()
            .filter_map(|(fingerprint, list)| Some((*fingerprint, self.lists.get(*list)?.as_slice())))
    }

    /// Each trace with the ordinals of its packs, in order of ids.
    pub(crate) fn traces(&self) -> impl Iterator<Item = (TraceId, Range<usize>)> {
        self.traces.iter().map(|trace| (trace.id, trace.packs.clone()))
    }

    /// Ordinals of the packs with spans of the trace, if it has any here.
    pub(crate) fn packs_of_trace(&self, id: TraceId) -> Option<Range<usize>> {
        let position = self.traces.binary_search_by_key(&id, |trace| trace.id).ok()?;
        self.traces.get(position).map(|trace| trace.packs.clone())
    }

    /// The names of services, without those too long to be listed.
    pub(crate) fn service_names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().flatten().map(String::as_str)
    }

    /// The operations of a service with their kinds, without those too long to be listed.
    pub(crate) fn operations_of(&self, service: &str) -> impl Iterator<Item = (&str, SpanKind)> {
        let entries = self.entries.iter().filter(move |entry| {
            self.services.get(entry.service).is_some_and(|name| name.as_deref() == Some(service))
        });
        entries
            .flat_map(|entry| &entry.operations)
            .filter_map(|operation| self.operations.get(*operation))
            .filter_map(|operation| Some((operation.name.as_deref()?, operation.kind)))
    }

    /// Bytes in memory, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let names = self.services.iter().chain(self.operations.iter().map(|operation| &operation.name));
        128 + names.flatten().map(|name| 48 + name.len()).sum::<usize>()
            + self.traces.len() * size_of::<TraceEntry>()
            + self.entries.iter().map(|entry| size_of::<Entry>() + 8 * entry.operations.len()).sum::<usize>()
            + self.lists.iter().map(|list| 24 + 8 * list.len()).sum::<usize>()
            + self.fingerprints.len() * size_of::<(Fingerprint, usize)>()
    }
}
