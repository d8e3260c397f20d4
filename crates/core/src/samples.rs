//! The plainest spans, which tests fill in.

use std::sync::Arc;

use crate::{Attributes, SpanId, TraceId, UnixNanos, otlp, v1};

/// A span of trace 1 in 10..=20 ns that says nothing about itself.
pub(crate) fn otlp() -> otlp::Span {
    otlp::Span {
        start_time_unix_nano: 10,
        end_time_unix_nano: 20,
        ..otlp::Span::new(Arc::default(), trace_id(1), SpanId::new([1; 8]), "")
    }
}

/// The same in Jaeger's first model.
pub(crate) fn v1() -> v1::Span {
    v1::Span {
        trace_id: trace_id(1),
        span_id: SpanId::new([1; 8]),
        operation_name: String::new(),
        references: Vec::new(),
        flags: 0,
        start_time: UnixNanos(10),
        duration_nanos: 10,
        tags: Attributes::default(),
        logs: Vec::new(),
        process: None,
        process_id: String::new(),
        warnings: Vec::new(),
    }
}

/// A link that says nothing about itself.
pub(crate) fn link() -> otlp::Link {
    otlp::Link {
        trace_id: None,
        span_id: SpanId::default(),
        trace_state: String::new(),
        attributes: Attributes::default(),
        dropped_attributes_count: 0,
        flags: 0,
    }
}

/// A resource of the service.
pub(crate) fn service(name: &str) -> Arc<otlp::Resource> {
    let attributes = Attributes::from([("service.name", name)]);
    Arc::new(otlp::Resource { attributes, ..otlp::Resource::default() })
}

/// The trace id of this number, which is not zero.
pub(crate) fn trace_id(number: u8) -> TraceId {
    TraceId::new([number; 16]).unwrap()
}
