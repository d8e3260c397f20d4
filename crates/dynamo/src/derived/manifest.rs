//! Manifests: what a run has written, so that a reader asks for exactly that and notices if something is missing.

mod codec;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::trace_hash::mix;
use crate::keys::{Lane, Run};
use crate::log::Name;
use crate::window::Window;

/// What the winning run derived from a window. Final: it may be cached for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) run: Run,
    /// When all items of the run were durable, the service's Unix seconds.
    pub(crate) published: u64,
    /// The window's lanes when it was derived; pointers and parts name them by position.
    pub(crate) lanes: Vec<Lane>,
    /// The last sequence number of each lane, `None` for a lane without records.
    pub(crate) last_sequences: Vec<Option<u32>>,
    /// Records that could not be decoded: nothing of them is derived, their spans stay reachable through the log.
    pub(crate) failed: Vec<FailedRecord>,
    /// Services are spread over 2^`group_bits` groups.
    pub(crate) group_bits: u8,
    /// Parts by when their entries start, newest first. Slots do not overlap in newest starts.
    pub(crate) slots: Vec<Slot>,
    /// Buckets of pointers, each an item; 0 if there is no trace.
    pub(crate) pointer_buckets: u32,
}

/// A record that could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FailedRecord {
    /// Position in [`Manifest::lanes`].
    pub(crate) lane: u32,
    pub(crate) sequence: u32,
}

/// The entries of a window whose latest starts lie in one range. Milliseconds, as entries have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The latest start of any entry.
    pub(crate) newest: i64,
    /// The latest start of the entry with the earliest latest start: no part is older by its key.
    pub(crate) last: i64,
    /// The earliest start of any entry.
    pub(crate) oldest: i64,
    /// For each group with entries the keys of its parts, newest first: a reader knows what it must find, and how far
    /// back each part can matter.
    pub(crate) parts: BTreeMap<u16, Vec<PartKey>>,
}

/// What the keys of a part's items are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartKey {
    /// The latest start of any entry, in milliseconds.
    pub(crate) newest: i64,
    /// Its number in the run.
    pub(crate) part: u32,
}

/// What a merge has written for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockManifest {
    pub(crate) run: Run,
    /// As [`Manifest::published`].
    pub(crate) published: u64,
    /// The windows whose pointers are merged; pointers name them by position.
    pub(crate) members: Vec<BlockMember>,
    /// As [`Manifest::pointer_buckets`].
    pub(crate) pointer_buckets: u32,
}

/// A window of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockMember {
    pub(crate) window: Window,
    /// The run whose pointers were merged.
    pub(crate) run: Run,
}

/// The group of a service. Part of the stored format; it must never change: FNV-1a (64 bit) of the name, finished as
/// [`TraceHash`](super::TraceHash) is, its lowest bits. Names too long to be listed share a group.
pub(crate) fn group_of(service: &Name, group_bits: u8) -> u16 {
    let hash = service.as_ref().map_or(0, |name| {
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        mix(name.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    });
    let mask = (1_u64 << group_bits.min(16)) - 1;
    u16::try_from(hash & mask).unwrap_or(u16::MAX)
}
