//! Which entries of an index may hold a span that a query matches: one rule for records and segments.

use jaeger_dynamodb_core::{Predicate, Range, TraceQuery, UnixNanos, matching};

use super::duration_code::DurationCode;
use super::fingerprint::Fingerprint;
use super::{Entry, Name, OperationName, RecordIndex};

/// Entries that a predicate can be held against. Each answer has one element for each entry, and errs on the side of
/// `true`.
pub(crate) trait MayMatch {
    /// How many entries there are.
    fn entry_count(&self) -> usize;
    /// Whether it may be of the service.
    fn of_service(&self, name: &str) -> Vec<bool>;
    /// Whether it may hold a span of this name.
    fn with_operation(&self, name: &str) -> Vec<bool>;
    /// Whether it may hold a span with a duration in the range.
    fn with_duration(&self, range: DurationRange) -> Vec<bool>;
    /// Whether it may hold a span that is listed under the fingerprint.
    fn with_fingerprint(&self, fingerprint: Fingerprint) -> Vec<bool>;

    /// For each entry whether it may hold a span that satisfies the predicate.
    fn may_match(&self, predicate: &Predicate) -> Vec<bool> {
        let all = |is: bool| vec![is; self.entry_count()];
        match predicate {
            Predicate::All(predicates) => predicates.iter().fold(all(true), |all, predicate| {
                all.into_iter().zip(self.may_match(predicate)).map(|(a, b)| a && b).collect()
            }),
            Predicate::Any(predicates) => predicates.iter().fold(all(false), |any, predicate| {
                any.into_iter().zip(self.may_match(predicate)).map(|(a, b)| a || b).collect()
            }),
            // An entry stands for several spans: that one satisfies a predicate says nothing of the others.
            Predicate::Not(_) => all(true),
            Predicate::Service(name) => self.of_service(name),
            Predicate::Operation(name) => self.with_operation(name),
            Predicate::Duration(range) => self.with_duration(DurationRange::of(range)),
            Predicate::Attribute(condition) => match matching::required_pair(condition) {
                Some(pair) => self.with_fingerprint(Fingerprint::of(pair.key, pair.text)),
                None => all(true),
            },
        }
    }
}

/// A range of durations, as coarse as indexes keep them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DurationRange {
    min: Option<DurationCode>,
    max: Option<DurationCode>,
}

impl DurationRange {
    fn of(range: &Range<i128>) -> Self {
        Self { min: range.min.map(DurationCode::of), max: range.max.map(DurationCode::of) }
    }

    /// Whether durations between these two may lie inside.
    pub(crate) fn overlaps(self, shortest: DurationCode, longest: DurationCode) -> bool {
        self.min.is_none_or(|min| min <= longest) && self.max.is_none_or(|max| shortest <= max)
    }
}

/// Whether fingerprints can exclude an entry from matching the predicate: only then are lists worth reading.
pub(crate) fn has_indexed_condition(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(predicates) => predicates.iter().any(has_indexed_condition),
        Predicate::Any(predicates) => !predicates.is_empty() && predicates.iter().all(has_indexed_condition),
        Predicate::Attribute(condition) => matching::required_pair(condition).is_some(),
        Predicate::Not(_) | Predicate::Service(_) | Predicate::Operation(_) | Predicate::Duration(_) => false,
    }
}

/// Whether a kept name may be the wanted one.
pub(crate) fn may_be(kept: &Name, wanted: &str) -> bool {
    kept.as_ref().is_none_or(|kept| kept == wanted)
}

impl RecordIndex {
    /// The entries that may hold a matching span, each with the latest instant at which one may start.
    pub(crate) fn candidates(&self, query: &TraceQuery) -> impl Iterator<Item = (usize, UnixNanos)> {
        let may_match = self.may_match(&query.predicate);
        let range = query.start;
        self.entries.iter().zip(may_match).enumerate().filter_map(move |(position, (entry, may_match))| {
            let newest = newest_start(range, entry.start_min, entry.start_max)?;
            may_match.then_some((position, newest))
        })
    }
}

/// The latest instant inside the range at which a span may start whose entry has these bounds (milliseconds, rounded
/// outwards); `None` if none can.
pub(crate) fn newest_start(range: Range<UnixNanos>, start_min: i64, start_max: i64) -> Option<UnixNanos> {
    let earliest =
        UnixNanos(if start_min == i64::MIN { i128::MIN } else { i128::from(start_min) * 1_000_000 });
    let latest = UnixNanos(if start_max == i64::MAX { i128::MAX } else { i128::from(start_max) * 1_000_000 });
    let overlaps = range.overlaps(&earliest, &latest);
    overlaps.then(|| range.max.map_or(latest, |max| max.min(latest)))
}

impl MayMatch for RecordIndex {
    fn entry_count(&self) -> usize {
        self.entries.len()
    }

    fn of_service(&self, name: &str) -> Vec<bool> {
        self.each(|entry| self.services.get(entry.service).is_none_or(|service| may_be(service, name)))
    }

    fn with_operation(&self, name: &str) -> Vec<bool> {
        let may_be = |operation: &OperationName| may_be(&operation.name, name);
        self.each(|entry| {
            entry.operations.iter().filter_map(|operation| self.operations.get(*operation)).any(may_be)
        })
    }

    fn with_duration(&self, range: DurationRange) -> Vec<bool> {
        self.each(|entry| range.overlaps(entry.duration_min, entry.duration_max))
    }

    fn with_fingerprint(&self, fingerprint: Fingerprint) -> Vec<bool> {
        let mut may_have = self.each(|entry| entry.is_unindexed);
        let position = self.fingerprints.binary_search_by_key(&fingerprint, |(fingerprint, _)| *fingerprint);
        let list = position.ok().and_then(|position| self.fingerprints.get(position));
        for entry in list.and_then(|(_, list)| self.lists.get(*list)).into_iter().flatten() {
            if let Some(may_have) = may_have.get_mut(*entry) {
                *may_have = true;
            }
        }
        may_have
    }
}

impl RecordIndex {
    fn each(&self, may: impl Fn(&Entry) -> bool) -> Vec<bool> {
        self.entries.iter().map(may).collect()
    }

    /// The trace of the entry and the ordinals of the packs with its spans.
    pub(crate) fn trace_of_entry(
        &self,
        entry: usize,
    ) -> Option<(jaeger_dynamodb_core::TraceId, std::ops::Range<usize>)> {
        let trace = self.entries.get(entry).and_then(|entry| self.traces.get(entry.trace))?;
        Some((trace.id, trace.packs.clone()))
    }
}
