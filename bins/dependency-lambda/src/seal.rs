//! What windows that the function seals remember of it.

use std::sync::{Arc, Mutex, PoisonError};

use jaeger_dynamodb_dynamo::{SealTrace, WindowId};
use opentelemetry::trace::SpanContext;

/// The trace context of the invocation that is under way. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct CurrentSpan(Arc<Mutex<Option<String>>>);

// === impl CurrentSpan ===

impl CurrentSpan {
    /// <https://www.w3.org/TR/trace-context/#traceparent-header>
    pub(crate) fn set(&self, span: &SpanContext) {
        let traceparent = (span.is_valid() && span.is_sampled())
            .then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = traceparent;
    }
}

impl SealTrace for CurrentSpan {
    fn traceparent(&self, _: WindowId) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
