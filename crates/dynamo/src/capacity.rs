//! What requests cost.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::schema::Table;

/// What a request is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Packs and log records.
    Commit,
    /// A window's item.
    Window,
    /// Which windows and lanes there are.
    Snapshot,
    /// Log records for a query.
    Tail,
    /// Packs for a query.
    Pack,
    /// Segments for a query.
    Segment,
    /// Pointers for a query.
    Pointer,
    /// The catalog for a query.
    Catalog,
    /// Log records, and what else the job reads.
    JobRead,
    /// Segments, pointers and catalog, as the job writes them.
    JobWrite,
    /// Claims on windows, marks and manifests.
    JobState,
    /// What the job reads to count edges.
    EdgesRead,
    /// Edges, as the job writes them.
    EdgesWrite,
    /// Edges for a query.
    Dependencies,
    /// Spans that are archived.
    ArchiveWrite,
    /// Archived traces.
    ArchiveRead,
    /// Creating, verifying, purging.
    Administration,
}

/// Capacity units and requests of one table and purpose.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Requests that were answered.
    pub requests: u64,
    /// Read request units, as DynamoDB reported them.
    pub read_units: f64,
    /// Write request units, as DynamoDB reported them.
    pub write_units: f64,
    /// Items that were put.
    pub items_put: u64,
    /// Bytes of the items that were put, by DynamoDB's arithmetic, without its 100 bytes an item of overhead.
    pub bytes_put: u64,
}

/// Sums of consumed capacity, as DynamoDB reports them with every response.
#[derive(Debug, Default)]
pub struct CapacityMeter {
    usage: Mutex<BTreeMap<(Table, Purpose), Usage>>,
}

impl CapacityMeter {
    pub(crate) fn add(&self, table: Table, purpose: Purpose, read_units: f64, write_units: f64) {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = usage.entry((table, purpose)).or_default();
        usage.requests += 1;
        usage.read_units += read_units;
        usage.write_units += write_units;
    }

    pub(crate) fn add_put(&self, table: Table, purpose: Purpose, bytes: usize) {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = usage.entry((table, purpose)).or_default();
        usage.items_put += 1;
        usage.bytes_put += bytes as u64;
    }

    /// The sums so far, by table and purpose.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<(Table, Purpose), Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Purpose {
    /// The purpose as a metric's label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Window => "window",
            Self::Snapshot => "snapshot",
            Self::Tail => "tail",
            Self::Pack => "pack",
            Self::Segment => "segment",
            Self::Pointer => "pointer",
            Self::Catalog => "catalog",
            Self::JobRead => "job_read",
            Self::JobWrite => "job_write",
            Self::JobState => "job_state",
            Self::EdgesRead => "edges_read",
            Self::EdgesWrite => "edges_write",
            Self::Dependencies => "dependencies",
            Self::ArchiveWrite => "archive_write",
            Self::ArchiveRead => "archive_read",
            Self::Administration => "administration",
        }
    }
}
