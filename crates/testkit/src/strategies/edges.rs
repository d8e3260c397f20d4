//! Spans that name each other: parents, halves of calls, links, peers without spans.

use std::ops::Range;
use std::sync::Arc;

use jaeger_dynamodb_core::{Attribute, Attributes, Span, SpanKind, StatusCode, UnixNanos, otlp, v1};
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixtures::{otlp_span, resource, span_id, trace_id, v1_span};

/// What one of the spans names.
#[derive(Debug, Clone, Copy)]
struct Named {
    id: u64,
    own_trace: bool,
    follows: bool,
    says_so: bool,
}

/// Spans of a few traces in either form, starting in this range (Unix nanoseconds), that mostly name each other; some
/// come twice.
pub fn related_spans(count: impl Into<SizeRange>, starts: Range<u64>) -> impl Strategy<Value = Vec<Span>> {
    let again = vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3);
    (vec(related_span(starts), count), again).prop_map(|(mut spans, again)| {
        for (from, to) in again {
            if !spans.is_empty() {
                let span: Span = from.get(&spans).clone();
                spans.insert(to.index(spans.len()), span);
            }
        }
        spans
    })
}

fn related_span(starts: Range<u64>) -> impl Strategy<Value = Span> {
    let ids = (1_u64..4, 1_u64..8);
    let named = (0_u64..9, prop::bool::weighted(0.9), prop::bool::weighted(0.3), any::<bool>());
    let named = named.prop_map(|(id, own_trace, follows, says_so)| Named { id, own_trace, follows, says_so });
    let service = prop_oneof![12 => select(&["web", "cart", "db", "mail"][..]), 1 => Just("")];
    let kind = prop_oneof![3 => Just(3), 3 => Just(2), 1 => 0..6].prop_map(SpanKind::from);
    let peer = prop_oneof![
        4 => Just(None),
        1 => select(&["db", "redis"][..]).prop_map(|name| Some(("peer.service", name))),
        1 => Just(Some(("db.system.name", "postgresql"))),
    ];
    let times = (starts, prop_oneof![0_u64..5_000, 0_u64..5_000_000_000]);
    (ids, vec(named, 0..3), service, kind, (peer, any::<bool>(), prop::bool::weighted(0.3)), times).prop_map(
        |(ids, named, service, kind, (peer, is_error, is_v1), times)| {
            let attributes: Attributes = peer.iter().map(|(key, name)| Attribute::new(*key, *name)).collect();
            let what = (ids, kind, is_error, times);
            if is_v1 {
                Span::V1(as_v1(what, service, attributes, &named))
            } else {
                Span::Otlp(as_otlp(what, service, attributes, &named))
            }
        },
    )
}

type What = ((u64, u64), SpanKind, bool, (u64, u64));

fn as_otlp(
    (ids, kind, is_error, times): What,
    service: &str,
    attributes: Attributes,
    named: &[Named],
) -> otlp::Span {
    let code = if is_error { StatusCode::Error } else { StatusCode::Unset };
    let mut named = named.iter();
    let parent = named.next().filter(|parent| parent.id > 0 && !parent.follows);
    let link = |named: &Named| otlp::Link {
        trace_id: Some(trace_id(ids.0 + u64::from(!named.own_trace))),
        span_id: span_id(named.id),
        trace_state: String::new(),
        attributes: named
            .says_so
            .then(|| Attribute::new("opentracing.ref_type", "child_of"))
            .into_iter()
            .collect(),
        dropped_attributes_count: 0,
        flags: 0,
    };
    otlp::Span {
        resource: resource(service),
        parent_span_id: parent.map(|parent| span_id(parent.id)),
        kind,
        start_time_unix_nano: times.0,
        end_time_unix_nano: times.0.saturating_add(times.1),
        attributes,
        links: named.map(link).collect(),
        status: otlp::Status { code, ..otlp::Status::default() },
        ..otlp_span(ids.0, ids.1, service)
    }
}

fn as_v1(
    (ids, kind, is_error, times): What,
    service: &str,
    mut tags: Attributes,
    named: &[Named],
) -> v1::Span {
    tags.0.push(Attribute::new("span.kind", kind.as_str()));
    tags.0.extend(is_error.then(|| Attribute::new("error", true)));
    let reference = |named: &Named| v1::SpanRef {
        trace_id: Some(trace_id(ids.0 + u64::from(!named.own_trace))),
        span_id: span_id(named.id),
        ref_type: if named.follows { v1::SpanRefType::FollowsFrom } else { v1::SpanRefType::ChildOf },
    };
    v1::Span {
        references: named.iter().map(reference).collect(),
        start_time: UnixNanos(times.0.into()),
        duration_nanos: i64::try_from(times.1).unwrap_or(i64::MAX),
        tags,
        process: Some(Arc::new(v1::Process { service_name: service.to_owned(), ..v1::Process::default() })),
        ..v1_span(ids.0, ids.1, service)
    }
}
