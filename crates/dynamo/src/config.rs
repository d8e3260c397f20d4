//! Settings of the store.

use std::time::Duration;

use thiserror::Error;

use crate::derived::{BUCKET_BYTES, PART_BYTES};
use crate::period::Level;
use crate::window::MAX_OPEN_SECONDS;

/// Settings of a [`DynamoStore`](crate::DynamoStore). They are data: clients and clocks are handed over beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Put before every table's name.
    pub table_prefix: String,
    /// Create tables that do not exist; otherwise they are only verified.
    pub create_tables: bool,
    /// Windows are announced by a stream of their table, which whoever derives them may listen to.
    pub streams: bool,
    /// How long spans are kept. Applies to new windows.
    pub retention: Duration,
    /// How long archived traces are kept, counted from the last time they were archived. `None` is for ever.
    pub archive_retention: Option<Duration>,
    /// Length of new windows, whole seconds.
    pub window: Duration,
    /// How long after its end a new window still takes commits, whole seconds.
    pub window_grace: Duration,
    /// How far the clocks of the storage service's front ends may be apart. Zero where there is one clock.
    pub clock_skew: Duration,
    /// How long a commit waits for company while requests come faster than commits. Zero commits at once; a lone
    /// request never waits.
    pub linger: Duration,
    /// Largest record, in bytes of the item, that takes its pack along instead of leaving it to an item of its own.
    pub inline_pack_bytes: usize,
    /// Bytes of spans that may wait for a commit; more are refused as overload.
    pub max_queued_bytes: usize,
    /// When spans have waited for a commit for so long, others are refused as overload: they would wait longer than most
    /// clients do.
    pub max_queue_wait: Duration,
    /// Most commits in flight at a time, for each tenant.
    pub max_lanes: usize,
    /// Bytes of log records that readers keep in memory.
    pub tail_cache_bytes: usize,
    /// Requests that one query has in flight at a time.
    pub read_concurrency: usize,
    /// How long a single request to the storage service may take.
    pub request_timeout: Duration,
    /// How long one read, with all of its retries, may take.
    pub read_budget: Duration,
    /// How old a manifest must be before it is read by: by then eventually consistent reads find what it names. Whole
    /// seconds; zero where all reads are consistent.
    pub settle: Duration,
    /// Read request units that one query may cost; one that needs more fails and says why.
    pub max_query_read_units: u32,
    /// Bytes of log records, of windows that are not derived yet, that one query may read.
    pub max_tail_bytes: usize,
    /// Bytes that a part of a window's segments aims at: a search reads whole parts, and each costs a table of names.
    pub part_bytes: usize,
    /// Bytes that a bucket of pointers aims at: a lookup reads one of each run, at 4 KB for half a unit.
    pub bucket_bytes: usize,
    /// Bytes of memory that deriving a window or merging a block may take, roughly.
    pub job_memory_bytes: usize,
    /// How long before a window other spans of its traces may have come, for calls between them to be counted, whole
    /// seconds. Servers over the same tables should agree on it: what some have counted further back than others look is
    /// not found.
    pub dependency_horizon: Duration,
}

/// Sums of edges are made over windows that begin in so many seconds.
const LEVEL_SECONDS: u64 = Level::FourHours.seconds();

/// Parts must fit items with their lists.
const MAX_PART_BYTES: usize = 128 * 1024;

/// The parts that a derivation fills at a time need so much, whatever else is saved.
const MIN_JOB_MEMORY_BYTES: usize = 16 * 1024 * 1024;

/// Every window looks for its traces in each window of the horizon.
const LONGEST_HORIZON: Duration = Duration::from_secs(6 * 3600);

/// Settings that contradict each other, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .0.join("; "))]
pub struct InvalidConfig(pub Vec<String>);

impl StoreConfig {
    /// Settings for DynamoDB itself.
    #[must_use]
    pub fn aws() -> Self {
        Self {
            table_prefix: "jaeger.".to_owned(),
            create_tables: false,
            streams: true,
            retention: Duration::from_secs(7 * 24 * 3600),
            archive_retention: None,
            window: Duration::from_secs(300),
            window_grace: Duration::from_secs(60),
            clock_skew: Duration::from_secs(5),
            linger: Duration::ZERO,
            // Both fit the same few started KB that the two items would cost.
            inline_pack_bytes: 4 * 1024,
            max_queued_bytes: 32 * 1024 * 1024,
            // Jaeger's client gives up after 5 s, OTLP's exporters after 10 s.
            max_queue_wait: Duration::from_secs(3),
            max_lanes: 8,
            tail_cache_bytes: 64 * 1024 * 1024,
            read_concurrency: 32,
            request_timeout: Duration::from_secs(3),
            read_budget: Duration::from_secs(20),
            settle: Duration::from_secs(30),
            // A search of 24 h at 1 000 spans a second, without a service, for what is not there: `docs/performance.md`.
            max_query_read_units: 100_000,
            max_tail_bytes: 64 * 1024 * 1024,
            part_bytes: PART_BYTES,
            bucket_bytes: BUCKET_BYTES,
            job_memory_bytes: 256 * 1024 * 1024,
            dependency_horizon: Duration::from_secs(3600),
        }
    }

    /// Settings for the embedded engine: one clock, an fsync for each item, a reader that never waits long.
    #[must_use]
    pub fn embedded() -> Self {
        Self {
            create_tables: true,
            streams: false,
            window: Duration::from_secs(30),
            window_grace: Duration::from_secs(5),
            clock_skew: Duration::ZERO,
            settle: Duration::ZERO,
            inline_pack_bytes: crate::size::MAX_CONTENT_BYTES,
            ..Self::aws()
        }
    }

    /// Checks that the settings make sense together.
    ///
    /// # Errors
    /// All contradictions at once, each saying why.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, why: String| {
            if wrong {
                problems.push(why);
            }
        };
        let whole_seconds = |duration: Duration| duration.subsec_nanos() == 0;
        refuse(
            !whole_seconds(self.window) || self.window.is_zero(),
            "window must be whole seconds, at least 1s".into(),
        );
        refuse(
            !self.window.is_zero() && !LEVEL_SECONDS.is_multiple_of(self.window.as_secs().max(1)),
            "window must divide four hours, over which edges are summed up".into(),
        );
        refuse(
            !whole_seconds(self.window_grace) || self.window_grace.is_zero(),
            "window-grace must be whole seconds, at least 1s".into(),
        );
        refuse(
            self.window_grace <= self.clock_skew,
            format!(
                "window-grace must exceed the {}s by which clocks may differ, or no commit could count",
                self.clock_skew.as_secs()
            ),
        );
        refuse(
            (self.window + self.window_grace).as_secs() > MAX_OPEN_SECONDS,
            format!(
                "window and window-grace together must not exceed {MAX_OPEN_SECONDS}s: readers look that far back for open windows"
            ),
        );
        refuse(
            self.retention <= self.window + self.window_grace,
            "retention must exceed window and window-grace".into(),
        );
        refuse(
            self.archive_retention.is_some_and(|retention| !whole_seconds(retention) || retention.is_zero()),
            "archive-retention must be whole seconds, at least 1s; without it archived traces are kept for ever"
                .into(),
        );
        refuse(!whole_seconds(self.settle), "settle must be whole seconds".into());
        refuse(
            self.part_bytes > MAX_PART_BYTES,
            format!("parts must not aim at more than {MAX_PART_BYTES} bytes"),
        );
        refuse(
            self.part_bytes == 0 || self.bucket_bytes == 0,
            "parts and buckets must hold something".into(),
        );
        refuse(
            self.job_memory_bytes < MIN_JOB_MEMORY_BYTES,
            format!("job-memory must be at least {}MiB", MIN_JOB_MEMORY_BYTES / (1024 * 1024)),
        );
        refuse(
            !whole_seconds(self.dependency_horizon) || self.dependency_horizon > LONGEST_HORIZON,
            "dependency-horizon must be whole seconds, at most 6h: each window is held against all that lie within it".into(),
        );
        refuse(self.max_lanes == 0, "at least one lane is needed".into());
        refuse(self.read_concurrency == 0, "read-concurrency must be at least 1".into());
        if problems.is_empty() { Ok(()) } else { Err(InvalidConfig(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(StoreConfig::aws().validate(), Ok(()));
        assert_eq!(StoreConfig::embedded().validate(), Ok(()));
    }

    #[test]
    fn no_window_lies_in_two_of_the_stretches_that_edges_are_summed_up_over() {
        let seconds = |seconds| StoreConfig { window: Duration::from_secs(seconds), ..StoreConfig::aws() };
        for good in [1, 2, 5, 9, 30, 60, 300, 600, 720] {
            assert_eq!(seconds(good).validate(), Ok(()), "{good}");
        }
        for bad in [7, 11, 299, 420] {
            assert!(seconds(bad).validate().is_err(), "{bad}");
        }
    }

    #[test]
    fn all_contradictions_are_reported_at_once() {
        let config = StoreConfig {
            window: Duration::from_millis(1500),
            window_grace: Duration::from_secs(5),
            retention: Duration::from_secs(1),
            archive_retention: Some(Duration::ZERO),
            ..StoreConfig::aws()
        };
        assert_eq!(config.validate().unwrap_err().0.len(), 4);
    }
}
