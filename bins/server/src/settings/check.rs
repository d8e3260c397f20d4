//! Combinations of settings that cannot work, and why.

use std::net::SocketAddr;

use jaeger_dynamodb_grpc::InvalidConfig;
use jaeger_dynamodb_runtime::config::Review;

use super::Settings;

#[cfg(test)]
mod tests;

// === impl Settings ===

impl Settings {
    pub(crate) fn check(&self, review: &mut Review) {
        self.check_addresses(review);
        self.storage.check(review);
        self.check_purge(review);
        self.check_grpc(review);
    }

    fn check_addresses(&self, review: &mut Review) {
        let listeners = [
            ("listen", Some(self.listen)),
            ("archive_listen", self.archive_listen.address()),
            ("http_listen", Some(self.http_listen)),
        ];
        for (index, (key, address)) in listeners.into_iter().enumerate() {
            for (other_key, other) in listeners.into_iter().skip(index + 1) {
                if let (Some(address), Some(other)) = (address, other)
                    && overlap(address, other)
                {
                    review.refuse(&[key, other_key], "two servers cannot share an address");
                }
            }
        }
    }

    fn check_purge(&self, review: &mut Review) {
        if self.allow_purge && self.storage.is_on_aws() {
            review.refuse(
                &["allow_purge", "storage"],
                "refused on AWS, where one request would delete production data; give --endpoint-url for a test engine",
            );
        }
    }

    fn check_grpc(&self, review: &mut Review) {
        for why in self.grpc_config().faults() {
            let key = match why {
                InvalidConfig::KindIsTaken(_) => "v1_unspecified_kind",
                // The size of what goes out is no setting.
                InvalidConfig::NoInbound
                | InvalidConfig::InboundTooLarge
                | InvalidConfig::OutboundTooSmall(_) => "max_message_size",
                InvalidConfig::NoInflight => "max_inflight_bytes",
                // Nor is the number of streams.
                InvalidConfig::NoQueries | InvalidConfig::NoStreams => "max_concurrent_queries",
                InvalidConfig::NoTime => "slow_reader_timeout",
            };
            review.refuse(&[key], why);
        }
    }
}

/// Whether binding both fails. Port 0 is a different port each time.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port()
        && a.port() != 0
        && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}
