//! Where the log of a closed window ends, fixed before the window is derived.

use std::collections::BTreeMap;

use crate::bytes::{DecodeError, Reader};
use crate::keys::Lane;

const VERSION: u8 = 1;

/// The last record that counts of each lane that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEnd(BTreeMap<Lane, u32>);

impl LogEnd {
    pub(crate) fn new(lanes: &[Lane], last_sequences: &[Option<u32>]) -> Self {
        Self(lanes.iter().zip(last_sequences).filter_map(|(lane, last)| Some((*lane, (*last)?))).collect())
    }

    pub(crate) fn last_sequence(&self, lane: Lane) -> Option<u32> {
        self.0.get(&lane).copied()
    }

    /// The same bytes for the same end: conditions compare them.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for (lane, last) in &self.0 {
            bytes.extend_from_slice(&lane.0);
            bytes.extend_from_slice(&last.to_be_bytes());
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let mut lanes = BTreeMap::new();
        while !reader.rest().is_empty() {
            lanes.insert(Lane(reader.array()?), u32::from_be_bytes(reader.array()?));
        }
        Ok(Self(lanes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_says_of_each_lane_what_it_was_made_of(lanes in vec((any::<[u8; 8]>(), any::<Option<u32>>()), 0..20)) {
            let lanes: BTreeMap<_, _> = lanes.into_iter().map(|(lane, last)| (Lane(lane), last)).collect();
            let (names, last): (Vec<_>, Vec<_>) = lanes.iter().map(|(lane, last)| (*lane, *last)).unzip();
            let end = LogEnd::new(&names, &last);
            let reversed = LogEnd::new(
                &names.iter().rev().copied().collect::<Vec<_>>(),
                &last.iter().rev().copied().collect::<Vec<_>>(),
            );
            prop_assert_eq!(reversed.encode(), end.encode());
            prop_assert_eq!(LogEnd::decode(&end.encode()), Ok(end.clone()));
            for (lane, last) in lanes {
                prop_assert_eq!(end.last_sequence(lane), last);
            }
        }

        #[test]
        fn damaged_bytes_are_errors_or_an_end(bytes in vec(any::<u8>(), 0..60)) {
            let _ = LogEnd::decode(&bytes);
        }
    }

    #[test]
    fn what_is_cut_or_of_another_version_is_an_error() {
        let end = LogEnd::new(&[Lane([7; 8])], &[Some(3)]).encode();
        assert!(LogEnd::decode(&end[..end.len() - 1]).is_err());
        assert!(LogEnd::decode(&[]).is_err());
        assert_eq!(LogEnd::decode(&[9]), Err(DecodeError::UnknownVersion(9)));
    }
}
