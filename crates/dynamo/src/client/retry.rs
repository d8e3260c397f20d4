//! Retries: exponential backoff with full jitter, inside a deadline and never beyond it. The SDK's own are off
//! (ADR 0006).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::date::DateOfResponse;
use super::{Client, RequestError};
use crate::service_time::Observation;

const FIRST_BACKOFF: Duration = Duration::from_millis(25);

/// An outage is noticed to be over within this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// When an operation must be done, by the process's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Duration);

/// The service's time of a response, as far as it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrustedDate(pub(crate) Option<u64>);

/// When the service answered last, in milliseconds of the process's monotonic clock.
#[derive(Debug)]
pub(super) struct LastAnswer(AtomicU64);

impl LastAnswer {
    pub(super) fn at(time: Duration) -> Self {
        Self(AtomicU64::new(millis(time)))
    }

    fn note(&self, time: Duration) {
        self.0.fetch_max(millis(time), Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Client {
    /// How long ago the service answered anything, be it that it throttles or refuses.
    pub(crate) fn unanswered_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_answer.0.load(Ordering::Relaxed));
        self.clock.monotonic().saturating_sub(last)
    }

    pub(crate) fn deadline_in(&self, budget: Duration) -> Deadline {
        Deadline(self.clock.monotonic() + budget)
    }

    /// Runs `attempt` until it succeeds, fails for good, or the deadline leaves no time for another try. Each attempt
    /// is cut off at the request timeout.
    pub(super) async fn with_retries<T, F>(
        &self,
        deadline: Deadline,
        mut attempt: impl FnMut(DateOfResponse) -> F,
    ) -> Result<(T, TrustedDate), RequestError>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let date = DateOfResponse::default();
            let sent = self.clock.monotonic();
            let timeout = self.request_timeout.min(deadline.0.saturating_sub(sent));
            let outcome = tokio::select! {
                biased;
                outcome = attempt(date.clone()) => outcome,
                () = self.clock.sleep(timeout) => Err(RequestError::Unknown(format!("no answer within {timeout:?}"))),
            };
            let received = self.clock.monotonic();
            // A process that was suspended finds an answer that may be dated at any moment of its sleep.
            let is_prompt = received.saturating_sub(sent) <= self.request_timeout;
            let trusted = date
                .seconds()
                .filter(|_| is_prompt)
                .filter(|date| self.service_time.observe(Observation { sent, received, date: *date }));
            if !matches!(outcome, Err(RequestError::Unknown(_))) {
                self.last_answer.note(received);
            }
            match outcome {
                Ok(value) => return Ok((value, TrustedDate(trusted))),
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => {
                    let pause = self.with_random(|random| backoff.mul_f64(random.f64()));
                    if received + pause >= deadline.0 {
                        return Err(error);
                    }
                    metrics::counter!("jaeger_dynamodb_retries_total").increment(1);
                    tracing::debug!(error = %error, pause = ?pause, "request is tried again");
                    self.clock.sleep(pause).await;
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                }
            }
        }
    }
}
