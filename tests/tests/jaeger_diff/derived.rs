//! What our server goes by: what is derived, or logs.
//!
//! That no log is read is held by what the server counts. Nobody reads a window's log before it is derived, so that none
//! of it is remembered as complete, and each use of it afterwards would be a request.

use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, tokio_clock};

use crate::cases::Case;
use crate::metrics::Metrics;
use crate::ring::{Ring, same};
use crate::set_up::Derivation;

/// From a write until its window is derived, if the job is as fast as it should be: the window, its grace, the time
/// between two rounds of the job, and as much again for the round.
const DERIVED_WITHIN: Duration = Duration::from_secs(4);

/// From a manifest until it is read by: it rounds up to the next second, and what tells the time then rounds down.
const READ_WITHIN: Duration = Duration::from_secs(2);

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Whoever waits longer for windows to be derived waits in vain.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What our server reads to answer, by the purpose of requests.
const READS: [(&str, &str); 6] = [
    ("segment", "requests of ours for segments"),
    ("pointer", "requests of ours for pointers"),
    ("catalog", "requests of ours for the catalog"),
    ("tail", "requests of ours for the log"),
    ("pack", "requests of ours for packs"),
    ("snapshot", "requests of ours for snapshots"),
];

impl Ring {
    /// Returns once all that was written is derived, as far as can be told, and old enough to be read by.
    pub(crate) async fn wait_until_derived(&self) -> Result<(), AnyError> {
        let clock = tokio_clock();
        let written = clock.monotonic();
        let (mut derived, mut derived_at) = (0, written);
        loop {
            let metrics = self.ours.metrics().await?;
            let now = clock.monotonic();
            if metrics.windows_derived() > derived {
                (derived, derived_at) = (metrics.windows_derived(), now);
            }
            if metrics.oldest_not_done_seconds() == Some(0)
                && now >= written + DERIVED_WITHIN
                && now >= derived_at + READ_WITHIN
            {
                return Ok(());
            }
            if now > written + LONGEST_WAIT {
                return Err(format!("windows are never done: {metrics:?}").into());
            }
            clock.sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Expects that our server went by what is derived, or by logs, between the two looks at what it counts.
    pub(crate) fn reads_as_it_should(
        &self,
        case: &Case,
        before: &Metrics,
        after: &Metrics,
    ) -> Result<(), AnyError> {
        let made = |purpose: &str| after.requests(purpose) - before.requests(purpose);
        for (purpose, figure) in READS {
            self.tally.add(figure, made(purpose));
        }
        let derived = made("pointer") + made("segment") + made("catalog");
        match self.derivation {
            Derivation::AsItComes => Ok(()),
            Derivation::Never => same("requests for what is never derived, expected and made,", &0, &derived),
            Derivation::BeforeReading => {
                same("requests for the log of derived windows, expected and made,", &0, &made("tail"))?;
                let has_spans = case.batches.iter().any(|batch| !batch.is_empty());
                let is_read = |purpose| made(purpose) > 0;
                same("that there are spans, and that pointers are read,", &has_spans, &is_read("pointer"))?;
                same("that there are spans, and that the catalog is read,", &has_spans, &is_read("catalog"))
            }
        }
    }
}
