//! Settings that cannot work, and why.

use jaeger_dynamodb_runtime::config::Review;

use super::{Count, Settings};

/// A workload of more takes longer to prepare than to send.
const HIGHEST_RATE: Count = Count::of(1_000_000);

/// Each waits with its spans in memory.
const MOST_IN_FLIGHT: Count = Count::of(10_000);

#[cfg(test)]
mod tests;

// === impl Settings ===

impl Settings {
    pub(crate) fn check(&self, review: &mut Review) {
        if self.duration.is_zero() {
            review
                .refuse(&["duration"], "nothing would be sent; say how long traces shall start, such as 60s");
        }
        if self.spans_per_second > HIGHEST_RATE {
            let highest = HIGHEST_RATE.get();
            review.refuse(
                &["spans_per_second"],
                format_args!("one process makes at most {highest} spans a second; start several, each with a seed of its own"),
            );
        }
        if self.max_in_flight > MOST_IN_FLIGHT {
            let most = MOST_IN_FLIGHT.get();
            review.refuse(
                &["max_in_flight"],
                format_args!("at most {most}, for each holds its spans in memory"),
            );
        }
        if self.connections > self.max_in_flight {
            review.refuse(
                &["connections", "max_in_flight"],
                "there would never be a request in flight on every connection",
            );
        }
    }
}
