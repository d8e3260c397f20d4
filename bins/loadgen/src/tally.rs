//! What became of the load, so far.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, interval_at};

use crate::export::{Answer, Outcome};

#[cfg(test)]
mod tests;

const PROGRESS: Duration = Duration::from_secs(10);

/// Timers and busy machines are this late by themselves.
const TOLERATED_DELAY: Duration = Duration::from_millis(10);

/// A tally that requests in flight write to.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedTally(Arc<Mutex<Tally>>);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) spans: Spans,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    /// Requests sent after their time.
    pub(crate) late: u64,
    pub(crate) latest: Duration,
    /// When the last request sent was due.
    pub(crate) last_due: Duration,
    /// How long nothing could be sent because nothing was made yet.
    pub(crate) waited_for_load: Duration,
    /// Of acknowledged requests, in microseconds.
    pub(crate) latencies: Vec<u32>,
    /// Why spans were refused or failed, the first time.
    pub(crate) first_reason: Option<String>,
}

/// Every span sent is at last in one of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
}

// === impl SharedTally ===

impl SharedTally {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves nothing behind.
    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut *self.lock())
    }

    /// Never ends.
    pub(crate) async fn log_regularly(self) {
        let mut ticks = interval_at(Instant::now() + PROGRESS, PROGRESS);
        let mut before = Spans::default();
        loop {
            ticks.tick().await;
            let (spans, late, retries) = {
                let tally = self.lock();
                (tally.spans, tally.late, tally.retries)
            };
            tracing::info!(
                spans_per_second = (spans.acknowledged - before.acknowledged) / PROGRESS.as_secs(),
                sent = spans.sent,
                acknowledged = spans.acknowledged,
                refused = spans.refused,
                failed = spans.failed,
                late_requests = late,
                retries,
                "sending"
            );
            before = spans;
        }
    }
}

// === impl Tally ===

impl Tally {
    /// A request with so many spans is sent this long after it was due.
    pub(crate) fn sent(&mut self, spans: usize, due: Duration, delay: Duration) {
        self.spans.sent += to_u64(spans);
        self.requests += 1;
        self.late += u64::from(delay > TOLERATED_DELAY);
        self.latest = self.latest.max(delay);
        self.last_due = due;
    }

    /// A request needs no further care.
    pub(crate) fn ended(&mut self, spans: usize, outcome: Outcome) {
        let spans = to_u64(spans);
        self.retries += outcome.retries;
        let (refused, failed, why) = match outcome.answer {
            Answer::Acknowledged => (0, 0, None),
            Answer::PartlyRefused(refused, why) => (refused.min(spans), 0, Some(why)),
            Answer::Refused(why) => (spans, 0, Some(why)),
            Answer::Failed(why) => (0, spans, Some(why)),
        };
        if refused + failed < spans {
            self.latencies.push(outcome.latency.as_micros().try_into().unwrap_or(u32::MAX));
        }
        self.spans.acknowledged += spans - refused - failed;
        self.spans.refused += refused;
        self.spans.failed += failed;
        if let Some(why) = why.filter(|_| self.first_reason.is_none()) {
            tracing::warn!(refused, failed, why, "spans not acknowledged, for the first time");
            self.first_reason = Some(why);
        }
    }

    pub(crate) fn waited_for_load(&mut self, wait: Duration) {
        self.waited_for_load += wait;
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
