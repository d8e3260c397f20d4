//! How much, and when.

use std::time::Duration;

use jaeger_dynamodb_core::UnixNanos;

/// How much of a workload, and when.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Mean rate; at least 1.
    pub spans_per_second: u32,
    /// Traces start within so long; the last requests arrive when those traces have ended and been exported.
    pub duration: Duration,
    /// When the first trace may start; before 1970 counts as 1970.
    pub start: UnixNanos,
}
