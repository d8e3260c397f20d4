//! What one query may cost. A query that needs more fails with the cause; it never answers with a part.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use jaeger_dynamodb_core::{StoreError, StoreErrorKind};

use crate::config::StoreConfig;

/// Counts what a query has cost so far.
#[derive(Debug)]
pub(crate) struct QueryBudget {
    max_half_units: u64,
    half_units: AtomicU64,
    max_tail_bytes: usize,
    tail_bytes: AtomicUsize,
}

impl QueryBudget {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            max_half_units: u64::from(config.max_query_read_units) * 2,
            half_units: AtomicU64::new(0),
            max_tail_bytes: config.max_tail_bytes,
            tail_bytes: AtomicUsize::new(0),
        }
    }

    /// Counts read request units, which come in halves.
    pub(super) fn spend(&self, read_units: f64) -> Result<(), StoreError> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "units of one response are small"
        )]
        let half_units = (read_units * 2.0) as u64;
        let spent = self.half_units.fetch_add(half_units, Ordering::Relaxed) + half_units;
        if spent <= self.max_half_units {
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::LimitExceeded,
            format!(
                "the query needs more than the {} read request units that max-query-rru allows: narrow its time range, \
                 name a service, ask for fewer traces, or raise the limit",
                self.max_half_units / 2
            ),
        ))
    }

    /// Counts bytes of log records, which are read for windows that are not derived.
    pub(super) fn read_tail(&self, bytes: usize) -> Result<(), StoreError> {
        let read = self.tail_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if read <= self.max_tail_bytes {
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::LimitExceeded,
            format!(
                "the query needs more than the {} bytes of log that max-tail-bytes allows, because windows are not derived",
                self.max_tail_bytes
            ),
        ))
    }
}
