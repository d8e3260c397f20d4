//! Log records: what a commit holds, so that searches know which packs to open. Pure functions of bytes.
//!
//! A record lists the commit's traces, for each trace one entry a service, and an inverted list from fingerprints of
//! `key=text` to entries. Everything in it errs on the side of more: an entry that is listed may not match, but a
//! span that matches is never without an entry that is listed (ADR 0008).

mod builder;
mod codec;
mod duration_code;
mod fingerprint;
mod prune;
#[cfg(test)]
mod tests;

pub(crate) use builder::{RecordBuilder, index_bytes};

use std::ops::Range;

use jaeger_dynamodb_core::{SpanKind, TraceId, UnixNanos};

use crate::keys::Place;
use duration_code::DurationCode;
use fingerprint::Fingerprint;

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

/// A name, or `None` for one too long to be listed, which is never pruned on.
type Name = Option<String>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct OperationName {
    name: Name,
    kind: SpanKind,
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

/// Spans that may match a search: where they are and when the newest of them starts at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) trace_id: TraceId,
    pub(crate) newest_start: UnixNanos,
    pub(crate) entry: usize,
}

// === impl RecordIndex ===

impl RecordIndex {
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
