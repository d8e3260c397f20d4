//! What is measured, and what it means: the same as in `docs/operations.md`.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};

/// Counters without labels exist from the start: an alert on "any increase" misses the first one of a counter that
/// begins with it.
const COUNTERS: [(&str, &str); 20] = [
    ("jaeger_dynamodb_blocks_merged_total", "Blocks of 48 windows whose pointers this process has merged"),
    (
        "jaeger_dynamodb_catalog_dropped_total",
        "Operations that are not listed because their service has too many",
    ),
    ("jaeger_dynamodb_commits_failed_total", "Commits that failed after all retries"),
    ("jaeger_dynamodb_commits_total", "Commits that are durable and findable"),
    ("jaeger_dynamodb_damaged_items_total", "Items that cannot be read and were left out of an answer"),
    (
        "jaeger_dynamodb_edges_matched_later_total",
        "Children counted as unmatched whose parent came within the horizon after all",
    ),
    (
        "jaeger_dynamodb_edges_rolled_up_total",
        "Stretches of four hours, and days, whose edges this process has summed up",
    ),
    (
        "jaeger_dynamodb_edges_total",
        "Edges that windows have added, or taken back from earlier ones, in a bucket of five minutes each",
    ),
    (
        "jaeger_dynamodb_edges_unmatched_total",
        "Children whose parent was in none of the windows within the horizon before theirs",
    ),
    ("jaeger_dynamodb_edges_windows_total", "Windows whose edges this process has counted"),
    (
        "jaeger_dynamodb_late_commits_total",
        "Records put again because they came late or their time is in doubt",
    ),
    (
        "jaeger_dynamodb_logs_ended_total",
        "Windows that nobody could derive for 15 minutes, and whose log was ended so that edges could be counted",
    ),
    (
        "jaeger_dynamodb_missing_packs_total",
        "Packs that a record names, that have not expired, and are not there",
    ),
    ("jaeger_dynamodb_records_failed_total", "Log records that could not be derived"),
    ("jaeger_dynamodb_retries_total", "Requests to DynamoDB that were tried again"),
    ("jaeger_dynamodb_spans_committed_total", "Spans of commits that are durable and findable"),
    ("jaeger_dynamodb_windows_derived_total", "Windows that this process has derived"),
    ("jaeger_dynamodb_windows_sealed_total", "Closed windows that this process was the first to mark"),
    (
        "jaeger_dynamodb_writes_abandoned_total",
        "Parts of exports not committed because nobody waited for them any more",
    ),
    ("jaeger_dynamodb_writes_refused_total", "Exports refused because too much was waiting for its commit"),
];

const LABELLED_COUNTERS: [(&str, &str); 6] = [
    ("jaeger_dynamodb_job_failures_total", "Runs and rounds of the job that failed and are tried again"),
    ("jaeger_dynamodb_read_half_units_total", "Read request units, in halves"),
    ("jaeger_dynamodb_requests_total", "Requests that DynamoDB answered with success"),
    ("jaeger_dynamodb_runs_lost_total", "Runs of the job that came second, or whose window was purged"),
    ("jaeger_dynamodb_throttled_total", "Requests that DynamoDB throttled, by the first of its reasons"),
    ("jaeger_dynamodb_write_units_total", "Write request units"),
];

/// Describes all, and makes the counters without labels, at zero if they are new.
pub(crate) fn start() {
    for (name, meaning) in COUNTERS.into_iter().chain(LABELLED_COUNTERS) {
        describe_counter!(name, meaning);
    }
    for (name, _) in COUNTERS {
        counter!(name).increment(0);
    }
    describe_gauge!(
        "jaeger_dynamodb_oldest_window_not_done_seconds",
        "For how long the oldest closed window that is not derived has been closed"
    );
    describe_histogram!("jaeger_dynamodb_job_seconds", "What a window or block took, pacing included");
}
