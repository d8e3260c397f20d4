//! Hand-written spans, to be filled in with struct update syntax.

use std::sync::Arc;

use jaeger_dynamodb_core::{
    Attribute, AttributeValue, Attributes, SpanId, SpanKind, StatusCode, TraceId, UnixNanos, otlp, v1,
};

/// 2024-01-01T00:00:00Z in nanoseconds since 1970, when spans of this module start.
pub const START: u64 = 1_704_067_200_000_000_000;

/// One millisecond, which spans of this module take.
pub const DURATION: u64 = 1_000_000;

/// The trace id of this number; ids are ordered as their numbers.
#[must_use]
#[expect(clippy::expect_used, reason = "the first byte is not zero")]
pub fn trace_id(number: u64) -> TraceId {
    let bytes = (1_u128 << 120 | u128::from(number)).to_be_bytes();
    TraceId::new(bytes).expect("not zero")
}

/// The span id of this number.
#[must_use]
pub fn span_id(number: u64) -> SpanId {
    SpanId::new(number.to_be_bytes())
}

/// A resource that says only which service it is.
#[must_use]
pub fn resource(service: &str) -> Arc<otlp::Resource> {
    let attributes = Attributes::from([("service.name", service)]);
    Arc::new(otlp::Resource { attributes, ..otlp::Resource::default() })
}

/// A span that says only where it belongs and when it was.
#[must_use]
pub fn otlp_span(trace: u64, span: u64, service: &str) -> otlp::Span {
    otlp::Span {
        start_time_unix_nano: START,
        end_time_unix_nano: START + DURATION,
        ..otlp::Span::new(resource(service), trace_id(trace), span_id(span), "operation")
    }
}

/// The same in Jaeger's first model.
#[must_use]
pub fn v1_span(trace: u64, span: u64, service: &str) -> v1::Span {
    v1::Span {
        trace_id: trace_id(trace),
        span_id: span_id(span),
        operation_name: "operation".to_owned(),
        references: Vec::new(),
        flags: 0,
        start_time: UnixNanos(START.into()),
        duration_nanos: DURATION.cast_signed(),
        tags: Attributes::default(),
        logs: Vec::new(),
        process: Some(Arc::new(v1::Process { service_name: service.to_owned(), ..v1::Process::default() })),
        process_id: String::new(),
        warnings: Vec::new(),
    }
}

/// A span with something in every field and a value of every type.
#[must_use]
pub fn full_otlp_span(trace: u64, span: u64, service: &str) -> otlp::Span {
    otlp::Span {
        resource: Arc::new(full_resource(service)),
        scope: Arc::new(otlp::Scope {
            name: "library".to_owned(),
            version: "1.2.3".to_owned(),
            attributes: Attributes::from([("scope.key", "scope value")]),
            dropped_attributes_count: 2,
            schema_url: "https://example.com/spans/1.0".to_owned(),
        }),
        parent_span_id: Some(span_id(span + 1)),
        trace_state: "vendor=state".to_owned(),
        flags: 0x301,
        name: "GET /cart".to_owned(),
        kind: SpanKind::Client,
        attributes: every_type(),
        dropped_attributes_count: 3,
        events: vec![
            otlp::Event {
                time_unix_nano: START + 7,
                name: "retry".to_owned(),
                attributes: Attributes::from([("event.key", 5_i64)]),
                dropped_attributes_count: 4,
            },
            otlp::Event::default(),
        ],
        dropped_events_count: 5,
        links: vec![full_link(trace + 1), otlp::Link { trace_id: None, ..full_link(trace) }],
        dropped_links_count: 7,
        status: otlp::Status { message: "went wrong".to_owned(), code: StatusCode::Error },
        ..otlp_span(trace, span, service)
    }
}

/// A span of Jaeger's first model with something in every field and a value of every type it has.
#[must_use]
pub fn full_v1_span(trace: u64, span: u64, service: &str) -> v1::Span {
    let reference = |trace_id, number, ref_type| v1::SpanRef { trace_id, span_id: span_id(number), ref_type };
    let mut tags = every_v1_type();
    tags.0.push(Attribute::new("repeated", "first"));
    tags.0.push(Attribute::new("repeated", "second"));
    v1::Span {
        references: vec![
            reference(Some(trace_id(trace)), span + 1, v1::SpanRefType::FollowsFrom),
            reference(Some(trace_id(trace)), span + 2, v1::SpanRefType::ChildOf),
            reference(None, 0, v1::SpanRefType::Unrecognized(9)),
        ],
        flags: 0x8000_0003,
        tags,
        logs: vec![
            v1::Log {
                timestamp: UnixNanos(i128::from(START) + 7),
                fields: Attributes::from([("event", "retry"), ("event", "again")]),
            },
            v1::Log::default(),
        ],
        process: Some(Arc::new(v1::Process { service_name: service.to_owned(), tags: every_v1_type() })),
        process_id: "p1".to_owned(),
        warnings: vec!["clock skew".to_owned(), String::new()],
        ..v1_span(trace, span, service)
    }
}

fn full_resource(service: &str) -> otlp::Resource {
    let attributes = Attributes::from([("service.name", service), ("host.name", "node-1")]);
    otlp::Resource {
        attributes,
        dropped_attributes_count: 1,
        entity_refs: vec![otlp::EntityRef {
            schema_url: "https://example.com/entities/1.0".to_owned(),
            r#type: "host".to_owned(),
            id_keys: vec!["host.name".to_owned()],
            description_keys: vec!["service.name".to_owned(), String::new()],
        }],
        schema_url: "https://example.com/resources/1.0".to_owned(),
    }
}

fn full_link(trace: u64) -> otlp::Link {
    otlp::Link {
        trace_id: Some(trace_id(trace)),
        span_id: span_id(9),
        trace_state: "other=state".to_owned(),
        attributes: Attributes::from([("link.key", true)]),
        dropped_attributes_count: 6,
        flags: 0x100,
    }
}

fn every_v1_type() -> Attributes {
    let values: [(&str, AttributeValue); 6] = [
        ("text", "value".into()),
        ("bool", true.into()),
        ("int", i64::MIN.into()),
        ("float", 72.5.into()),
        ("bytes", AttributeValue::Bytes(vec![0, 0xff])),
        ("", "".into()),
    ];
    Attributes::from(values)
}

fn every_type() -> Attributes {
    let mut attributes = every_v1_type();
    let list =
        AttributeValue::Array(vec![AttributeValue::Empty, 1_i64.into(), AttributeValue::Array(Vec::new())]);
    attributes.0.push(Attribute::new("list", list));
    attributes.0.push(Attribute::new("map", AttributeValue::Map(every_v1_type())));
    attributes.0.push(Attribute::new("empty", AttributeValue::Empty));
    attributes
}
