//! Calls between services.

use crate::UnixNanos;

/// How often one service called another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DependencyLink {
    /// The calling service.
    pub parent: String,
    /// The called service.
    pub child: String,
    /// Number of calls.
    pub call_count: u64,
    /// What the edge was derived from, `jaeger` for parent and child spans.
    pub source: String,
}

/// The time for which dependencies are asked, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DependencyQuery {
    /// Earliest start.
    pub start: UnixNanos,
    /// Latest start.
    pub end: UnixNanos,
}
