//! Keys. Every partition key begins with the tenant, so that no key of one tenant is a key of another; sort keys
//! are big-endian, so that their byte order is the order of time and sequence.
//!
//! | table | item | partition key | sort key |
//! |---|---|---|---|
//! | windows | meta | `0xff "meta"` | 12 zero bytes |
//! | windows | window | tenant | window |
//! | windows | manifest of a block | tenant `b` | block |
//! | spans | log record | tenant `r` window lane | sequence |
//! | spans | pack part | tenant `p` window lane sequence | pack, part |
//! | index | part of a segment | tenant `s` window run group | `e` entries or `l` lists, newest start, part |
//! | index | pointers of a window | tenant `t` window run | bucket, part |
//! | index | pointers of a block | tenant `m` block run | bucket, part |
//! | index | catalog | tenant `c` day | service |
//! | index | claim on a window or block | tenant `j` | window, or block and `b` |
//! | index | claim for the edges of a window | tenant `j` | window and `e` |
//! | dependencies | what a window contributes | tenant `w` epoch | window |
//! | dependencies | sums over four hours, or a day | tenant `h` or `d` epoch | start |
//! | dependencies | part of a large contribution | tenant `p` epoch | window or start, run, `c` or `l`, part |
//! | archive | span | tenant `a` trace id | span's digest |
//! | archive | part of a large span | tenant `a` trace id | span's digest, parts' digest, part |
//!
//! tenant = length (1 byte, at most 128) and name; window = start in Unix seconds (8 bytes) and length in seconds (4);
//! epoch = number of 32 days since 1970 (4 bytes), of the start; block likewise, with the length of its windows; newest start = milliseconds, inverted so that the newest come first;
//! digest = the first 16 bytes of a SHA-256.

mod archived;

use jaeger_dynamodb_core::{Tenant, TraceId};

pub(crate) use archived::{ArchivedSort, Digest};

use crate::bytes::{DecodeError, Reader};
use crate::period::{EPOCH_SECONDS, Level};
use crate::window::{Block, Window};

/// Attribute names. They count as stored bytes of every item, so they are short.
pub(crate) mod attribute {
    /// Partition key, binary.
    pub(crate) const PARTITION: &str = "pk";
    /// Sort key, binary.
    pub(crate) const SORT: &str = "sk";
    /// When the item expires, Unix seconds: the attribute that TTL is enabled on.
    pub(crate) const EXPIRY: &str = "expiry";
    /// Content of a pack part, or of the pack that rides inside a log record.
    pub(crate) const PACK: &str = "pack";
    /// Content of a log record.
    pub(crate) const RECORD: &str = "record";
    /// How many parts there are, in each part of an archived span.
    pub(crate) const PARTS: &str = "parts";
    /// Lanes of a window, a set of binaries.
    pub(crate) const LANES: &str = "lanes";
    /// Seconds after its end during which a window still takes commits.
    pub(crate) const GRACE: &str = "grace";
    /// Version of the layout, in the meta item.
    pub(crate) const LAYOUT: &str = "layout";
    /// Set once a window is closed, for whoever listens to the table's stream.
    pub(crate) const SEALED: &str = "sealed";
    /// Set before a window takes a span that starts far ahead of it.
    pub(crate) const STARTS_AHEAD: &str = "ahead";
    /// Set once the edges of a window are counted.
    pub(crate) const EDGES: &str = "edges";
    /// The trace context of whoever set the seal.
    pub(crate) const TRACE_PARENT: &str = "traceparent";
    /// Where the log of a window ends that could not be derived when its edges were wanted.
    pub(crate) const LOG_END: &str = "log_end";
    /// What a window's winning run derived, or a block's.
    pub(crate) const MANIFEST: &str = "manifest";
    /// Content of a derived item.
    pub(crate) const CONTENT: &str = "content";
    /// Operations of a service, a set of binaries.
    pub(crate) const OPERATIONS: &str = "operations";
    /// Operations of a service beyond the most that are kept.
    pub(crate) const DROPPED: &str = "dropped";
    /// Who derives a window at present.
    pub(crate) const HOLDER: &str = "holder";
    /// Until when a claim holds, Unix seconds.
    pub(crate) const UNTIL: &str = "until";
    /// How often deriving a window has failed.
    pub(crate) const TRIES: &str = "tries";
    /// Why it failed the last time.
    pub(crate) const REASON: &str = "reason";
}

/// One writer's sequence of commits within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lane(pub(crate) [u8; 8]);

/// The place of a commit in the log: of its record, and of its packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) window: Window,
    pub(crate) lane: Lane,
    pub(crate) sequence: u32,
}

/// One attempt at deriving a window or merging a block. Only the run that the manifest names is ever read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Run(pub(crate) [u8; 8]);

/// The halves of a segment's part, which are separate items: a rare attribute reads only lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PartHalf {
    Entries,
    Lists,
}

/// Items beside the first of a contribution of edges, each half numbered by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum DependencyPart {
    Calls(u16),
    Latencies(u16),
}

/// A partition and sort key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) partition: Vec<u8>,
    pub(crate) sort: Vec<u8>,
}

pub(crate) fn meta() -> Key {
    Key { partition: b"\xffmeta".to_vec(), sort: vec![0; Window::BYTES] }
}

pub(crate) fn windows(tenant: &Tenant) -> Vec<u8> {
    let name = tenant.as_str().as_bytes();
    let mut key = Vec::with_capacity(1 + name.len());
    // A tenant has at most 128 bytes by construction.
    key.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    key.extend_from_slice(name);
    key
}

pub(crate) fn window(tenant: &Tenant, window: Window) -> Key {
    Key { partition: windows(tenant), sort: window.to_bytes().to_vec() }
}

pub(crate) fn records(tenant: &Tenant, window: Window, lane: Lane) -> Vec<u8> {
    log_partition(tenant, b'r', window, lane)
}

pub(crate) fn record(tenant: &Tenant, place: Place) -> Key {
    Key { partition: records(tenant, place.window, place.lane), sort: place.sequence.to_be_bytes().to_vec() }
}

pub(crate) fn pack_part(tenant: &Tenant, place: Place, pack: u16, part: u16) -> Key {
    let mut partition = log_partition(tenant, b'p', place.window, place.lane);
    partition.extend_from_slice(&place.sequence.to_be_bytes());
    Key { partition, sort: [pack.to_be_bytes(), part.to_be_bytes()].concat() }
}

/// The parts of one group of services in a window's segments.
pub(crate) fn segment(tenant: &Tenant, window: Window, run: Run, group: u16) -> Vec<u8> {
    let mut key = run_partition(tenant, b's', window, run);
    key.extend_from_slice(&group.to_be_bytes());
    key
}

/// Sort key of a part whose newest entry starts at `newest` (milliseconds, rounded up): newest first.
pub(crate) fn part_sort(half: PartHalf, newest: i64, part: u32) -> Vec<u8> {
    let mut key = vec![match half {
        PartHalf::Entries => b'e',
        PartHalf::Lists => b'l',
    }];
    // With its sign bit flipped the number is in order of bytes, complemented in the reverse order.
    key.extend_from_slice(&(!(newest.cast_unsigned() ^ (1 << 63))).to_be_bytes());
    key.extend_from_slice(&part.to_be_bytes());
    key
}

/// A bucket is one item nearly always: only the pointers of one trace in very many commits take further parts.
pub(crate) fn pointers(tenant: &Tenant, window: Window, run: Run, bucket: u32, part: u16) -> Key {
    Key { partition: run_partition(tenant, b't', window, run), sort: bucket_sort(bucket, part) }
}

pub(crate) fn merged_pointers(tenant: &Tenant, block: Block, run: Run, bucket: u32, part: u16) -> Key {
    Key { partition: run_partition(tenant, b'm', block.0, run), sort: bucket_sort(bucket, part) }
}

fn bucket_sort(bucket: u32, part: u16) -> Vec<u8> {
    let mut sort = bucket.to_be_bytes().to_vec();
    sort.extend_from_slice(&part.to_be_bytes());
    sort
}

/// The manifests of all blocks.
pub(crate) fn blocks(tenant: &Tenant) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(b'b');
    key
}

pub(crate) fn block(tenant: &Tenant, block: Block) -> Key {
    Key { partition: blocks(tenant), sort: block.0.to_bytes().to_vec() }
}

/// The services of a day, each an item whose sort key is the name.
pub(crate) fn catalog(tenant: &Tenant, day: u32) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(b'c');
    key.extend_from_slice(&day.to_be_bytes());
    key
}

pub(crate) fn window_claim(tenant: &Tenant, window: Window) -> Key {
    let mut partition = windows(tenant);
    partition.push(b'j');
    Key { partition, sort: window.to_bytes().to_vec() }
}

pub(crate) fn block_claim(tenant: &Tenant, block: Block) -> Key {
    let mut key = window_claim(tenant, block.0);
    key.sort.push(b'b');
    key
}

pub(crate) fn edges_claim(tenant: &Tenant, window: Window) -> Key {
    let mut key = window_claim(tenant, window);
    key.sort.push(b'e');
    key
}

/// All claims on windows and blocks.
pub(crate) fn claims(tenant: &Tenant) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(b'j');
    key
}

/// The contributions of one level whose windows begin in the epoch.
pub(crate) fn dependencies(tenant: &Tenant, level: Level, epoch: u32) -> Vec<u8> {
    dependencies_partition(tenant, level.byte(), epoch)
}

/// An item beside the first of the contribution with this sort key.
pub(crate) fn dependency_part(tenant: &Tenant, sort: &[u8], run: Run, part: DependencyPart) -> Key {
    let (kind, number) = match part {
        DependencyPart::Calls(number) => (b'c', number),
        DependencyPart::Latencies(number) => (b'l', number),
    };
    let start = start_of(sort).unwrap_or_default();
    let epoch = u32::try_from(start / EPOCH_SECONDS).unwrap_or(u32::MAX);
    let mut key = sort.to_vec();
    key.extend_from_slice(&run.0);
    key.push(kind);
    key.extend_from_slice(&number.to_be_bytes());
    Key { partition: dependencies_partition(tenant, b'p', epoch), sort: key }
}

fn dependencies_partition(tenant: &Tenant, kind: u8, epoch: u32) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(kind);
    key.extend_from_slice(&epoch.to_be_bytes());
    key
}

/// The start that a sort key begins with, Unix seconds.
pub(crate) fn start_of(sort: &[u8]) -> Result<u64, DecodeError> {
    Reader::new(sort).array().map(u64::from_be_bytes)
}

/// All spans of an archived trace, each an item or several; see [`ArchivedSort`].
pub(crate) fn archived_trace(tenant: &Tenant, id: TraceId) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(b'a');
    key.extend_from_slice(id.as_bytes());
    key
}

fn run_partition(tenant: &Tenant, kind: u8, window: Window, run: Run) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(kind);
    key.extend_from_slice(&window.to_bytes());
    key.extend_from_slice(&run.0);
    key
}

pub(crate) fn sequence(sort: &[u8]) -> Result<u32, DecodeError> {
    Reader::new(sort).array().map(u32::from_be_bytes)
}

fn log_partition(tenant: &Tenant, kind: u8, window: Window, lane: Lane) -> Vec<u8> {
    let mut key = windows(tenant);
    key.push(kind);
    key.extend_from_slice(&window.to_bytes());
    key.extend_from_slice(&lane.0);
    key
}

impl Place {
    /// Appends the place as 24 bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.window.to_bytes());
        out.extend_from_slice(&self.lane.0);
        out.extend_from_slice(&self.sequence.to_be_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            window: Window::from_bytes(reader.array()?)?,
            lane: Lane(reader.array()?),
            sequence: u32::from_be_bytes(reader.array()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_keys_of_parts_come_newest_first() {
        let starts = [i64::MAX, 1_760_000_000_000, 1, 0, -1, i64::MIN];
        assert!(starts.map(|start| part_sort(PartHalf::Lists, start, 7)).is_sorted());
        assert!(part_sort(PartHalf::Entries, 1, 7) < part_sort(PartHalf::Entries, 1, 8));
    }
}
