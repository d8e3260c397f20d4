//! Which entries of a record may hold a span that a query matches.

use jaeger_dynamodb_core::{AttributeCondition, Predicate, TraceQuery, UnixNanos, matching};

use super::duration_code::DurationCode;
use super::fingerprint::Fingerprint;
use super::{Candidate, Entry, RecordIndex};

impl RecordIndex {
    /// The entries that may hold a matching span.
    pub(crate) fn candidates(&self, query: &TraceQuery) -> Vec<Candidate> {
        let may_match = self.may_match(&query.predicate);
        let entries = self.entries.iter().enumerate().zip(may_match);
        entries
            .filter(|((_, entry), may_match)| {
                *may_match && query.start.overlaps(&entry.earliest_start(), &entry.latest_start())
            })
            .filter_map(|((position, entry), _)| {
                let newest_start =
                    query.start.max.map_or(entry.latest_start(), |max| max.min(entry.latest_start()));
                let trace_id = self.traces.get(entry.trace)?.id;
                Some(Candidate { trace_id, newest_start, entry: position })
            })
            .collect()
    }

    /// Ordinals of the packs with spans of the entry.
    pub(crate) fn packs_of_entry(&self, entry: usize) -> std::ops::Range<usize> {
        let trace = self.entries.get(entry).and_then(|entry| self.traces.get(entry.trace));
        trace.map_or(0..0, |trace| trace.packs.clone())
    }

    /// For each entry whether it may hold a span that satisfies the predicate.
    fn may_match(&self, predicate: &Predicate) -> Vec<bool> {
        let each = |may: &dyn Fn(&Entry) -> bool| self.entries.iter().map(may).collect::<Vec<_>>();
        match predicate {
            Predicate::All(predicates) => {
                predicates.iter().fold(vec![true; self.entries.len()], |all, predicate| {
                    all.into_iter().zip(self.may_match(predicate)).map(|(a, b)| a && b).collect()
                })
            }
            Predicate::Any(predicates) => {
                predicates.iter().fold(vec![false; self.entries.len()], |any, predicate| {
                    any.into_iter().zip(self.may_match(predicate)).map(|(a, b)| a || b).collect()
                })
            }
            // An entry stands for several spans: that one satisfies a predicate says nothing of the others.
            Predicate::Not(_) => vec![true; self.entries.len()],
            Predicate::Service(name) => each(&|entry| {
                self.services
                    .get(entry.service)
                    .is_none_or(|service| service.as_ref().is_none_or(|service| service == name))
            }),
            Predicate::Operation(name) => each(&|entry| {
                let mut operations =
                    entry.operations.iter().filter_map(|operation| self.operations.get(*operation));
                operations.any(|operation| operation.name.as_ref().is_none_or(|operation| operation == name))
            }),
            Predicate::Duration(range) => {
                let (min, max) = (range.min.map(DurationCode::of), range.max.map(DurationCode::of));
                each(&|entry| {
                    min.is_none_or(|min| min <= entry.duration_max)
                        && max.is_none_or(|max| entry.duration_min <= max)
                })
            }
            Predicate::Attribute(condition) => self.may_have(condition),
        }
    }

    fn may_have(&self, condition: &AttributeCondition) -> Vec<bool> {
        let Some(pair) = matching::required_pair(condition) else { return vec![true; self.entries.len()] };
        let mut may_have: Vec<_> = self.entries.iter().map(|entry| entry.is_unindexed).collect();
        let wanted = Fingerprint::of(pair.key, pair.text);
        if let Ok(position) = self.fingerprints.binary_search_by_key(&wanted, |(fingerprint, _)| *fingerprint)
        {
            let list = self.fingerprints.get(position).and_then(|(_, list)| self.lists.get(*list));
            for entry in list.into_iter().flatten() {
                if let Some(may_have) = may_have.get_mut(*entry) {
                    *may_have = true;
                }
            }
        }
        may_have
    }
}

impl Entry {
    fn earliest_start(&self) -> UnixNanos {
        UnixNanos(if self.start_min == i64::MIN { i128::MIN } else { i128::from(self.start_min) * 1_000_000 })
    }

    fn latest_start(&self) -> UnixNanos {
        UnixNanos(if self.start_max == i64::MAX { i128::MAX } else { i128::from(self.start_max) * 1_000_000 })
    }
}
