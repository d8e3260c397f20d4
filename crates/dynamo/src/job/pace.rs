//! Pacing: the job's writes are spread, so that their burst throttles nobody.

use std::time::Duration;

/// Bytes a second that are never too many.
const LEAST_RATE: f64 = 512.0 * 1024.0;

/// How fast a run writes.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes a second.
    rate: f64,
    began: Duration,
    written: f64,
}

impl Pace {
    /// For a run that writes about so many bytes and may take `within` for it, from now on (monotonic time).
    pub(super) fn new(expected_bytes: usize, within: Duration, now: Duration) -> Self {
        let rate = as_float(expected_bytes) / within.as_secs_f64().max(0.001);
        Self { rate: rate.max(LEAST_RATE), began: now, written: 0.0 }
    }

    /// How long to wait before these bytes are written. What fits the first second is written at once.
    pub(super) fn delay(&mut self, bytes: usize, now: Duration) -> Duration {
        self.written += as_float(bytes);
        let due = (self.written / self.rate - 1.0).clamp(0.0, 1e6);
        Duration::from_secs_f64(due).saturating_sub(now.saturating_sub(self.began))
    }
}

/// Rates need not be exact.
fn as_float(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes / 64).unwrap_or(u32::MAX)) * 64.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEBIBYTE: usize = 1024 * 1024;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn small_runs_never_wait() {
        let mut pace = Pace::new(400_000, seconds(150), seconds(9));
        assert!((0..100).all(|_| pace.delay(4_000, seconds(9)).is_zero()));
    }

    #[test]
    fn a_large_run_takes_the_time_it_is_given() {
        let mut pace = Pace::new(150 * MEBIBYTE, seconds(150), seconds(0));
        let mut now = Duration::ZERO;
        for _ in 0..150 * 4 {
            now += pace.delay(MEBIBYTE / 4, now);
        }
        assert!((seconds(148)..=seconds(150)).contains(&now), "{now:?}");
    }

    #[test]
    fn a_run_larger_than_expected_goes_on_at_its_rate() {
        let mut pace = Pace::new(0, seconds(150), seconds(0));
        let mut now = Duration::ZERO;
        for _ in 0..20 {
            now += pace.delay(MEBIBYTE, now);
        }
        assert!((seconds(38)..=seconds(40)).contains(&now), "{now:?}");
    }
}
