//! OTLP messages to core spans.

use std::sync::Arc;

use jaeger_dynamodb_core::{Span, TraceId, otlp};

use super::attributes::attributes;
use super::{Converted, InvalidSpan, optional_trace_id, span_id};
use crate::opentelemetry::proto::common::v1 as common;
use crate::opentelemetry::proto::resource::v1 as resource;
use crate::opentelemetry::proto::trace::v1 as trace;

/// The spans of OTLP messages. Spans of one message share their resource and scope.
#[must_use]
pub fn spans_from_otlp(messages: Vec<trace::ResourceSpans>) -> Converted {
    let mut converted = Converted::default();
    for message in messages {
        let resource = Arc::new(resource_from_otlp(message.resource.unwrap_or_default(), message.schema_url));
        for scope_spans in message.scope_spans {
            let scope =
                Arc::new(scope_from_otlp(scope_spans.scope.unwrap_or_default(), scope_spans.schema_url));
            for message in scope_spans.spans {
                match span_from_otlp(message, &resource, &scope) {
                    Ok(span) => converted.spans.push(Span::Otlp(span)),
                    Err(reason) => converted.rejected.push(reason),
                }
            }
        }
    }
    converted
}

/// The resource of a message; its schema stands beside it on the wire.
#[must_use]
pub fn resource_from_otlp(message: resource::Resource, schema_url: String) -> otlp::Resource {
    otlp::Resource {
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        entity_refs: message.entity_refs.into_iter().map(entity_ref).collect(),
        schema_url,
    }
}

fn entity_ref(message: common::EntityRef) -> otlp::EntityRef {
    otlp::EntityRef {
        schema_url: message.schema_url,
        r#type: message.r#type,
        id_keys: message.id_keys,
        description_keys: message.description_keys,
    }
}

/// The scope of a message; its schema stands beside it on the wire.
#[must_use]
pub fn scope_from_otlp(message: common::InstrumentationScope, schema_url: String) -> otlp::Scope {
    otlp::Scope {
        name: message.name,
        version: message.version,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        schema_url,
    }
}

/// The span of a message, below its resource and scope.
///
/// OTLP calls ids of zeros invalid. A trace id of zeros is refused, since Jaeger's clients cannot take it back;
/// a span id of zeros does no harm and is kept.
///
/// # Errors
/// What is wrong with an id.
pub fn span_from_otlp(
    message: trace::Span,
    resource: &Arc<otlp::Resource>,
    scope: &Arc<otlp::Scope>,
) -> Result<otlp::Span, InvalidSpan> {
    let parent = span_id(&message.parent_span_id).map_err(|_| InvalidSpan::ParentSpanId)?;
    let status = message.status.unwrap_or_default();
    Ok(otlp::Span {
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
        trace_id: TraceId::try_from(message.trace_id.as_slice()).map_err(|_| InvalidSpan::TraceId)?,
        span_id: span_id(&message.span_id).map_err(|_| InvalidSpan::SpanId)?,
        parent_span_id: Some(parent).filter(|parent| !parent.is_zero()),
        trace_state: message.trace_state,
        flags: message.flags,
        name: message.name,
        kind: message.kind.into(),
        start_time_unix_nano: message.start_time_unix_nano,
        end_time_unix_nano: message.end_time_unix_nano,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        events: message.events.into_iter().map(event).collect(),
        dropped_events_count: message.dropped_events_count,
        links: message.links.into_iter().map(link).collect::<Result<_, _>>()?,
        dropped_links_count: message.dropped_links_count,
        status: otlp::Status { message: status.message, code: status.code.into() },
    })
}

fn event(message: trace::span::Event) -> otlp::Event {
    otlp::Event {
        time_unix_nano: message.time_unix_nano,
        name: message.name,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
    }
}

fn link(message: trace::span::Link) -> Result<otlp::Link, InvalidSpan> {
    let trace_id = TraceId::try_from(message.trace_id.as_slice());
    Ok(otlp::Link {
        trace_id: optional_trace_id(trace_id, &message.trace_id).map_err(|_| InvalidSpan::LinkId)?,
        span_id: span_id(&message.span_id).map_err(|_| InvalidSpan::LinkId)?,
        trace_state: message.trace_state,
        attributes: attributes(message.attributes),
        dropped_attributes_count: message.dropped_attributes_count,
        flags: message.flags,
    })
}
