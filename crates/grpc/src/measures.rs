//! What is measured, and what it means: the same as in `docs/operations.md`.

use metrics::{describe_counter, describe_gauge, describe_histogram};

use crate::refusal::Refusal;

const COUNTERS: [(&str, &str); 5] = [
    ("jaeger_dynamodb_exports_repaired_total", "Exports and spans with text that was not UTF-8"),
    ("jaeger_dynamodb_refusals_total", "What was refused or cut off because a limit was reached"),
    ("jaeger_dynamodb_rpcs_total", "RPCs that ended, by how"),
    ("jaeger_dynamodb_spans_accepted_total", "Spans of exports that were acknowledged"),
    ("jaeger_dynamodb_spans_rejected_total", "Spans refused for their ids"),
];

/// Describes all, and makes those whose labels are known, at zero if they are new: an alert on an increase would miss
/// the first one.
pub(crate) fn start() {
    for (name, meaning) in COUNTERS {
        describe_counter!(name, meaning);
    }
    describe_gauge!("jaeger_dynamodb_connections", "Connections that are open");
    describe_histogram!("jaeger_dynamodb_rpc_duration_seconds", "From the request to the end of its answer");
    Refusal::start_counting();
    for name in ["jaeger_dynamodb_exports_repaired_total", "jaeger_dynamodb_spans_accepted_total"] {
        metrics::counter!(name).increment(0);
    }
}
