//! The trace context in which a process seals windows that others may derive.

use std::fmt;

use jaeger_dynamodb_dynamo::{SealTrace, WindowId};

/// A span for each seal, which is told in the log alone: whoever derives the window, and traces itself, links to ids that
/// the log of the sealing process has.
#[derive(Debug, Clone, Copy)]
pub struct LoggedSeal;

/// Ids of a span that is not recorded: <https://www.w3.org/TR/trace-context/#traceparent-header>.
struct UnsampledSpan {
    trace_id: u128,
    span_id: u64,
}

impl SealTrace for LoggedSeal {
    fn traceparent(&self, window: WindowId) -> Option<String> {
        let span = UnsampledSpan::new();
        tracing::info!(
            %window,
            trace_id = format_args!("{:032x}", span.trace_id),
            span_id = format_args!("{:016x}", span.span_id),
            "a window is closed"
        );
        Some(span.to_string())
    }
}

impl UnsampledSpan {
    fn new() -> Self {
        Self { trace_id: fastrand::u128(1..), span_id: fastrand::u64(1..) }
    }
}

impl fmt::Display for UnsampledSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-00", self.trace_id, self.span_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_has_fields_of_fixed_length() {
        let small = UnsampledSpan { trace_id: 10, span_id: 11 };
        assert_eq!(small.to_string(), "00-0000000000000000000000000000000a-000000000000000b-00");
    }

    #[test]
    fn every_seal_has_a_trace_of_its_own() {
        assert_ne!(UnsampledSpan::new().to_string(), UnsampledSpan::new().to_string());
    }
}
