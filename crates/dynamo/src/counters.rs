//! Counters that exist from the start: an alert on "any increase" misses the first one of a counter that begins with it.

const COUNTERS: [&str; 13] = [
    "jaeger_dynamodb_blocks_merged_total",
    "jaeger_dynamodb_catalog_dropped_total",
    "jaeger_dynamodb_commits_failed_total",
    "jaeger_dynamodb_commits_total",
    "jaeger_dynamodb_damaged_items_total",
    "jaeger_dynamodb_late_commits_total",
    "jaeger_dynamodb_missing_packs_total",
    "jaeger_dynamodb_records_failed_total",
    "jaeger_dynamodb_retries_total",
    "jaeger_dynamodb_spans_committed_total",
    "jaeger_dynamodb_windows_derived_total",
    "jaeger_dynamodb_windows_sealed_total",
    "jaeger_dynamodb_writes_refused_total",
];

/// Makes the counters, at zero if they are new.
pub(crate) fn start() {
    for name in COUNTERS {
        metrics::counter!(name).increment(0);
    }
}
