mod law;
mod limits;
mod sizes;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::derived::manifest::PartKey;
use crate::derived::testing::{Commit, EXPIRY, LANES};
use crate::derived::{EntriesPart, ListsPart, Pointer, PointerBucket, Slot};
use crate::log::MayMatch;

/// What all partitions together made.
struct Built {
    plan: Plan,
    slots: Vec<Slot>,
    parts: Vec<Part>,
    pointers: Vec<Pointer>,
}

struct Part {
    group: u16,
    key: PartKey,
    entries: EntriesPart,
    lists: ListsPart,
}

/// A plan as the job makes it.
fn plan_for(commits: &[Commit], memory_bytes: usize) -> Plan {
    let mut survey = Survey::default();
    for Commit { record, .. } in commits {
        survey.add(record, record.record.encode(record.place, EXPIRY).len());
    }
    survey.plan(memory_bytes)
}

/// Derives the commits' window, and checks what holds for every run.
fn build(commits: &[Commit], plan: Plan) -> Built {
    let (mut items, mut slots) = (Vec::new(), Vec::new());
    for partition in 0..plan.partitions {
        let mut builder = WindowBuilder::new(plan.clone(), LANES.to_vec(), EXPIRY, partition);
        items.extend(commits.iter().flat_map(|commit| builder.add(&commit.record)));
        while let Some(rest) = builder.take_rest() {
            items.extend(rest);
        }
        slots.extend(builder.finish().slots);
    }
    let (mut parts, mut numbers) = (Vec::new(), BTreeSet::new());
    let mut buckets = BTreeMap::new();
    for item in items {
        match item {
            DerivedItem::Part { group, newest, part, entries, lists } => {
                assert!(numbers.insert(part), "part numbers are unique");
                assert!(entries.len().max(lists.len()) <= crate::size::MAX_CONTENT_BYTES);
                let (entries, lists) =
                    (EntriesPart::decode(&entries).unwrap(), ListsPart::decode(&lists).unwrap());
                assert_eq!(entries.entry_count(), lists.entry_count());
                parts.push(Part { group, key: PartKey { newest, part }, entries, lists });
            }
            DerivedItem::Pointers { bucket, parts } => {
                let bucket_of: Vec<_> = PointerBucket::decode(&parts).unwrap().into_iter().collect();
                assert!(bucket_of.iter().all(|pointer| pointer.hash.bucket(plan.pointer_buckets) == bucket));
                assert!(buckets.insert(bucket, bucket_of).is_none(), "each bucket comes once");
            }
        }
    }
    assert!(buckets.keys().copied().eq(0..plan.pointer_buckets), "all buckets come");
    check_slots(&slots, &parts);
    Built { plan, slots, parts, pointers: buckets.into_values().flatten().collect() }
}

/// Slots come newest first without overlapping, and name all parts, newest first.
fn check_slots(slots: &[Slot], parts: &[Part]) {
    assert!(slots.len() <= 16);
    assert!(slots.iter().all(|slot| slot.last <= slot.newest));
    assert!(slots.windows(2).all(|pair| pair[0].last > pair[1].newest), "{slots:?}");
    let mut named = Vec::new();
    for slot in slots {
        for (group, keys) in &slot.parts {
            assert!(keys.is_sorted_by_key(|key| Reverse(key.newest)));
            assert!(keys.iter().all(|key| (slot.last..=slot.newest).contains(&key.newest)));
            named.extend(keys.iter().map(|key| (*group, *key)));
        }
    }
    let mut made: Vec<_> = parts.iter().map(|part| (part.group, part.key)).collect();
    named.sort_unstable();
    made.sort_unstable();
    assert_eq!(named, made);
}
