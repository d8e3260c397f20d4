//! Calls between services, as Jaeger shows them.

use std::ops::RangeInclusive;

use crate::UnixNanos;
use crate::edges::{EdgeBucket, EdgeSources};

/// How often one service called another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DependencyLink {
    /// The calling service.
    pub parent: String,
    /// The called service.
    pub child: String,
    /// Number of calls.
    pub call_count: u64,
    /// Who derived it: [`DependencyLink::SOURCE`].
    pub source: String,
}

/// The time for which dependencies are asked, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DependencyQuery {
    /// Earliest start.
    pub start: UnixNanos,
    /// Latest start.
    pub end: UnixNanos,
    /// What edges may be derived from.
    pub sources: EdgeSources,
}

// === impl DependencyLink ===

impl DependencyLink {
    /// The source of every link: what Jaeger calls its own.
    pub const SOURCE: &'static str = "jaeger";
}

// === impl DependencyQuery ===

impl DependencyQuery {
    /// The buckets that the range overlaps; none if it ends before it begins, or before 1970.
    #[must_use]
    pub fn buckets(&self) -> Option<RangeInclusive<EdgeBucket>> {
        let is_empty = self.end < self.start || self.end < UnixNanos(0);
        (!is_empty).then(|| EdgeBucket::of(self.start)..=EdgeBucket::of(self.end))
    }
}
