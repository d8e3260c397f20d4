//! Spans of the OpenTelemetry protocol.

use std::sync::Arc;

use jaeger_dynamodb_core::{Attribute, AttributeValue, SpanKind, StatusCode, otlp};
use proptest::collection::{SizeRange, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::attributes::{attributes, operation_name, rare_text, service_name};
use super::ids::{other_trace_id, some_span_id, span_id, trace_id};
use super::times::{start_and_end, unix_nanos};

/// Spans that share a few resources and scopes, as those of one export do.
pub fn otlp_spans(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<otlp::Span>> {
    let resources = vec(resource().prop_map(Arc::new), 1..4);
    let scopes = vec(scope().prop_map(Arc::new), 1..3);
    let spans = vec((any::<Index>(), any::<Index>(), span()), count);
    (resources, scopes, spans).prop_map(|(resources, scopes, spans)| {
        spans
            .into_iter()
            .map(|(resource, scope, span)| otlp::Span {
                resource: Arc::clone(resource.get(&resources)),
                scope: Arc::clone(scope.get(&scopes)),
                ..span
            })
            .collect()
    })
}

/// A resource, mostly with a service name that is text.
pub fn resource() -> impl Strategy<Value = otlp::Resource> {
    let service = prop_oneof![
        12 => service_name().prop_map(|name| Some(AttributeValue::String(name))),
        1 => Just(None),
        1 => Just(Some(AttributeValue::Int(7))),
    ];
    let entity_refs = prop_oneof![5 => Just(Vec::new()), 1 => vec(entity_ref(), 1..3)];
    (service, attributes(4), rare_count(), entity_refs, rare_text()).prop_map(
        |(service, mut attributes, dropped_attributes_count, entity_refs, schema_url)| {
            let service = service.map(|name| Attribute::new("service.name", name));
            attributes.0.splice(0..0, service);
            otlp::Resource { attributes, dropped_attributes_count, entity_refs, schema_url }
        },
    )
}

/// A scope, often without a name.
pub fn scope() -> impl Strategy<Value = otlp::Scope> {
    (rare_text(), rare_text(), attributes(3), rare_count(), rare_text()).prop_map(
        |(name, version, attributes, dropped_attributes_count, schema_url)| otlp::Scope {
            name,
            version,
            attributes,
            dropped_attributes_count,
            schema_url,
        },
    )
}

fn span() -> impl Strategy<Value = otlp::Span> {
    let ids = (trace_id(), span_id(), option::of(some_span_id()));
    let names = (operation_name(), rare_text(), kind(), status());
    let parts = (attributes(4), few(event()), few(link()));
    let counts = (rare_count(), rare_count(), rare_count(), rare_count());
    (ids, names, start_and_end(), parts, counts).prop_map(|(ids, names, times, parts, counts)| otlp::Span {
        resource: Arc::default(),
        scope: Arc::default(),
        trace_id: ids.0,
        span_id: ids.1,
        parent_span_id: ids.2,
        trace_state: names.1,
        flags: counts.0,
        name: names.0,
        kind: names.2,
        start_time_unix_nano: times.0,
        end_time_unix_nano: times.1,
        attributes: parts.0,
        dropped_attributes_count: counts.1,
        events: parts.1,
        dropped_events_count: counts.2,
        links: parts.2,
        dropped_links_count: counts.3,
        status: names.3,
    })
}

fn event() -> impl Strategy<Value = otlp::Event> {
    (unix_nanos(), rare_text(), attributes(3), rare_count()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| otlp::Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn link() -> impl Strategy<Value = otlp::Link> {
    (other_trace_id(), span_id(), rare_text(), attributes(3), rare_count(), rare_count()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| otlp::Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

fn entity_ref() -> impl Strategy<Value = otlp::EntityRef> {
    let keys = || vec(super::key(), 0..3);
    (rare_text(), rare_text(), keys(), keys()).prop_map(|(schema_url, r#type, id_keys, description_keys)| {
        otlp::EntityRef { schema_url, r#type, id_keys, description_keys }
    })
}

fn kind() -> impl Strategy<Value = SpanKind> {
    prop_oneof![20 => 0..6, 1 => select(&[6, -1, i32::MAX][..])].prop_map(SpanKind::from)
}

fn status() -> impl Strategy<Value = otlp::Status> {
    let code = prop_oneof![20 => 0..3, 1 => select(&[3, -1, i32::MIN][..])].prop_map(StatusCode::from);
    (rare_text(), code).prop_map(|(message, code)| otlp::Status { message, code })
}

fn rare_count() -> impl Strategy<Value = u32> {
    prop_oneof![8 => Just(0), 1 => Just(1), 1 => any::<u32>()]
}

fn few<S: Strategy>(element: S) -> impl Strategy<Value = Vec<S::Value>> {
    vec(element, 0..3)
}
