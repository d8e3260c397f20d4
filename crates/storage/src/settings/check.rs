//! Combinations of settings that cannot work, and why.

use jaeger_dynamodb_dynamo::InvalidConfig;
use jaeger_dynamodb_runtime::config::Review;

use super::{StorageKind, StorageSettings};

/// DynamoDB allows 255 characters; ours follow the prefix.
const LONGEST_PREFIX: usize = 200;

/// The log of some minutes takes as much even where little happens.
const LEAST_TAIL: usize = 1024 * 1024;

/// The settings that the store checks itself.
const STORE_KEYS: [&str; 7] = [
    "retention",
    "archive_retention",
    "window",
    "window_grace",
    "settle",
    "job_memory",
    "dependency_horizon",
];

#[cfg(test)]
mod tests;

// === impl StorageSettings ===

impl StorageSettings {
    /// Refuses what cannot work, and warns of what has no effect.
    pub fn check(&self, review: &mut Review) {
        self.check_storage(review);
        self.check_windows(review);
        if self.max_tail_bytes.to_usize() < LEAST_TAIL {
            review.refuse(
                &["max_tail_bytes"],
                "at least 1MiB: every query reads the log of the last minutes, whatever it asks",
            );
        }
    }

    fn check_storage(&self, review: &mut Review) {
        let is_embedded = self.storage == StorageKind::Embedded;
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
        if self.storage == StorageKind::Aws && review.is_given("data_dir") {
            review.warn(&["storage", "data_dir"], "a data directory has no effect with --storage aws");
        }
        if self.storage == StorageKind::Aws && review.is_given("durability") {
            review.warn(
                &["storage", "durability"],
                "durability has no effect with --storage aws: DynamoDB survives both",
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
}

fn names(why: &str, key: &str) -> bool {
    let flag = key.replace('_', "-");
    why.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == flag)
}
