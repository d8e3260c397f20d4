//! What a client is told when a limit is reached.

use tonic::Status;

use crate::status;

/// The limits, as they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    InflightBytes,
    ConcurrentQueries,
    SlowReader,
    SlowSender,
    Connections,
    UnstartedConnection,
}

// === impl Refusal ===

impl Refusal {
    const ALL: [Self; 6] = [
        Self::InflightBytes,
        Self::ConcurrentQueries,
        Self::SlowReader,
        Self::SlowSender,
        Self::Connections,
        Self::UnstartedConnection,
    ];

    /// Makes the counters, so that an alert on an increase does not miss the first one.
    pub(crate) fn start_counting() {
        for refusal in Self::ALL {
            refusal.count(0);
        }
    }

    fn limit(self) -> &'static str {
        match self {
            Self::InflightBytes => "inflight_bytes",
            Self::ConcurrentQueries => "concurrent_queries",
            Self::SlowReader => "slow_reader",
            Self::SlowSender => "slow_sender",
            Self::Connections => "connections",
            Self::UnstartedConnection => "unstarted_connection",
        }
    }

    /// Counts `times` more.
    pub(crate) fn count(self, times: u64) {
        metrics::counter!("jaeger_dynamodb_refusals_total", "limit" => self.limit()).increment(times);
    }

    /// Counts it, and says what to answer: trying again helps, since others give way meanwhile.
    pub(crate) fn status(self) -> Status {
        self.count(1);
        status::try_again_later(match self {
            Self::InflightBytes => "the server holds as many bytes of requests as it may",
            Self::ConcurrentQueries => "the server answers as many queries as it may",
            Self::SlowReader => "the client took nothing of its answer for too long",
            Self::SlowSender => "the client sent nothing more of its message for too long",
            Self::Connections | Self::UnstartedConnection => "the server has as many connections as it may",
        })
    }
}
