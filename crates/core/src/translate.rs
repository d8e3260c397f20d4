//! Spans of one API read over the other: Jaeger's first model to OTLP and back, as Jaeger itself translates them.
//!
//! What becomes what, what is lost, and where Jaeger does otherwise stands in `docs/translation.md`. Nothing is refused;
//! a time or duration that the other form cannot hold becomes the nearest one that it can.

mod attributes;
mod to_otlp;
mod to_v1;

use std::sync::Arc;

use crate::{Span, otlp, v1};

/// Translates spans to OTLP, one after the other. Neighbours with the same process share one resource, and those
/// with the same scope share that.
#[derive(Debug, Default)]
pub struct ToOtlp {
    process: Option<Arc<v1::Process>>,
    resource: Arc<otlp::Resource>,
    scope: Arc<otlp::Scope>,
}

/// Translates spans to Jaeger's first model, one after the other. Neighbours with the same resource share one
/// process.
#[derive(Debug, Default)]
pub struct ToV1 {
    last: Option<(Arc<otlp::Resource>, Arc<v1::Process>)>,
}

// === impl ToOtlp ===

impl ToOtlp {
    /// The span as OTLP; unchanged if it came so.
    pub fn span(&mut self, span: Span) -> otlp::Span {
        match span {
            Span::Otlp(span) => span,
            Span::V1(span) => {
                let resource = self.resource(span.process.as_ref());
                to_otlp::span(span, resource, &mut self.scope)
            }
        }
    }

    fn resource(&mut self, process: Option<&Arc<v1::Process>>) -> Arc<otlp::Resource> {
        let is_same = match (&self.process, process) {
            (Some(last), Some(process)) => Arc::ptr_eq(last, process) || last == process,
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.process = process.cloned();
            self.resource = process.map(|process| Arc::new(to_otlp::resource(process))).unwrap_or_default();
        }
        Arc::clone(&self.resource)
    }
}

// === impl ToV1 ===

impl ToV1 {
    /// The span in Jaeger's first model; unchanged if it came so.
    pub fn span(&mut self, span: Span) -> v1::Span {
        match span {
            Span::V1(span) => span,
            Span::Otlp(span) => {
                let process = self.process(&span.resource);
                to_v1::span(span, process)
            }
        }
    }

    fn process(&mut self, resource: &Arc<otlp::Resource>) -> Arc<v1::Process> {
        match &self.last {
            Some((last, process)) if Arc::ptr_eq(last, resource) || last == resource => Arc::clone(process),
            _ => {
                let process = Arc::new(to_v1::process(resource));
                self.last = Some((Arc::clone(resource), Arc::clone(&process)));
                process
            }
        }
    }
}

#[cfg(test)]
mod tests;
