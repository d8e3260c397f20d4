use std::collections::{BTreeMap, BTreeSet};

use jaeger_dynamodb_core::SpanKind;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::bits::{decode_list, decode_rising, encode_list, encode_positions, encode_rising, position_at};
use super::*;
use crate::bytes::DecodeError;
use crate::derived::commit_ref::{CommitPacks, CommitRef};
use crate::derived::testing::log;
use crate::log::{DurationCode, Fingerprint, MayMatch, OperationName};

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>(), 1_760_000_000_000..1_760_000_300_000_i64]
}

prop_compose! {
    fn entries()(
        start_min in instant(), start_max in instant(), duration_min in any::<u8>(), duration_max in any::<u8>(),
        trace_byte in any::<u8>(), shape in 0..4_u32, commit in 0..4_u32, first_pack in any::<u32>(),
        pack_count in 1..5_u32,
    ) -> PartEntry {
        let (duration_min, duration_max) = (DurationCode(duration_min), DurationCode(duration_max));
        PartEntry {
            start_min, start_max, duration_min, duration_max, trace_byte, shape, commit, first_pack, pack_count,
        }
    }
}

fn part(entries: Vec<PartEntry>) -> EntriesPart {
    let operation = |name: &str| OperationName { name: Some(name.to_owned()), kind: SpanKind::Server };
    let shape = |number: usize| Shape {
        service: number % 2,
        operations: (0..number).collect(),
        has_error: number == 2,
        is_unindexed: number == 3,
    };
    let commit = |number: u32| CommitRef {
        lane: number % 2,
        sequence: 4_000_000_000 / (number + 1),
        packs: CommitPacks::Own,
    };
    EntriesPart {
        services: vec![Some("shop".to_owned()), None],
        operations: vec![operation("a"), operation("b"), operation("c")],
        shapes: (0..4).map(shape).collect(),
        commits: (0..4).map(commit).collect(),
        entries,
        entries_of_pairs: Vec::new(),
    }
}

/// Fingerprints with their entries; those that few entries have differ in the bits that pairs keep.
fn lists() -> impl Strategy<Value = (usize, BTreeMap<u32, BTreeSet<u32>>)> {
    (1..300_usize).prop_flat_map(|count| {
        let entry = 0..u32::try_from(count).unwrap();
        let set = prop_oneof![btree_set(entry.clone(), 1..4), btree_set(entry, 1..=count)];
        let lists = vec((0..1_u32 << 20, set), 0..40);
        (Just(count), lists.prop_map(|lists| lists.into_iter().map(|(bits, set)| (bits << 4, set)).collect()))
    })
}

fn fingerprint(bits: u32) -> Fingerprint {
    let [_, a, b, c] = bits.to_be_bytes();
    Fingerprint::from_bytes([a, b, c])
}

fn gathered(lists: &BTreeMap<u32, BTreeSet<u32>>) -> Gathered {
    let pairs = lists.iter().flat_map(|(bits, set)| set.iter().map(|entry| pair(fingerprint(*bits), *entry)));
    Gathered::new(&mut pairs.rev().collect())
}

proptest! {
    #[test]
    fn entries_come_back_with_tables_that_hold_only_what_they_use(entries in vec(entries(), 0..40)) {
        let whole = part(entries);
        prop_assert_eq!(&EntriesPart::decode(&whole.encode()), &Ok(whole.clone()));
        let used = whole.clone().with_used_tables();
        prop_assert_eq!(&EntriesPart::decode(&used.encode()), &Ok(used.clone()));
        for (position, (a, b)) in whole.entries.iter().zip(&used.entries).enumerate() {
            let (old, new) = (&whole.shapes[a.shape as usize], &used.shapes[b.shape as usize]);
            prop_assert_eq!(&whole.services[old.service], &used.services[new.service]);
            let names = |part: &EntriesPart, shape: &Shape| -> BTreeSet<_> {
                shape.operations.iter().map(|operation| part.operations[*operation].name.clone()).collect()
            };
            prop_assert_eq!(names(&whole, old), names(&used, new));
            prop_assert_eq!((old.has_error, old.is_unindexed), (new.has_error, new.is_unindexed));
            prop_assert_eq!(whole.packs_of_entry(position, &log()), used.packs_of_entry(position, &log()));
        }
        prop_assert!(used.shapes.len() <= used.entries.len() && used.commits.len() <= used.entries.len());
    }

    #[test]
    fn a_fingerprint_leads_to_its_entries_and_to_no_others((count, lists) in lists(), rank in vec(any::<u8>(), 300)) {
        let gathered = gathered(&lists);
        let order = gathered.order(&rank[..count]);
        let mut positions = vec![u32::MAX; count];
        order.iter().zip(0..).for_each(|(entry, position)| positions[*entry as usize] = position);
        prop_assert!(!positions.contains(&u32::MAX));
        let encoded = gathered.encode(&[], &positions);
        let decoded = ListsPart::decode(&encoded.lists).unwrap();
        prop_assert_eq!(decoded.entry_count(), count);
        for bits in lists.keys().copied().chain([7 << 8]) {
            let mut found = decoded.listed(fingerprint(bits));
            for pair in decoded.pairs_of(fingerprint(bits)) {
                found[position_at(&encoded.entries_of_pairs, pair, count).unwrap()] = true;
            }
            let may_match = decoded.with_fingerprint(fingerprint(bits));
            for (entry, position) in (0..).zip(&positions) {
                let position = *position as usize;
                let is_wanted = lists.get(&bits).is_some_and(|wanted| wanted.contains(&entry));
                prop_assert_eq!(found[position], is_wanted);
                prop_assert!(may_match[position] || !is_wanted);
            }
        }
    }

    #[test]
    fn damaged_parts_never_panic(
        entries in vec(entries(), 1..20), (_, lists) in lists(), position in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = part(entries).encode();
        let cut = position.index(bytes.len());
        prop_assert!(EntriesPart::decode(&bytes[..cut]).is_err());
        bytes[cut] = byte;
        if let Ok(part) = EntriesPart::decode(&bytes) {
            (0..part.entry_count()).for_each(|entry| drop(part.packs_of_entry(entry, &log())));
        }

        let mut bytes = gathered(&lists).encode(&[0], &(0..300).collect::<Vec<_>>()).lists;
        let cut = position.index(bytes.len());
        bytes[cut] = byte;
        for damaged in [&bytes[..], &bytes[..cut]] {
            if let Ok(part) = ListsPart::decode(damaged) {
                lists.keys().for_each(|bits| drop(part.with_fingerprint(fingerprint(*bits))));
            }
        }
    }

    #[test]
    fn lists_of_every_density_come_back(set in btree_set(0..1000_u32, 0..1000), dense in any::<bool>()) {
        let list: Vec<u32> = if dense { (0..1000).filter(|number| !set.contains(number)).collect() } else { set.into_iter().collect() };
        let wanted: Vec<_> = list.iter().map(|number| *number as usize).collect();
        prop_assert_eq!(decode_list(&encode_list(&list, 1000), 1000), Ok(wanted));
        prop_assert_eq!(decode_rising(&encode_rising(&list, 1000), 1000, list.len()), Ok(list.clone()));
        let positions = encode_positions(&list, 1000);
        for (index, number) in list.iter().enumerate() {
            prop_assert_eq!(position_at(&positions, index, 1000), Some(*number as usize));
        }
    }
}

#[test]
fn a_newer_version_is_told_from_damage() {
    assert_eq!(EntriesPart::decode(&[9]), Err(DecodeError::UnknownVersion(9)));
    assert_eq!(ListsPart::decode(&[9]), Err(DecodeError::UnknownVersion(9)));
    assert_eq!(ListsPart::decode(&[1, 255, 255, 255, 127, 0, 0, 0]).ok(), None);
}
