//! What a list of search results shows of a trace, computed from all of its spans as Jaeger's query service does
//! ([summary.go](https://github.com/jaegertracing/jaeger/blob/main/cmd/jaeger/internal/extension/jaegerquery/querysvc/summary.go)).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{Span, SpanId, StatusCode, TraceId, UnixNanos};

/// A trace at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSummary {
    /// The trace.
    pub trace_id: TraceId,
    /// Service of the root, the span without parent that starts first; empty without a root.
    pub root_service_name: String,
    /// Operation of the root; empty without a root.
    pub root_operation_name: String,
    /// Earliest start of all spans.
    pub min_start: UnixNanos,
    /// Latest end of all spans.
    pub max_end: UnixNanos,
    /// Number of spans.
    pub span_count: usize,
    /// Number of spans with status error.
    pub error_span_count: usize,
    /// Number of spans whose parent is not in the trace.
    pub orphan_span_count: usize,
    /// The services that took part, by name.
    pub services: Vec<ServiceSummary>,
}

/// What one service contributed to a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSummary {
    /// The service.
    pub name: String,
    /// Number of its spans.
    pub span_count: usize,
    /// Number of its spans with status error.
    pub error_span_count: usize,
}

/// Builds a [`TraceSummary`] from the spans of a trace, one at a time, without holding them. Duplicates must be
/// taken out before, see [`SpanDeduplicator`](crate::SpanDeduplicator).
#[derive(Debug, Default)]
pub struct SummaryBuilder {
    bounds: Option<Bounds>,
    root: Option<Root>,
    span_ids: HashSet<SpanId>,
    children: HashMap<SpanId, usize>,
    services: BTreeMap<String, Counts>,
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    trace_id: TraceId,
    min_start: UnixNanos,
    max_end: UnixNanos,
}

/// Ordered by start; the rest makes the choice among equal starts independent of the order of spans.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Root {
    start: UnixNanos,
    span_id: SpanId,
    service: String,
    operation: String,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    spans: usize,
    errors: usize,
}

// === impl SummaryBuilder ===

impl SummaryBuilder {
    /// Counts a span of the trace.
    pub fn add(&mut self, span: &Span) {
        let bounds = self.bounds.get_or_insert(Bounds {
            trace_id: span.trace_id(),
            min_start: span.start(),
            max_end: span.end(),
        });
        bounds.min_start = bounds.min_start.min(span.start());
        bounds.max_end = bounds.max_end.max(span.end());
        self.span_ids.insert(span.span_id());
        match span.parent_span_id() {
            Some(parent) => *self.children.entry(parent).or_default() += 1,
            None => self.consider_root(span),
        }
        let counts = self.services.entry(span.service_name().to_owned()).or_default();
        counts.spans += 1;
        counts.errors += usize::from(span.status() == StatusCode::Error);
    }

    /// The summary, or `None` if no span was added.
    #[must_use]
    pub fn finish(self) -> Option<TraceSummary> {
        let bounds = self.bounds?;
        let (root_service_name, root_operation_name) =
            self.root.map_or_else(Default::default, |root| (root.service, root.operation));
        let orphans = self.children.iter().filter(|(parent, _)| !self.span_ids.contains(parent));
        Some(TraceSummary {
            trace_id: bounds.trace_id,
            root_service_name,
            root_operation_name,
            min_start: bounds.min_start,
            max_end: bounds.max_end,
            span_count: self.services.values().map(|counts| counts.spans).sum(),
            error_span_count: self.services.values().map(|counts| counts.errors).sum(),
            orphan_span_count: orphans.map(|(_, count)| count).sum(),
            services: self
                .services
                .into_iter()
                .map(|(name, counts)| ServiceSummary {
                    name,
                    span_count: counts.spans,
                    error_span_count: counts.errors,
                })
                .collect(),
        })
    }

    fn consider_root(&mut self, span: &Span) {
        let candidate = Root {
            start: span.start(),
            span_id: span.span_id(),
            service: span.service_name().to_owned(),
            operation: span.operation_name().to_owned(),
        };
        if self.root.as_ref().is_none_or(|root| candidate < *root) {
            self.root = Some(candidate);
        }
    }
}

#[cfg(test)]
mod tests;
