//! Spans of Jaeger's first model.

use std::sync::Arc;

use jaeger_dynamodb_core::{Attribute, Attributes, v1};
use proptest::collection::{SizeRange, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::attributes::{operation_name, rare_text, service_name, v1_attributes};
use super::ids::{other_trace_id, span_id, trace_id};
use super::times::{duration, timestamp};

/// Spans that share a few processes, as those of one batch do; some have none.
pub fn v1_spans(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<v1::Span>> {
    let processes = vec(process().prop_map(Arc::new), 1..4);
    (processes, vec((option::weighted(0.9, any::<Index>()), span()), count)).prop_map(|(processes, spans)| {
        spans
            .into_iter()
            .map(|(process, span)| v1::Span {
                process: process.map(|process| Arc::clone(process.get(&processes))),
                ..span
            })
            .collect()
    })
}

/// A process, rarely without a name.
pub fn process() -> impl Strategy<Value = v1::Process> {
    (service_name(), v1_attributes(4)).prop_map(|(service_name, tags)| v1::Process { service_name, tags })
}

fn span() -> impl Strategy<Value = v1::Span> {
    let ids = (trace_id(), span_id(), vec(reference(), 0..3));
    let times = (timestamp(), duration());
    let parts = (tags(), vec(log(), 0..3));
    let rest = (prop_oneof![4 => 0_u32..4, 1 => any::<u32>()], rare_text(), vec(rare_text(), 0..2));
    (ids, operation_name(), times, parts, rest).prop_map(|(ids, operation_name, times, parts, rest)| {
        v1::Span {
            trace_id: ids.0,
            span_id: ids.1,
            operation_name,
            references: ids.2,
            flags: rest.0,
            start_time: times.0,
            duration_nanos: times.1,
            tags: parts.0,
            logs: parts.1,
            process: None,
            process_id: rest.1,
            warnings: rest.2,
        }
    })
}

/// Tags of any keys, often one that tells kind, status or scope before them.
fn tags() -> impl Strategy<Value = Attributes> {
    let telling = prop_oneof![
        Just(Attribute::new("error", true)),
        select(&["server", "CLIENT", "unknown"][..]).prop_map(|word| Attribute::new("span.kind", word)),
        select(&["OK", "error", "UNSET"][..]).prop_map(|code| Attribute::new("otel.status_code", code)),
        rare_text().prop_map(|name| Attribute::new("otel.scope.name", name)),
    ];
    (vec(telling, 0..2), v1_attributes(4)).prop_map(|(mut tags, Attributes(others))| {
        tags.extend(others);
        Attributes(tags)
    })
}

fn reference() -> impl Strategy<Value = v1::SpanRef> {
    let ref_type = prop_oneof![
        6 => Just(v1::SpanRefType::ChildOf),
        3 => Just(v1::SpanRefType::FollowsFrom),
        1 => (2..5).prop_map(v1::SpanRefType::Unrecognized),
    ];
    (other_trace_id(), span_id(), ref_type).prop_map(|(trace_id, span_id, ref_type)| v1::SpanRef {
        trace_id,
        span_id,
        ref_type,
    })
}

fn log() -> impl Strategy<Value = v1::Log> {
    (timestamp(), v1_attributes(3)).prop_map(|(timestamp, fields)| v1::Log { timestamp, fields })
}
