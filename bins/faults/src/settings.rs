use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jaeger_dynamodb_runtime::config::Review;
use jaeger_dynamodb_runtime::telemetry::{LogFilter, LogFormat};
use jaeger_dynamodb_testkit::FaultRates;

#[cfg(test)]
mod tests;
mod value;

pub(crate) use value::{Percent, Shift};

/// As data directory: nothing is kept.
pub(crate) const IN_MEMORY: &str = ":memory:";

jaeger_dynamodb_runtime::settings! {
    /// What the user decides.
    pub(crate) struct Settings {
        /// Where to speak DynamoDB's protocol, and to be controlled
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 18000)),
        /// Directory of the engine's data; :memory: keeps nothing
        data_dir: String = IN_MEMORY.to_owned(),
        /// How many requests are throttled, for any reason
        throttle: Percent = Percent::NONE,
        /// How many are refused with HTTP 500
        http_500: Percent = Percent::NONE,
        /// How many connections are cut before the request is carried out
        cut_before: Percent = Percent::NONE,
        /// How many connections are cut after it was
        cut_after: Percent = Percent::NONE,
        /// How many requests are carried out --delay after their connection was cut
        execute_later: Percent = Percent::NONE,
        /// How many batches are processed in part
        process_only: Percent = Percent::NONE,
        /// How long delayed requests wait
        delay: Duration = Duration::ZERO,
        /// How many are delayed
        delay_percent: Percent = Percent::ALL,
        /// By how much the Date of answers is wrong; into the past: --shift-date=-3m
        shift_date: Shift = Shift::NONE,
        /// Of how many answers
        shift_date_percent: Percent = Percent::ALL,
        /// Delays are of any length up to --delay, shifts of any size up to --shift-date either way
        vary: bool = false,
        /// One partition in so many is slow; none if 0
        slow_partitions: u64 = 0,
        /// How long requests on a slow partition wait
        slow_by: Duration = Duration::from_secs(1),
        /// How old the state is that eventually consistent reads see; only in memory
        stale_reads: Option<Duration> = None,
        /// Equal seeds make equal faults of equal requests
        seed: u64 = 0,
        /// What to log
        log_level: LogFilter = LogFilter::info(),
        /// How to log, to stderr
        log_format: LogFormat = LogFormat::Text,
    }
}

// === impl Settings ===

impl Settings {
    pub(crate) fn check(&self, review: &mut Review) {
        if let Err(why) = self.rates().check() {
            review.refuse(
                &["throttle", "http_500", "cut_before", "cut_after", "execute_later", "process_only"],
                why,
            );
        }
        if self.stale_reads.is_some() && self.data_dir != IN_MEMORY {
            review.refuse(
                &["stale_reads", "data_dir"],
                "the older state is kept in memory only, and would lack what the directory holds",
            );
        }
    }

    /// How to log.
    pub(crate) fn logging(&self) -> (&LogFilter, LogFormat) {
        (&self.log_level, self.log_format)
    }

    pub(crate) fn rates(&self) -> FaultRates {
        FaultRates {
            throttle: self.throttle.get(),
            http_500: self.http_500.get(),
            cut_before: self.cut_before.get(),
            cut_after: self.cut_after.get(),
            execute_later: self.execute_later.get(),
            process_only: self.process_only.get(),
            delay: self.delay,
            delay_percent: self.delay_percent.get(),
            shift_date: self.shift_date.get(),
            shift_date_percent: self.shift_date_percent.get(),
            vary: self.vary,
            // There are never more partitions.
            slow_partitions: u32::try_from(self.slow_partitions).unwrap_or(u32::MAX),
            slow_by: self.slow_by,
        }
    }
}
