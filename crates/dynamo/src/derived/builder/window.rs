//! The second pass over a window's log: items.

use std::collections::{BTreeMap, HashMap};

use super::item::DerivedItem;
use super::part::PartDraft;
use super::plan::Plan;
use crate::derived::commit_ref::CommitRef;
use crate::derived::manifest::{PartKey, Slot, group_of};
use crate::derived::pointers::{Pointer, PointerBucket};
use crate::derived::trace_hash::TraceHash;
use crate::keys::Lane;
use crate::log::{EntryView, StoredRecord};

/// What a manifest says of the parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Derived {
    pub(crate) slots: Vec<Slot>,
}

/// Makes the items of one partition, in the memory that the plan allows. Records may come in any order.
#[derive(Debug)]
pub(crate) struct WindowBuilder {
    plan: Plan,
    lanes: HashMap<Lane, u32>,
    expiry: u64,
    partition: u32,
    commits: Vec<CommitRef>,
    pointers: Vec<RawPointer>,
    /// Parts that are being filled, and the position of that of a slot and group.
    drafts: Vec<Draft>,
    positions: HashMap<(usize, u16), usize>,
    next_part: u32,
    slots: BTreeMap<usize, Slot>,
    /// How much of the rest is taken: parts, buckets, and the pointers in these.
    flushed: usize,
    buckets_made: u32,
    pointers_taken: usize,
}

#[derive(Debug)]
struct Draft {
    slot: usize,
    group: u16,
    part: PartDraft,
}

/// A pointer, before the bucket is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RawPointer {
    hash: TraceHash,
    /// Position among the builder's commits.
    commit: u32,
    first_pack: u16,
    pack_count: u16,
}

impl WindowBuilder {
    /// Builds for a window with these lanes and this expiry. The first partition makes the segments too.
    pub(crate) fn new(plan: Plan, lanes: Vec<Lane>, expiry: u64, partition: u32) -> Self {
        Self {
            plan,
            lanes: lanes.into_iter().zip(0..).collect(),
            expiry,
            partition,
            commits: Vec::new(),
            pointers: Vec::new(),
            drafts: Vec::new(),
            positions: HashMap::new(),
            next_part: 0,
            slots: BTreeMap::new(),
            flushed: 0,
            buckets_made: 0,
            pointers_taken: 0,
        }
    }

    /// Takes a record; answers with the parts that it has filled.
    pub(crate) fn add(&mut self, record: &StoredRecord) -> Vec<DerivedItem> {
        let commit = match self.lanes.get(&record.place.lane) {
            Some(lane) => CommitRef::of(record, *lane, self.expiry),
            None => CommitRef::of_unknown_lane(record),
        };
        self.add_pointers(record);
        let items = if self.partition == 0 { self.add_entries(record, &commit) } else { Vec::new() };
        self.commits.push(commit);
        items
    }

    /// What [`add`](Self::add) has not returned, a part or bucket at a time, since each takes a while; `None` after the
    /// last.
    pub(crate) fn take_rest(&mut self) -> Option<Vec<DerivedItem>> {
        if self.flushed < self.drafts.len() {
            self.flushed += 1;
            return Some(self.flush(self.flushed - 1));
        }
        self.next_bucket().map(|bucket| vec![bucket])
    }

    /// What was made, once the rest is taken.
    pub(crate) fn finish(mut self) -> Derived {
        for parts in self.slots.values_mut().flat_map(|slot| slot.parts.values_mut()) {
            parts.sort_unstable_by_key(|key| (std::cmp::Reverse(key.newest), key.part));
        }
        Derived { slots: self.slots.into_values().rev().collect() }
    }

    fn add_pointers(&mut self, record: &StoredRecord) {
        let buckets = self.plan.buckets_of(self.partition);
        let commit = u32::try_from(self.commits.len()).unwrap_or(u32::MAX);
        for (id, packs) in record.record.index.traces() {
            let hash = TraceHash::of(id);
            if buckets.contains(&hash.bucket(self.plan.pointer_buckets)) {
                // A commit has at most so many packs that two bytes hold their number (see `StoredRecord::pack`).
                let [first_pack, pack_count] =
                    [packs.start, packs.len()].map(|number| u16::try_from(number).unwrap_or(u16::MAX));
                self.pointers.push(RawPointer { hash, commit, first_pack, pack_count });
            }
        }
    }

    fn add_entries(&mut self, record: &StoredRecord, commit: &CommitRef) -> Vec<DerivedItem> {
        let index = &record.record.index;
        // Where each entry has gone: as lists name them by position, none may be left out.
        let mut places = Vec::new();
        for entry in index.entries() {
            let draft = self.draft(&entry);
            if let Some(Draft { part, .. }) = self.drafts.get_mut(draft) {
                places.resize(entry.position, None);
                places.push(Some((draft, part.add(&entry, index, commit))));
            }
        }
        for (fingerprint, entries) in index.fingerprints() {
            for (draft, entry) in entries.iter().filter_map(|entry| places.get(*entry).copied().flatten()) {
                if let Some(Draft { part, .. }) = self.drafts.get_mut(draft) {
                    part.list(fingerprint, entry);
                }
            }
        }
        self.take_full()
    }

    /// The slot of the entry, which covers it from now on.
    fn slot(&mut self, entry: &EntryView<'_>) -> usize {
        let number = self.plan.slot_starts.partition_point(|start| *start <= entry.start_max);
        let slot = self.slots.entry(number).or_insert_with(|| Slot {
            newest: entry.start_max,
            last: entry.start_max,
            oldest: entry.start_min,
            parts: BTreeMap::new(),
        });
        slot.newest = slot.newest.max(entry.start_max);
        slot.last = slot.last.min(entry.start_max);
        slot.oldest = slot.oldest.min(entry.start_min);
        number
    }

    /// The position of the part that the entry belongs to.
    fn draft(&mut self, entry: &EntryView<'_>) -> usize {
        let slot = self.slot(entry);
        let group = group_of(entry.service, self.plan.group_bits);
        *self.positions.entry((slot, group)).or_insert_with(|| {
            self.drafts.push(Draft { slot, group, part: PartDraft::new(self.plan.part_bytes) });
            self.drafts.len() - 1
        })
    }

    fn take_full(&mut self) -> Vec<DerivedItem> {
        let mut full: Vec<usize> = Vec::new();
        let mut by_size: Vec<(usize, usize)> = Vec::new();
        for (position, draft) in self.drafts.iter_mut().enumerate() {
            if draft.part.is_full() {
                full.push(position);
            } else {
                by_size.push((draft.part.memory_bytes(), position));
            }
        }
        let mut memory: usize = by_size.iter().map(|(bytes, _)| bytes).sum();
        if memory > self.plan.parts_memory {
            by_size.sort_unstable();
            while let Some((bytes, position)) = by_size.pop().filter(|_| memory > self.plan.parts_memory) {
                memory -= bytes;
                full.push(position);
            }
        }
        full.into_iter().flat_map(|position| self.flush(position)).collect()
    }

    fn flush(&mut self, position: usize) -> Vec<DerivedItem> {
        let Some(draft) = self.drafts.get_mut(position) else { return Vec::new() };
        let part = std::mem::replace(&mut draft.part, PartDraft::new(self.plan.part_bytes));
        let items = part.finish(draft.group, &mut self.next_part);
        if let Some(slot) = self.slots.get_mut(&draft.slot).filter(|_| !items.is_empty()) {
            let keys = items.iter().filter_map(|item| match item {
                DerivedItem::Part { newest, part, .. } => Some(PartKey { newest: *newest, part: *part }),
                DerivedItem::Pointers { .. } => None,
            });
            slot.parts.entry(draft.group).or_default().extend(keys);
        }
        items
    }

    fn next_bucket(&mut self) -> Option<DerivedItem> {
        let buckets = self.plan.buckets_of(self.partition);
        if self.buckets_made == 0 {
            self.pointers.sort_unstable();
        }
        let bucket = buckets.start.checked_add(self.buckets_made).filter(|bucket| *bucket < buckets.end)?;
        self.buckets_made += 1;
        let rest = self.pointers.get(self.pointers_taken..).unwrap_or_default();
        let count = rest.partition_point(|raw| raw.hash.bucket(self.plan.pointer_buckets) <= bucket);
        self.pointers_taken += count;
        let pointers = rest.iter().take(count).filter_map(|raw| {
            let commit = self.commits.get(usize::try_from(raw.commit).ok()?)?;
            Some(Pointer::new(raw.hash, commit, raw.first_pack.into(), raw.pack_count.into()))
        });
        let pointers: Vec<_> = pointers.collect();
        Some(DerivedItem::Pointers { bucket, parts: PointerBucket::encode(&pointers) })
    }
}
