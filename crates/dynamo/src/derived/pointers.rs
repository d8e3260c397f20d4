//! Pointers: from a hash of the trace id to the packs of one commit that hold spans of the trace.

mod codec;
#[cfg(test)]
mod tests;

use super::commit_ref::{CommitPacks, CommitRef, LogOfRun};
use super::trace_hash::TraceHash;
use crate::log::PackRef;

/// What a bucket should take: read by itself, eventually consistently, it is to cost half a read unit (4 096 bytes
/// with keys) however unevenly hashes fall.
pub(crate) const BUCKET_BYTES: usize = 3_400;

/// Packs of one commit with spans of traces with this hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) hash: TraceHash,
    /// Position among a block's members; 0 in a window's own pointers.
    pub(crate) window: u32,
    pub(crate) commit: CommitRef,
    pub(crate) first_pack: u32,
    pub(crate) pack_count: u32,
}

/// The pointers of one range of hashes, sorted by hash, window, lane and sequence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PointerBucket {
    pointers: Vec<Pointer>,
}

/// How many buckets pointers should have that take so many bytes in all.
pub(crate) fn bucket_count(pointers: usize, bytes: usize) -> u32 {
    buckets_of(pointers, bytes, BUCKET_BYTES)
}

/// As [`bucket_count`], with another size of buckets.
pub(super) fn buckets_of(pointers: usize, bytes: usize, bucket_bytes: usize) -> u32 {
    let count = bytes.div_ceil(bucket_bytes.max(1)).max(1).min(pointers);
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Pointer {
    /// The pointer to these packs of a commit. It carries only the packs of its own trace.
    pub(crate) fn new(hash: TraceHash, commit: &CommitRef, first_pack: u32, pack_count: u32) -> Self {
        let (lane, sequence) = (commit.lane, commit.sequence);
        match &commit.packs {
            CommitPacks::Listed(packs) => {
                let [first, count] =
                    [first_pack, pack_count].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
                let packs: Vec<_> = packs.iter().skip(first).take(count).copied().collect();
                let pack_count = u32::try_from(packs.len()).unwrap_or(u32::MAX);
                let commit = CommitRef { lane, sequence, packs: CommitPacks::Listed(packs) };
                Self { hash, window: 0, commit, first_pack: 0, pack_count }
            }
            packs => {
                let commit = CommitRef { lane, sequence, packs: packs.clone() };
                Self { hash, window: 0, commit, first_pack, pack_count }
            }
        }
    }

    /// The packs, given the log of the window that [`Pointer::window`] says.
    pub(crate) fn packs(&self, log: &LogOfRun<'_>) -> Vec<PackRef> {
        self.commit.packs(log, self.first_pack, self.pack_count)
    }

    fn order(&self) -> (TraceHash, u32, u32, u32) {
        (self.hash, self.window, self.commit.lane, self.commit.sequence)
    }
}

impl PointerBucket {
    /// The pointers of this hash.
    pub(crate) fn find(&self, hash: TraceHash) -> impl Iterator<Item = &Pointer> {
        let from = self.pointers.partition_point(|pointer| pointer.hash < hash);
        self.pointers.iter().skip(from).take_while(move |pointer| pointer.hash == hash)
    }
}

/// All pointers, in order.
impl IntoIterator for PointerBucket {
    type Item = Pointer;
    type IntoIter = std::vec::IntoIter<Pointer>;

    fn into_iter(self) -> Self::IntoIter {
        self.pointers.into_iter()
    }
}
