//! For runners whose time is limited, and who stand still between two pieces of work, as functions in AWS Lambda do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jaeger_dynamodb_core::{StoreError, StoreErrorKind};

use super::{Job, Maintenance};
use crate::capacity::Purpose;
use crate::client::Consistency;
use crate::keys;
use crate::schema::Table;

/// After so many answers in a row the service's time is believed, whatever was thought before.
const MOST_QUESTIONS: u32 = 20;

const UNLIMITED: Duration = Duration::from_millis(u64::MAX);

/// How long one run may take, in milliseconds.
#[derive(Debug)]
pub(super) struct LongestRun(AtomicU64);

// === impl LongestRun ===

impl Default for LongestRun {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl LongestRun {
    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// The time over which a run's writes are spread: not more than half of what the run may take.
    pub(super) fn shorten(&self, within: Duration) -> Duration {
        within.min(self.get() / 2)
    }
}

// === impl Maintenance ===

impl Maintenance {
    /// From now on, a run over a window or block that takes longer has failed: it is parked, as after other failures,
    /// and keeps nothing else waiting. Runs then write faster than they else would.
    pub fn limit_runs(&self, longest: Duration) {
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        self.job.longest_run.0.store(millis, Ordering::Relaxed);
    }

    /// Learns the service's time again. The clock of a process that stood still may have, too, and then an answer alone
    /// is not trusted. Half a read request unit for each question, of which there is one nearly always.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn ask_the_time(&self) -> Result<(), StoreError> {
        let client = &self.job.context.client;
        for _ in 0..MOST_QUESTIONS {
            let (weak, purpose) = (Consistency::Eventual, Purpose::JobRead);
            client.get(Table::Windows, keys::meta(), weak, purpose, self.job.deadline()).await?;
            if !client.service_time().is_in_doubt() {
                break;
            }
        }
        Ok(())
    }
}

// === impl Job ===

impl Job {
    /// Makes a run that takes too long a failure.
    pub(super) async fn limited<T>(
        &self,
        run: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let longest = self.longest_run.get();
        if longest == UNLIMITED {
            return run.await;
        }
        tokio::select! {
            biased;
            outcome = run => outcome,
            () = self.context.client.clock().sleep(longest) => {
                let message = format!("not done within {} s", longest.as_secs());
                Err(StoreError::new(StoreErrorKind::LimitExceeded, message))
            }
        }
    }
}

#[cfg(test)]
mod tests;
