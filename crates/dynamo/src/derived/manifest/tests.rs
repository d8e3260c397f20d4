use std::time::Duration;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(i64::MIN),
        Just(i64::MAX),
        Just(0),
        any::<i64>(),
        1_760_000_000_000..1_760_000_300_000_i64
    ]
}

prop_compose! {
    fn slots()(
        newest in instant(), last in instant(), oldest in instant(),
        parts in btree_map(any::<u16>(), vec((instant(), any::<u32>()), 0..4), 0..5),
    ) -> Slot {
        let keys = |keys: Vec<_>| keys.into_iter().map(|(newest, part)| PartKey { newest, part }).collect();
        let parts = parts.into_iter().map(|(group, parts)| (group, keys(parts))).collect();
        Slot { newest, last, oldest, parts }
    }
}

prop_compose! {
    fn manifests()(
        run in any::<[u8; 8]>(), published in any::<u64>(), group_bits in 0..9_u8, pointer_buckets in any::<u32>(),
        lanes in vec((any::<[u8; 8]>(), prop::option::of(any::<u32>())), 0..4),
        failed in vec((any::<u32>(), any::<u32>()), 0..4),
        slots in vec(slots(), 0..4),
    ) -> Manifest {
        let (lanes, last_sequences) = lanes.into_iter().map(|(lane, last)| (Lane(lane), last)).unzip();
        let failed = failed.into_iter().map(|(lane, sequence)| FailedRecord { lane, sequence }).collect();
        Manifest { run: Run(run), published, lanes, last_sequences, failed, group_bits, slots, pointer_buckets }
    }
}

prop_compose! {
    fn block_manifests()(
        run in any::<[u8; 8]>(), published in any::<u64>(), pointer_buckets in any::<u32>(),
        members in vec((0..50_u64, prop::sample::select(vec![1_u64, 30, 300]), any::<[u8; 8]>()), 0..6),
    ) -> BlockManifest {
        let members = members.into_iter().map(|(number, length, run)| BlockMember {
            window: Window::around(1_760_000_000 + number * length, Duration::from_secs(length)),
            run: Run(run),
        });
        BlockManifest { run: Run(run), published, members: members.collect(), pointer_buckets }
    }
}

proptest! {
    #[test]
    fn manifests_come_back_and_damaged_ones_never_panic(
        manifest in manifests(), block in block_manifests(), position in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = manifest.encode();
        prop_assert_eq!(Manifest::decode(&bytes), Ok(manifest));
        let cut = position.index(bytes.len());
        prop_assert!(Manifest::decode(&bytes[..cut]).is_err());
        bytes[cut] = byte;
        let _ = Manifest::decode(&bytes);

        let mut bytes = block.encode();
        prop_assert_eq!(BlockManifest::decode(&bytes), Ok(block));
        let cut = position.index(bytes.len());
        prop_assert!(BlockManifest::decode(&bytes[..cut]).is_err());
        bytes[cut] = byte;
        let _ = BlockManifest::decode(&bytes);
    }
}

#[test]
fn the_manifest_of_fifteen_services_is_small_and_so_is_that_of_a_block() {
    let slot = |newest: i64| Slot {
        newest,
        last: newest - 299_000,
        oldest: newest - 310_000,
        parts: (0..15)
            .map(|group| (group * 4, vec![PartKey { newest: newest - 900, part: 20 }; 2]))
            .collect(),
    };
    let manifest = Manifest {
        run: Run([7; 8]),
        published: 1_760_000_400,
        lanes: vec![Lane([1; 8]); 4],
        last_sequences: vec![Some(1_400); 4],
        failed: Vec::new(),
        group_bits: 6,
        slots: vec![slot(1_760_000_300_000), slot(1_760_000_000_000)],
        pointer_buckets: 70,
    };
    assert!(manifest.encode().len() <= 330, "{}", manifest.encode().len());

    let mut windows = vec![Window::around(1_760_000_000, Duration::from_secs(300))];
    windows.extend((1..48).map(|n| Window::around(1_760_000_000 + n * 300, Duration::from_secs(300))));
    let members = windows.into_iter().map(|window| BlockMember { window, run: Run([9; 8]) }).collect();
    let block = BlockManifest { run: Run([7; 8]), published: 1_760_000_400, members, pointer_buckets: 3_000 };
    assert!(block.encode().len() <= 470, "{}", block.encode().len());
}

#[test]
fn a_newer_version_is_told_from_damage() {
    assert_eq!(Manifest::decode(&[9]), Err(crate::bytes::DecodeError::UnknownVersion(9)));
    assert_eq!(BlockManifest::decode(&[9]), Err(crate::bytes::DecodeError::UnknownVersion(9)));
}

#[test]
fn groups_of_services_never_change() {
    let group = |name: Option<&str>, bits| group_of(&name.map(str::to_owned), bits);
    assert_eq!([None, Some(""), Some("frontend"), Some("checkout")].map(|name| group(name, 8)), GROUPS);
    assert_eq!(group(Some("frontend"), 0), 0);
    assert_eq!(group(Some("frontend"), 3), group(Some("frontend"), 8) & 7);
}

/// Of no name, an empty one, and two names: part of the stored format.
const GROUPS: [u16; 4] = [0, 38, 112, 132];
