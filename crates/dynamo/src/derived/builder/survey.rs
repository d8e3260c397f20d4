//! The first pass over a window's log: what there is.

use std::collections::{BTreeMap, BTreeSet};

use super::distinct::DistinctCount;
use super::plan::{Plan, Quantities};
use crate::derived::trace_hash::{TraceHash, mix};
use crate::keys::Lane;
use crate::log::StoredRecord;

const HOUR_MILLIS: i64 = 3_600_000;

/// So many hours are told apart while counting, and so many slots are made of them.
const MAX_HOURS: usize = 512;
const MAX_SLOTS: usize = 16;

/// Counts what the records of a window hold.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pointers: usize,
    entries: usize,
    pairs: usize,
    record_bytes: usize,
    lanes: BTreeSet<Lane>,
    traces: DistinctCount,
    fingerprints: DistinctCount,
    /// Entries by the hour of their latest start.
    hours: BTreeMap<i64, usize>,
}

impl Survey {
    /// Takes a record, which has so many bytes in the log.
    pub(crate) fn add(&mut self, record: &StoredRecord, encoded_bytes: usize) {
        self.record_bytes = self.record_bytes.saturating_add(encoded_bytes);
        self.lanes.insert(record.place.lane);
        let index = &record.record.index;
        for (id, _) in index.traces() {
            self.pointers += 1;
            self.traces.add(TraceHash::of(id).bits() << (64 - TraceHash::BITS));
        }
        for entry in index.entries() {
            self.entries += 1;
            *self.hours.entry(entry.start_max.div_euclid(HOUR_MILLIS)).or_default() += 1;
        }
        fold_outermost(&mut self.hours, MAX_HOURS);
        for (fingerprint, entries) in index.fingerprints() {
            self.pairs += entries.len();
            let [a, b, c] = fingerprint.to_bytes();
            self.fingerprints.add(mix(u64::from(u32::from_be_bytes([1, a, b, c]))));
        }
    }

    /// How to derive the window with about so much memory.
    pub(crate) fn plan(&self, memory_bytes: usize) -> Plan {
        let mut hours = self.hours.clone();
        fold_outermost(&mut hours, MAX_SLOTS);
        let quantities = Quantities {
            pointers: self.pointers,
            entries: self.entries,
            pairs: self.pairs,
            record_bytes: self.record_bytes,
            lanes: self.lanes.len(),
            traces: self.traces.estimate(),
            fingerprints: self.fingerprints.estimate(),
        };
        let slot_starts = hours.keys().skip(1).map(|hour| hour.saturating_mul(HOUR_MILLIS)).collect();
        Plan::new(quantities, slot_starts, memory_bytes)
    }
}

/// Puts the hours at the ends to their neighbours, the emptier end first, until at most so many are left.
fn fold_outermost(hours: &mut BTreeMap<i64, usize>, most: usize) {
    while hours.len() > most {
        let count = |end: Option<(&i64, &usize)>| end.map_or(0, |(_, count)| *count);
        let is_first_emptier = count(hours.first_key_value()) <= count(hours.last_key_value());
        let removed = if is_first_emptier { hours.pop_first() } else { hours.pop_last() };
        let neighbour = if is_first_emptier { hours.first_entry() } else { hours.last_entry() };
        if let (Some((_, count)), Some(mut neighbour)) = (removed, neighbour) {
            *neighbour.get_mut() += count;
        }
    }
}
