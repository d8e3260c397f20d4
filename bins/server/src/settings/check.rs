//! Combinations of settings that cannot work, and why.

use std::net::SocketAddr;

use jaeger_dynamodb_dynamo::InvalidConfig;
use jaeger_dynamodb_grpc::InvalidConfig as InvalidGrpc;
use jaeger_dynamodb_runtime::config::Review;

use super::{Settings, Storage};

/// gRPC writes the length of a message in 32 bits.
const LARGEST_MESSAGE: usize = u32::MAX as usize;

/// DynamoDB allows 255 characters; ours follow the prefix.
const LONGEST_PREFIX: usize = 200;

/// The log of some minutes takes as much even where little happens.
const LEAST_TAIL: usize = 1024 * 1024;

/// The settings that the store checks itself.
const STORE_KEYS: [&str; 6] =
    ["retention", "archive_retention", "window", "window_grace", "settle", "job_memory"];

#[cfg(test)]
mod tests;

// === impl Settings ===

impl Settings {
    pub(crate) fn check(&self, review: &mut Review) {
        self.check_addresses(review);
        self.check_storage(review);
        self.check_windows(review);
        self.check_sizes(review);
        self.check_kind(review);
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

    fn check_kind(&self, review: &mut Review) {
        if let Err(why @ InvalidGrpc::KindIsTaken(_)) = self.grpc_config().validate() {
            review.refuse(&["v1_unspecified_kind"], why);
        }
    }

    fn check_storage(&self, review: &mut Review) {
        let is_embedded = self.storage == Storage::Embedded;
        if is_embedded && self.endpoint_url.is_some() {
            review.refuse(
                &["storage", "endpoint_url"],
                "embedded storage is inside the process and has no endpoint; for the endpoint use --storage aws",
            );
        }
        if is_embedded && !self.create_tables {
            review.refuse(
                &["storage", "create_tables"],
                "embedded storage always creates its tables; nobody else could",
            );
        }
        if self.storage == Storage::Aws && review.is_given("data_dir") {
            review.warn(&["storage", "data_dir"], "a data directory has no effect with --storage aws");
        }
        if self.allow_purge && self.storage == Storage::Aws && self.endpoint_url.is_none() {
            review.refuse(
                &["allow_purge", "storage"],
                "refused on AWS, where one request would delete production data; give --endpoint-url for a test engine",
            );
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if !self.table_prefix.chars().all(allowed) || self.table_prefix.len() > LONGEST_PREFIX {
            review.refuse(
                &["table_prefix"],
                format_args!(
                    "DynamoDB names tables with letters, digits, _ . and - only; at most {LONGEST_PREFIX} here"
                ),
            );
        }
    }

    /// The store knows its own rules, in the words of the flags.
    fn check_windows(&self, review: &mut Review) {
        if let Err(InvalidConfig(reasons)) = self.store_config().validate() {
            for why in reasons {
                let named: Vec<&'static str> =
                    STORE_KEYS.into_iter().filter(|key| names(&why, key)).collect();
                review.refuse(&named, why);
            }
        }
        if self.settle >= self.retention {
            review.refuse(
                &["settle", "retention"],
                "what is derived would expire before it is ever read; for a store that derives nothing use --job off",
            );
        }
        if self.linger.saturating_mul(2) > self.window_grace {
            review.refuse(
                &["linger", "window_grace"],
                "linger may take at most half of the grace; the other half is for the write itself",
            );
        }
    }

    fn check_sizes(&self, review: &mut Review) {
        if !(1..=LARGEST_MESSAGE).contains(&self.max_message_size.to_usize()) {
            review.refuse(&["max_message_size"], "a gRPC message has between 1 byte and 4GiB");
        }
        if self.max_tail_bytes.to_usize() < LEAST_TAIL {
            review.refuse(
                &["max_tail_bytes"],
                "at least 1MiB: every query reads the log of the last minutes, whatever it asks",
            );
        }
    }
}

fn names(why: &str, key: &str) -> bool {
    let flag = key.replace('_', "-");
    why.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == flag)
}

/// Whether binding both fails. Port 0 is a different port each time.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port()
        && a.port() != 0
        && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}
