//! How a window is derived.

use crate::derived::pointers::{BUCKET_BYTES, buckets_of};
use crate::derived::trace_hash::TraceHash;

/// Size of a part's entries at which reading it costs few units and its tables weigh little.
pub(crate) const PART_BYTES: usize = 32 * 1024;

/// With fewer bytes in a group, a search in many windows would pay more for starting than for reading.
const GROUP_BYTES: usize = 16 * 1024;
const MAX_GROUP_BITS: u8 = 8;

/// Bytes that an entry takes in a part, measured on the OpenTelemetry demo.
pub(super) const ENTRY_BYTES: usize = 9;
/// Bytes in memory of a pointer.
const POINTER_MEMORY: usize = 24;
/// Parts need as much even for a small window.
const MIN_PARTS_MEMORY: usize = 4 * 1024 * 1024;

/// How records are to be cut.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Services are spread over 2^`group_bits` groups.
    pub(crate) group_bits: u8,
    /// Where slots of latest starts begin, rising, in milliseconds; the first slot has no beginning.
    pub(crate) slot_starts: Vec<i64>,
    pub(crate) pointer_buckets: u32,
    /// How many passes over the log it takes, each for a share of the pointers.
    pub(crate) partitions: u32,
    /// Size to aim at for the entries of a part.
    pub(crate) part_bytes: usize,
    /// Parts that are not full may take so much memory.
    pub(super) parts_memory: usize,
    quantities: Quantities,
}

/// What a survey counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quantities {
    pub(super) pointers: usize,
    pub(super) entries: usize,
    pub(super) pairs: usize,
    pub(super) record_bytes: usize,
    pub(super) lanes: usize,
    /// Different traces, about.
    pub(super) traces: usize,
    /// Different fingerprints, about.
    pub(super) fingerprints: usize,
}

impl Plan {
    pub(super) fn new(quantities: Quantities, slot_starts: Vec<i64>, memory_bytes: usize) -> Self {
        let pointers_memory = quantities.pointers.saturating_mul(POINTER_MEMORY);
        let partitions = pointers_memory.div_ceil((memory_bytes / 4).max(1)).max(1);
        Self {
            group_bits: quantities.group_bits(),
            slot_starts,
            pointer_buckets: 0,
            partitions: u32::try_from(partitions).unwrap_or(u32::MAX),
            part_bytes: PART_BYTES,
            parts_memory: (memory_bytes / 4).max(MIN_PARTS_MEMORY),
            quantities,
        }
        .with_sizes(PART_BYTES, BUCKET_BYTES)
    }

    /// The same with other sizes of parts and buckets.
    pub(crate) fn with_sizes(self, part_bytes: usize, bucket_bytes: usize) -> Self {
        let bytes = self.quantities.pointer_bytes();
        let pointer_buckets = buckets_of(self.quantities.pointers, bytes, bucket_bytes);
        let partitions = self.partitions.min(pointer_buckets.max(1));
        Self { part_bytes, pointer_buckets, partitions, ..self }
    }

    /// The buckets that a partition makes.
    pub(super) fn buckets_of(&self, partition: u32) -> std::ops::Range<u32> {
        let bound = |partition: u32| {
            let share =
                u64::from(partition) * u64::from(self.pointer_buckets) / u64::from(self.partitions.max(1));
            u32::try_from(share).unwrap_or(u32::MAX)
        };
        bound(partition)..bound(partition.saturating_add(1))
    }
}

impl Quantities {
    /// Bytes that all parts take, roughly: no more than what they are made of.
    fn part_bytes(&self) -> usize {
        // A fingerprint of many entries takes 3 bytes and some for its list, one of few takes less.
        let lists = (4 * self.fingerprints + self.entries).min(4 * self.pairs);
        (ENTRY_BYTES * self.entries + lists).min(self.record_bytes)
    }

    fn group_bits(&self) -> u8 {
        let groups = (self.part_bytes() / GROUP_BYTES).max(1);
        u8::try_from(groups.ilog2()).unwrap_or(MAX_GROUP_BITS).min(MAX_GROUP_BITS)
    }

    /// Bytes that all pointers take, about: hashes as gaps, and the rest of a pointer.
    fn pointer_bytes(&self) -> usize {
        let space = 1_u64 << TraceHash::BITS;
        let gap = space / (self.traces as u64).max(1);
        let gap_bytes = usize::try_from(gap.max(1).ilog2() / 7 + 1).unwrap_or(1);
        // Head, lane and sequence; in one lane the sequences of a trace are near each other.
        let quarters = if self.lanes > 1 { 11 } else { 9 };
        gap_bytes * self.traces + quarters * self.pointers / 4
    }
}
