//! What one query may cost. A query that needs more fails with the cause; it never answers with a part.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind};

use crate::config::StoreConfig;

/// Counts what a query has cost so far.
#[derive(Debug)]
pub(crate) struct QueryBudget {
    max_half_units: u64,
    half_units: AtomicU64,
    max_tail_bytes: usize,
    tail_bytes: AtomicUsize,
    /// How many closed windows are read from their logs, and when the first of them began (Unix seconds).
    not_derived: Mutex<Option<(usize, u64)>>,
}

impl QueryBudget {
    pub(crate) fn new(config: &StoreConfig) -> Self {
        Self {
            max_half_units: u64::from(config.max_query_read_units) * 2,
            half_units: AtomicU64::new(0),
            max_tail_bytes: config.max_tail_bytes,
            tail_bytes: AtomicUsize::new(0),
            not_derived: Mutex::default(),
        }
    }

    /// Counts read request units, which come in halves.
    pub(crate) fn spend(&self, read_units: f64) -> Result<(), StoreError> {
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

    /// Notes how many closed windows are not derived yet, and since when: the cause, should the log be too large.
    pub(super) fn note_not_derived(&self, windows: usize, oldest_start: u64) {
        *self.not_derived.lock().unwrap_or_else(PoisonError::into_inner) = Some((windows, oldest_start));
    }

    /// Counts bytes of log records, which are read for windows that are not derived.
    pub(super) fn read_tail(&self, bytes: usize) -> Result<(), StoreError> {
        let read = self.tail_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if read <= self.max_tail_bytes {
            return Ok(());
        }
        let not_derived = *self.not_derived.lock().unwrap_or_else(PoisonError::into_inner);
        let cause = not_derived.map_or_else(
            || "the present window is too large".to_owned(),
            |(windows, start)| {
                format!(
                    "{windows} closed windows are not derived, the oldest from {}: see --job",
                    rfc3339(start)
                )
            },
        );
        Err(StoreError::new(
            StoreErrorKind::LimitExceeded,
            format!(
                "the query needs more than the {} bytes of log that max-tail-bytes allows: {cause}",
                self.max_tail_bytes
            ),
        ))
    }
}

fn rfc3339(unix_seconds: u64) -> String {
    let date = DateTime::from_secs(i64::try_from(unix_seconds).unwrap_or(i64::MAX));
    date.fmt(Format::DateTime).unwrap_or_else(|_| unix_seconds.to_string())
}
