//! The resource and scope around spans, as messages of known size.

use std::sync::Arc;

use jaeger_dynamodb_core::otlp;
use jaeger_dynamodb_proto::convert::{same_resource, same_scope};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;

use super::{FRAME, cut};

/// Shared by the spans that follow each other below one resource and scope, so cloning it is cheap.
#[derive(Debug, Clone)]
pub(super) struct Group {
    resource: Arc<otlp::Resource>,
    scope: Arc<otlp::Scope>,
    /// Without spans.
    messages: Arc<(ResourceSpans, ScopeSpans)>,
    resource_size: usize,
    scope_size: usize,
    was_cut: bool,
}

impl Group {
    /// The group around a span. Resource and scope are cut to half of the limit, so that there is room for spans.
    pub(super) fn of(span: &otlp::Span, limit: usize) -> Self {
        let mut resource = ResourceSpans {
            resource: Some(span.resource.as_ref().into()),
            scope_spans: Vec::new(),
            schema_url: span.resource.schema_url.clone(),
        };
        let mut scope = ScopeSpans {
            scope: Some(span.scope.as_ref().into()),
            spans: Vec::new(),
            schema_url: span.scope.schema_url.clone(),
        };
        let fits = resource.encoded_len() + scope.encoded_len() + 2 * FRAME <= limit / 2;
        let each = (limit / 4).saturating_sub(FRAME);
        // `|`, because both must be cut.
        let was_cut = !fits && (cut(&mut resource, each) | cut(&mut scope, each));
        Self {
            resource: Arc::clone(&span.resource),
            scope: Arc::clone(&span.scope),
            resource_size: resource.encoded_len() + FRAME,
            scope_size: scope.encoded_len() + FRAME,
            messages: Arc::new((resource, scope)),
            was_cut,
        }
    }

    /// Whether the span has another resource, and whether it needs another scope message for that or its own scope.
    pub(super) fn differs_from(&self, span: &otlp::Span) -> (bool, bool) {
        let new_resource = !same_resource(&self.resource, &span.resource);
        (new_resource, new_resource || !same_scope(&self.scope, &span.scope))
    }

    pub(super) fn resource_size(&self) -> usize {
        self.resource_size
    }

    pub(super) fn scope_size(&self) -> usize {
        self.scope_size
    }

    pub(super) fn size(&self) -> usize {
        self.resource_size + self.scope_size
    }

    pub(super) fn was_cut(&self) -> bool {
        self.was_cut
    }

    pub(super) fn resource_spans(&self) -> ResourceSpans {
        self.messages.0.clone()
    }

    pub(super) fn scope_spans(&self) -> ScopeSpans {
        self.messages.1.clone()
    }
}
