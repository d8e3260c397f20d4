//! What came of a window, in words.

use jaeger_dynamodb_dynamo::WindowReport;

/// A word for what came of a window.
pub(super) fn outcome(report: &WindowReport) -> &'static str {
    match report {
        WindowReport::Done { .. } => "done",
        WindowReport::AlreadyDone => "already done",
        WindowReport::NotClosedYet { .. } => "not closed yet",
        WindowReport::HeldByOther { .. } => "held by another",
        WindowReport::Parked { .. } => "parked",
    }
}

pub(super) fn parked_reason(report: &WindowReport) -> Option<&str> {
    match report {
        WindowReport::Parked { reason, .. } => Some(reason),
        _ => None,
    }
}
