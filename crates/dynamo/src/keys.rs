//! Keys. Every partition key begins with the tenant, so that no key of one tenant is a key of another; sort keys
//! are big-endian, so that their byte order is the order of time and sequence.
//!
//! | table | item | partition key | sort key |
//! |---|---|---|---|
//! | windows | meta | `0xff "meta"` | 12 zero bytes |
//! | windows | window | tenant | window |
//! | spans | log record | tenant `r` window lane | sequence |
//! | spans | pack part | tenant `p` window lane sequence | pack, part |
//!
//! tenant = length (1 byte, at most 128) and name; window = start in Unix seconds (8 bytes) and length in seconds (4).

use jaeger_dynamodb_core::Tenant;

use crate::bytes::{DecodeError, Reader};
use crate::window::Window;

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
    /// Lanes of a window, a set of binaries.
    pub(crate) const LANES: &str = "lanes";
    /// Seconds after its end during which a window still takes commits.
    pub(crate) const GRACE: &str = "grace";
    /// Version of the layout, in the meta item.
    pub(crate) const LAYOUT: &str = "layout";
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
