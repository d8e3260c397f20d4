//! What exporters have met with.

use std::collections::BTreeMap;
use std::time::Duration;

use tonic::{Code, Status};

use super::answer::{is_connection_lost, pause_before_retry, retry_delay};

/// Counts of messages and answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: u64,
    /// Neither the first attempt nor the second was a success.
    pub(crate) refused: u64,
    pub(crate) retried: u64,
    /// From the first attempt to the acknowledgement.
    pub(crate) latencies: Vec<Duration>,
    /// How long first attempts took that a server has answered with UNAVAILABLE and RetryInfo.
    pub(crate) sent_back: Vec<Duration>,
    /// UNAVAILABLE of a server without RetryInfo, which some exporters do not send again.
    pub(crate) without_retry_info: u64,
    /// Answers that no exporter should ever get for what is sent here.
    pub(crate) wrong: Vec<String>,
    /// Why messages were sent again or given up.
    pub(crate) reasons: BTreeMap<String, u64>,
}

// === impl Tally ===

impl Tally {
    /// Messages that have met their fate.
    pub(crate) fn messages(&self) -> u64 {
        self.acknowledged + self.refused
    }

    /// Takes what others have met with as its own.
    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.retried += other.retried;
        self.latencies.extend(other.latencies);
        self.sent_back.extend(other.sent_back);
        self.without_retry_info += other.without_retry_info;
        self.wrong.extend(other.wrong);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    pub(super) fn retried(&mut self, first: &Status, took: Duration) {
        self.retried += 1;
        if retry_delay(first).is_some() {
            self.sent_back.push(took);
        }
        self.note(first);
    }

    pub(super) fn ended(&mut self, outcome: &Result<(), Status>, took: Duration) {
        match outcome {
            Ok(()) => {
                self.acknowledged += 1;
                self.latencies.push(took);
            }
            Err(status) => {
                self.refused += 1;
                self.note(status);
            }
        }
    }

    fn note(&mut self, status: &Status) {
        if pause_before_retry(status).is_none() {
            self.wrong.push(status.to_string());
        }
        let is_answer = status.code() == Code::Unavailable && !is_connection_lost(status);
        if is_answer && retry_delay(status).is_none() {
            self.without_retry_info += 1;
        }
        // What follows a colon differs from time to time.
        let said = status.message().split(':').next().unwrap_or_default();
        let kind = if is_connection_lost(status) { "connection lost" } else { said };
        *self.reasons.entry(kind.to_owned()).or_default() += 1;
    }
}
