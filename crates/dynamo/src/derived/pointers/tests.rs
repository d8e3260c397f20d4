use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::bytes::DecodeError;
use crate::derived::testing::{EXPIRY, log, place};
use crate::log::PackAddress;
use crate::size::MAX_CONTENT_BYTES;

fn packs() -> impl Strategy<Value = CommitPacks> {
    let address = prop_oneof![
        any::<u32>().prop_map(|sequence| PackAddress::Inline(place(1, sequence))),
        (any::<u32>(), any::<u16>(), any::<u16>()).prop_map(|(sequence, ordinal, parts)| {
            PackAddress::Apart { place: place(1, sequence), ordinal, parts }
        }),
    ];
    let listed = vec((address, any::<u64>()), 0..3);
    prop_oneof![
        Just(CommitPacks::Own),
        Just(CommitPacks::Inline),
        listed.prop_map(|packs| {
            let pack = |(address, expiry)| PackRef { address, expiry };
            CommitPacks::Listed(packs.into_iter().map(pack).collect())
        }),
    ]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0..4_u32, any::<u32>()]
}

prop_compose! {
    fn pointers()(
        hash in prop_oneof![0..6_u64, any::<u64>()], window in 0..48_u32, lane in 0..3_u32, sequence in number(),
        first_pack in number(), pack_count in number(), packs in packs(),
    ) -> Pointer {
        let commit = CommitRef { lane, sequence, packs };
        Pointer { hash: TraceHash::from_bits(hash), window, commit, first_pack, pack_count }
    }
}

proptest! {
    #[test]
    fn buckets_come_back_in_order_from_any_number_of_parts(
        mut pointers in vec(pointers(), 0..30), part_bytes in 9..400_usize,
    ) {
        let parts = PointerBucket::encode_in_parts_of(part_bytes, &pointers);
        prop_assert_eq!(PointerBucket::part_count(&parts[0]).map(usize::from), Ok(parts.len()));
        prop_assert!(parts.iter().all(|part| part.len() <= part_bytes));
        let bucket = PointerBucket::decode(&parts).unwrap();
        pointers.sort_by_key(Pointer::order);
        prop_assert_eq!(&bucket.pointers, &pointers);
        for hash in pointers.iter().map(|pointer| pointer.hash) {
            let wanted = pointers.iter().filter(|pointer| pointer.hash == hash);
            prop_assert!(bucket.find(hash).eq(wanted));
        }
        if parts.len() > 1 {
            prop_assert!(PointerBucket::decode(&parts[..parts.len() - 1]).is_err());
        }
        prop_assert!(bucket.into_iter().eq(pointers));
    }

    #[test]
    fn damaged_buckets_never_panic(
        pointers in vec(pointers(), 1..10), position in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut parts = PointerBucket::encode(&pointers);
        let cut = position.index(parts[0].len());
        // Without its last traces a bucket may look like a whole one.
        let _ = PointerBucket::decode(&[&parts[0][..cut]]);
        parts[0][cut] = byte;
        if let Ok(bucket) = PointerBucket::decode(&parts) {
            bucket.pointers.iter().for_each(|pointer| drop(pointer.packs(&log())));
        }
    }
}

#[test]
fn a_trace_in_a_hundred_thousand_commits_fits_items() {
    let listed = CommitPacks::Listed(vec![
        PackRef {
            address: PackAddress::Apart { place: place(2, 7), ordinal: 0, parts: 2 },
            expiry: EXPIRY
        };
        3
    ]);
    let pointers: Vec<_> = (0..100_000)
        .map(|sequence| {
            let packs = if sequence % 10 == 0 { listed.clone() } else { CommitPacks::Own };
            let commit = CommitRef { lane: sequence % 3, sequence, packs };
            Pointer::new(TraceHash::from_bits(77), &commit, 1, 2)
        })
        .collect();
    let parts = PointerBucket::encode(&pointers);
    assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= MAX_CONTENT_BYTES));
    let bucket = PointerBucket::decode(&parts).unwrap();
    assert_eq!(bucket.find(TraceHash::from_bits(77)).count(), 100_000);
    assert!(bucket.pointers.iter().all(|pointer| pointer.packs(&log()).len() == 2));
    assert_eq!(bucket.find(TraceHash::from_bits(78)).count(), 0);
}

#[test]
fn a_pointer_carries_only_the_listed_packs_of_its_trace() {
    let pack = |ordinal| PackRef {
        address: PackAddress::Apart { place: place(0, 1), ordinal, parts: 3 },
        expiry: 5,
    };
    let commit = CommitRef { lane: 0, sequence: 9, packs: CommitPacks::Listed((0..6).map(pack).collect()) };
    let pointer = Pointer::new(TraceHash::from_bits(1), &commit, 2, 2);
    assert_eq!(pointer.commit.packs, CommitPacks::Listed(vec![pack(2), pack(3)]));
    assert_eq!(pointer.packs(&log()), [pack(2), pack(3)]);
}

#[test]
fn an_empty_bucket_is_an_item_and_no_bytes_are_an_error() {
    let parts = PointerBucket::encode(&[]);
    assert_eq!(parts.len(), 1);
    assert_eq!(PointerBucket::decode(&parts), Ok(PointerBucket::default()));
    assert_eq!(PointerBucket::decode::<Vec<u8>>(&[]), Err(DecodeError::Truncated));
    assert_eq!(PointerBucket::part_count(&[9]), Err(DecodeError::UnknownVersion(9)));
}

#[test]
fn buckets_are_as_many_as_their_bytes_ask_for() {
    assert_eq!(
        [(0, 0), (1, 9), (700, 3_400), (700, 3_401)].map(|(n, bytes)| bucket_count(n, bytes)),
        [0, 1, 1, 2]
    );
    assert_eq!(bucket_count(2, 1 << 20), 2);
}
