//! How long an invocation may still work.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::Clock;

/// What is left of the time of an invocation for telling what was done. A short time is divided.
const RESERVE: Duration = Duration::from_secs(3);
const SMALLEST_PART: u32 = 4;

/// What a single window may take of the time: of one that takes longer than this, a try that begins with the invocation
/// fails, and is parked, instead of being cut off again and again.
const LONGEST_RUN: (u32, u32) = (3, 4);

/// The time until an invocation should end its work.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    clock: Arc<dyn Clock>,
    ends: Duration,
    longest_run: Duration,
}

// === impl Budget ===

impl Budget {
    /// For an invocation that the service ends then, Unix milliseconds.
    pub(crate) fn until(deadline_millis: u64, clock: &Arc<dyn Clock>) -> Self {
        let now = unix_millis(&**clock);
        let left = Duration::from_millis(deadline_millis.saturating_sub(now));
        let work = left.saturating_sub(RESERVE.min(left / SMALLEST_PART));
        let longest_run = work / LONGEST_RUN.1 * LONGEST_RUN.0;
        Self { clock: Arc::clone(clock), ends: clock.monotonic().saturating_add(work), longest_run }
    }

    pub(crate) fn left(&self) -> Duration {
        self.ends.saturating_sub(self.clock.monotonic())
    }

    /// How long the work on one window may take.
    pub(crate) fn longest_run(&self) -> Duration {
        self.longest_run
    }

    /// Works until the time is up. What is cut off then leaves nothing that anybody reads.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let left = self.left();
        if left.is_zero() {
            return None;
        }
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.clock.sleep(left) => None,
        }
    }
}

pub(crate) fn unix_millis(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.wall().0.div_euclid(1_000_000)).unwrap_or_default()
}
