//! Whose limit a throttled request has hit.

use std::error::Error;

use aws_sdk_dynamodb::types::ThrottlingReason;
use aws_sdk_dynamodb::types::error::{
    ProvisionedThroughputExceededException, RequestLimitExceeded, ThrottlingException,
};

use crate::schema::TABLES;

#[cfg(test)]
mod tests;

const UNKNOWN: &str = "unknown";

// Reasons: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html
const RESOURCES: [&str; 2] = ["Table", "Index"];
const OPERATIONS: [&str; 2] = ["Read", "Write"];
const LIMITS: [&str; 4] = [
    "ProvisionedThroughputExceeded",
    "AccountLimitExceeded",
    "KeyRangeThroughputExceeded",
    "MaxOnDemandThroughputExceeded",
];

/// What DynamoDB says of the limits that a request has hit; it may say nothing.
pub(super) fn reasons<E: Error + 'static>(error: &E) -> Vec<ThrottlingReason> {
    let Some(inner) = error.source() else { return Vec::new() };
    if let Some(error) = inner.downcast_ref::<ThrottlingException>() {
        error.throttling_reasons().to_vec()
    } else if let Some(error) = inner.downcast_ref::<ProvisionedThroughputExceededException>() {
        error.throttling_reasons().to_vec()
    } else if let Some(error) = inner.downcast_ref::<RequestLimitExceeded>() {
        error.throttling_reasons().to_vec()
    } else {
        Vec::new()
    }
}

/// Puts the reasons and what they apply to before the text of the error.
pub(super) fn explain(reasons: &[ThrottlingReason], text: &str) -> String {
    let said = |reason: &ThrottlingReason| {
        let limit = reason.reason().unwrap_or(UNKNOWN);
        format!("{limit} of {}", reason.resource().unwrap_or("an unnamed resource"))
    };
    let mut parts: Vec<String> = reasons.iter().map(said).collect();
    parts.push(text.to_owned());
    parts.join("; ")
}

/// Counts a throttled request on the table of this full name.
pub(super) fn count(reasons: &[ThrottlingReason], table: &str) {
    let reason = reasons.first().and_then(ThrottlingReason::reason).filter(|reason| is_known(reason));
    let suffixes = TABLES.iter().map(|definition| definition.table.suffix());
    let table = suffixes.into_iter().find(|suffix| table.ends_with(suffix)).unwrap_or(UNKNOWN);
    let labels = [("table", table.to_owned()), ("reason", reason.unwrap_or(UNKNOWN).to_owned())];
    metrics::counter!("jaeger_dynamodb_throttled_total", &labels).increment(1);
}

/// Whether it may be a label: whatever else is sent must not make new time series.
fn is_known(reason: &str) -> bool {
    let after = |text: &str, starts: &[&str]| -> Option<String> {
        starts.iter().find_map(|start| text.strip_prefix(start)).map(str::to_owned)
    };
    let limit = after(reason, &RESOURCES).and_then(|rest| after(&rest, &OPERATIONS));
    limit.is_some_and(|limit| LIMITS.contains(&limit.as_str()))
}
