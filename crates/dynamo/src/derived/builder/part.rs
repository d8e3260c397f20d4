//! A part while it is filled.

use std::cmp::Reverse;
use std::collections::HashMap;

use jaeger_dynamodb_core::SpanKind;

use super::item::DerivedItem;
use super::plan::ENTRY_BYTES;
use crate::derived::commit_ref::CommitRef;
use crate::derived::segment::{
    EncodedLists, EntriesPart, Gathered, MAX_ENTRIES, PartEntry, Shape, different_fingerprints, pair,
};
use crate::derived::trace_hash::TraceHash;
use crate::log::{EntryView, Fingerprint, Name, OperationName, RecordIndex, position};
use crate::size::MAX_CONTENT_BYTES;

/// Lists may take so many times the bytes of entries.
const LISTS_PER_ENTRIES: usize = 4;

/// Entries of one group and slot, and what their lists are made of.
#[derive(Debug)]
pub(super) struct PartDraft {
    part_bytes: usize,
    part: EntriesPart,
    services: HashMap<Name, usize>,
    operations: HashMap<OperationName, usize>,
    shapes: HashMap<Shape, usize>,
    name_bytes: usize,
    pairs: Vec<u64>,
    /// With so many pairs it is time to see how large the lists would be.
    next_look: usize,
}

impl PartDraft {
    pub(super) fn new(part_bytes: usize) -> Self {
        Self {
            part_bytes,
            part: EntriesPart::default(),
            services: HashMap::new(),
            operations: HashMap::new(),
            shapes: HashMap::new(),
            name_bytes: 0,
            pairs: Vec::new(),
            next_look: part_bytes * LISTS_PER_ENTRIES,
        }
    }

    /// Adds an entry of this commit, and answers with its number.
    pub(super) fn add(&mut self, entry: &EntryView<'_>, index: &RecordIndex, commit: &CommitRef) -> u32 {
        let shape = Shape {
            service: self.service(entry.service),
            operations: entry
                .operations
                .iter()
                .filter_map(|operation| self.operation(index, *operation))
                .collect(),
            has_error: entry.has_error,
            is_unindexed: entry.is_unindexed,
        };
        let shape = position(&mut self.shapes, &mut self.part.shapes, &shape);
        if self.part.commits.last() != Some(commit) {
            self.part.commits.push(commit.clone());
        }
        let (first, end) = entry.packs;
        self.part.entries.push(PartEntry {
            start_min: entry.start_min,
            start_max: entry.start_max,
            duration_min: entry.duration_min,
            duration_max: entry.duration_max,
            trace_byte: TraceHash::of(entry.trace_id).byte(),
            shape: number(shape),
            commit: number(self.part.commits.len() - 1),
            first_pack: number(first),
            pack_count: number(end.saturating_sub(first)),
        });
        number(self.part.entries.len() - 1)
    }

    pub(super) fn list(&mut self, fingerprint: Fingerprint, entry: u32) {
        self.pairs.push(pair(fingerprint, entry));
    }

    /// Bytes in memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        self.part.entries.len() * size_of::<PartEntry>()
            + self.pairs.len() * size_of::<u64>()
            + self.part.commits.len() * size_of::<CommitRef>()
            + self.shapes.len() * 2 * size_of::<Shape>()
            + 2 * self.name_bytes
    }

    /// Whether the part has its size.
    pub(super) fn is_full(&mut self) -> bool {
        // Names shrink to about a quarter.
        let bytes = self.part.entries.len() * ENTRY_BYTES + self.name_bytes / 4;
        bytes >= self.part_bytes || self.part.entries.len() >= MAX_ENTRIES || self.has_long_lists()
    }

    fn has_long_lists(&mut self) -> bool {
        if self.pairs.len() < self.next_look {
            return false;
        }
        let bytes = Fingerprint::BYTES * different_fingerprints(&self.pairs) + self.pairs.len() / 4;
        let limit = LISTS_PER_ENTRIES * self.part_bytes;
        self.next_look = self.pairs.len() + limit.saturating_sub(bytes);
        bytes >= limit
    }

    /// The items, nearly always one. Part numbers count up from `next`.
    pub(super) fn finish(self, group: u16, next: &mut u32) -> Vec<DerivedItem> {
        let mut items = Vec::new();
        if self.part.entries.is_empty() {
            return items;
        }
        build(self.part, self.pairs, &mut |newest, entries, lists| {
            items.push(DerivedItem::Part { group, newest, part: *next, entries, lists });
            *next += 1;
        });
        items
    }

    fn service(&mut self, name: &Name) -> usize {
        let before = self.part.services.len();
        let position = position(&mut self.services, &mut self.part.services, name);
        if position == before {
            self.name_bytes += 8 + name.as_ref().map_or(0, String::len);
        }
        position
    }

    fn operation(&mut self, index: &RecordIndex, operation: usize) -> Option<usize> {
        let name = index.operation_names().get(operation)?;
        let before = self.part.operations.len();
        let position = position(&mut self.operations, &mut self.part.operations, name);
        if position == before {
            self.name_bytes += 8 + name.name.as_ref().map_or(0, String::len);
        }
        Some(position)
    }
}

/// Makes the bytes of a part, or of several where one would not fit an item.
fn build(part: EntriesPart, mut pairs: Vec<u64>, emit: &mut impl FnMut(i64, Vec<u8>, Vec<u8>)) {
    let count = part.entries.len();
    if count <= MAX_ENTRIES {
        let (entries, lists) = encode(part.clone(), &mut pairs);
        let newest = part.entries.iter().map(|entry| entry.start_max).max().unwrap_or_default();
        if entries.len().max(lists.len()) <= MAX_CONTENT_BYTES {
            return emit(newest, entries, lists);
        }
        if count <= 1 {
            let (entries, lists) = encode(coarse(part), &mut Vec::new());
            return emit(newest, entries, lists);
        }
    }
    let half = number(count / 2);
    let mut older = part.clone();
    older.entries = part.entries.get(count / 2..).unwrap_or_default().to_vec();
    let mut newer = part;
    newer.entries.truncate(count / 2);
    let entry_of = |pair: u64| number(usize::try_from(pair & u64::from(u32::MAX)).unwrap_or_default());
    let (first, second): (Vec<u64>, Vec<u64>) = pairs.into_iter().partition(|pair| entry_of(*pair) < half);
    build(newer, first, emit);
    build(older, second.into_iter().map(|pair| pair - u64::from(half)).collect(), emit);
}

/// Entries and lists, in the order in which the lists are shortest.
fn encode(mut part: EntriesPart, pairs: &mut Vec<u64>) -> (Vec<u8>, Vec<u8>) {
    let gathered = Gathered::new(pairs);
    let ranks: Vec<_> = part.entries.iter().map(|entry| Reverse(entry.start_max)).collect();
    let order = gathered.order(&ranks);
    let mut positions = vec![0; order.len()];
    for (entry, position) in order.iter().zip(0..) {
        if let Some(slot) = positions.get_mut(index(*entry)) {
            *slot = position;
        }
    }
    part.entries = order.iter().filter_map(|entry| part.entries.get(index(*entry)).copied()).collect();
    let mut part = part.with_used_tables();
    let is_unindexed =
        |entry: &PartEntry| part.shapes.get(index(entry.shape)).is_none_or(|shape| shape.is_unindexed);
    let unindexed: Vec<_> =
        part.entries.iter().enumerate().filter(|(_, entry)| is_unindexed(entry)).map(|(at, _)| at).collect();
    let EncodedLists { lists, entries_of_pairs } = gathered.encode(&unindexed, &positions);
    part.entries_of_pairs = entries_of_pairs;
    (part.encode(), lists)
}

/// An entry that no item can hold with all that it has: without its operations and fingerprints, so that nothing is
/// pruned on either.
fn coarse(mut part: EntriesPart) -> EntriesPart {
    part.operations = vec![OperationName { name: None, kind: SpanKind::Unspecified }];
    for shape in &mut part.shapes {
        *shape = Shape { operations: vec![0], is_unindexed: true, ..shape.clone() };
    }
    part
}

fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
