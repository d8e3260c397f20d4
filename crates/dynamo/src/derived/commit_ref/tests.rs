use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::derived::testing::{EXPIRY, LANES, log, place};
use crate::log::{LogRecord, RecordIndex, Tier};

fn storage() -> impl Strategy<Value = PackStorage> {
    prop_oneof![
        Just(PackStorage::Inline),
        Just(PackStorage::Parts(1)),
        any::<u16>().prop_map(PackStorage::Parts)
    ]
}

fn packs() -> impl Strategy<Value = Vec<PackStorage>> {
    prop_oneof![vec(storage(), 1..4), vec(Just(PackStorage::Parts(1)), 1..9), Just(vec![PackStorage::Inline])]
}

prop_compose! {
    fn records()(
        packs in packs(),
        sequence in any::<u32>(),
        lane in 0..LANES.len(),
        first_sequence in prop::option::of(any::<u32>()),
        expiry in prop_oneof![3 => Just(EXPIRY), 1 => any::<u64>()],
    ) -> (StoredRecord, u32) {
        let place = place(lane, sequence);
        let record = LogRecord {
            packs_place: Place { sequence: first_sequence.unwrap_or(sequence), ..place },
            packs_expiry: expiry,
            tier: Tier::DynamoDb,
            packs,
            index: RecordIndex::default(),
        };
        (StoredRecord { place, record: Arc::new(record) }, u32::try_from(lane).unwrap())
    }
}

proptest! {
    #[test]
    fn a_reference_names_the_packs_of_its_record_before_and_after_it_is_stored((record, lane) in records()) {
        let of_lane = CommitRef::of(&record, lane, EXPIRY);
        for commit in [of_lane, CommitRef::of_unknown_lane(&record)] {
            let mut bytes = Vec::new();
            commit.packs.encode(&mut bytes);
            prop_assert_eq!(&CommitPacks::decode(&mut Reader::new(&bytes)), &Ok(commit.packs.clone()));
            for ordinal in 0..record.record.packs.len() {
                prop_assert_eq!(commit.pack(&log(), ordinal), record.pack(ordinal));
            }
            for cut in 0..bytes.len() {
                prop_assert!(CommitPacks::decode(&mut Reader::new(&bytes[..cut])).is_err());
            }
        }
    }
}

#[test]
fn a_damaged_number_of_packs_ends_where_the_packs_end() {
    let commit = CommitRef { lane: 0, sequence: 1, packs: CommitPacks::Own };
    assert_eq!(commit.packs(&log(), 0, u32::MAX).len(), 1 << 16);
    let elsewhere = CommitRef { lane: 99, ..commit };
    assert!(elsewhere.packs(&log(), 0, u32::MAX).is_empty());
}
