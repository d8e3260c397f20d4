//! Core spans to OTLP messages.

use std::sync::Arc;

use jaeger_dynamodb_core::otlp;

use super::attributes::key_values;
use super::bytes_of_trace_id;
use crate::opentelemetry::proto::common::v1 as common;
use crate::opentelemetry::proto::resource::v1 as resource;
use crate::opentelemetry::proto::trace::v1 as trace;

/// OTLP messages of the spans, in their order. Neighbours with an equal resource share one message, and so do
/// those with an equal scope below it.
#[must_use]
pub fn resource_spans(spans: &[otlp::Span]) -> Vec<trace::ResourceSpans> {
    let mut messages = Vec::new();
    for of_resource in spans.chunk_by(|a, b| same_resource(&a.resource, &b.resource)) {
        let Some(first) = of_resource.first() else { continue };
        let scope_spans = of_resource.chunk_by(|a, b| same_scope(&a.scope, &b.scope)).filter_map(scope_spans);
        messages.push(trace::ResourceSpans {
            resource: Some(first.resource.as_ref().into()),
            scope_spans: scope_spans.collect(),
            schema_url: first.resource.schema_url.clone(),
        });
    }
    messages
}

fn scope_spans(spans: &[otlp::Span]) -> Option<trace::ScopeSpans> {
    let scope = &spans.first()?.scope;
    Some(trace::ScopeSpans {
        scope: Some(scope.as_ref().into()),
        spans: spans.iter().map(trace::Span::from).collect(),
        schema_url: scope.schema_url.clone(),
    })
}

/// Whether two resources are equal; cheap for those that came together.
#[must_use]
pub fn same_resource(a: &Arc<otlp::Resource>, b: &Arc<otlp::Resource>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// Whether two scopes are equal; cheap for those that came together.
#[must_use]
pub fn same_scope(a: &Arc<otlp::Scope>, b: &Arc<otlp::Scope>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The resource without its schema URL, for which OTLP has a field beside it.
impl From<otlp::Resource> for resource::Resource {
    fn from(value: otlp::Resource) -> Self {
        Self {
            attributes: key_values(value.attributes),
            dropped_attributes_count: value.dropped_attributes_count,
            entity_refs: value.entity_refs.into_iter().map(common::EntityRef::from).collect(),
        }
    }
}

impl From<&otlp::Resource> for resource::Resource {
    fn from(value: &otlp::Resource) -> Self {
        value.clone().into()
    }
}

impl From<otlp::EntityRef> for common::EntityRef {
    fn from(value: otlp::EntityRef) -> Self {
        Self {
            schema_url: value.schema_url,
            r#type: value.r#type,
            id_keys: value.id_keys,
            description_keys: value.description_keys,
        }
    }
}

/// The scope without its schema URL, for which OTLP has a field beside it.
impl From<otlp::Scope> for common::InstrumentationScope {
    fn from(value: otlp::Scope) -> Self {
        Self {
            name: value.name,
            version: value.version,
            attributes: key_values(value.attributes),
            dropped_attributes_count: value.dropped_attributes_count,
        }
    }
}

impl From<&otlp::Scope> for common::InstrumentationScope {
    fn from(value: &otlp::Scope) -> Self {
        value.clone().into()
    }
}

/// The span without its resource and scope.
impl From<otlp::Span> for trace::Span {
    fn from(value: otlp::Span) -> Self {
        let status = trace::Status { message: value.status.message, code: value.status.code.into() };
        Self {
            trace_id: value.trace_id.as_bytes().to_vec(),
            span_id: value.span_id.as_bytes().to_vec(),
            trace_state: value.trace_state,
            parent_span_id: value.parent_span_id.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
            name: value.name,
            kind: value.kind.into(),
            start_time_unix_nano: value.start_time_unix_nano,
            end_time_unix_nano: value.end_time_unix_nano,
            attributes: key_values(value.attributes),
            dropped_attributes_count: value.dropped_attributes_count,
            events: value.events.into_iter().map(trace::span::Event::from).collect(),
            dropped_events_count: value.dropped_events_count,
            links: value.links.into_iter().map(trace::span::Link::from).collect(),
            dropped_links_count: value.dropped_links_count,
            status: (status != trace::Status::default()).then_some(status),
            flags: value.flags,
        }
    }
}

impl From<&otlp::Span> for trace::Span {
    fn from(value: &otlp::Span) -> Self {
        value.clone().into()
    }
}

impl From<otlp::Event> for trace::span::Event {
    fn from(value: otlp::Event) -> Self {
        Self {
            time_unix_nano: value.time_unix_nano,
            name: value.name,
            attributes: key_values(value.attributes),
            dropped_attributes_count: value.dropped_attributes_count,
        }
    }
}

impl From<otlp::Link> for trace::span::Link {
    fn from(value: otlp::Link) -> Self {
        Self {
            trace_id: bytes_of_trace_id(value.trace_id),
            span_id: value.span_id.as_bytes().to_vec(),
            trace_state: value.trace_state,
            attributes: key_values(value.attributes),
            dropped_attributes_count: value.dropped_attributes_count,
            flags: value.flags,
        }
    }
}
