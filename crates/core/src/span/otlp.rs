//! A span as the OpenTelemetry protocol carries it
//! ([trace.proto](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto)).

use std::sync::Arc;

use crate::{Attributes, SpanId, SpanKind, StatusCode, TraceId};

/// What produced spans: a process, its host, its cluster. Shared by the spans of one export.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Resource {
    /// Describes the producer, `service.name` among others.
    pub attributes: Attributes,
    /// How many attributes were dropped before they reached the store.
    pub dropped_attributes_count: u32,
    /// Entities that the resource's attributes describe.
    pub entity_refs: Vec<EntityRef>,
    /// Schema of the resource's attributes.
    pub schema_url: String,
}

/// Names an entity by keys of the resource's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EntityRef {
    /// Schema of the entity.
    pub schema_url: String,
    /// Type of the entity, such as `service` or `host`.
    pub r#type: String,
    /// Attribute keys that identify the entity.
    pub id_keys: Vec<String>,
    /// Attribute keys that describe the entity.
    pub description_keys: Vec<String>,
}

/// The instrumentation that recorded spans.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scope {
    /// Name of the instrumentation library.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Describes the instrumentation further.
    pub attributes: Attributes,
    /// How many attributes were dropped before they reached the store.
    pub dropped_attributes_count: u32,
    /// Schema of the spans below the scope.
    pub schema_url: String,
}

/// One operation within a trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// What produced it.
    pub resource: Arc<Resource>,
    /// What recorded it.
    pub scope: Arc<Scope>,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span that caused it; zero on the wire is none.
    pub parent_span_id: Option<SpanId>,
    /// W3C trace state.
    pub trace_state: String,
    /// W3C trace flags in the lowest 8 bits, and OTLP's own bits above.
    pub flags: u32,
    /// The operation's name.
    pub name: String,
    /// Its role in a call.
    pub kind: SpanKind,
    /// Start in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// End in nanoseconds since 1970.
    pub end_time_unix_nano: u64,
    /// Describes the operation.
    pub attributes: Attributes,
    /// How many attributes were dropped before they reached the store.
    pub dropped_attributes_count: u32,
    /// What happened during the operation.
    pub events: Vec<Event>,
    /// How many events were dropped before they reached the store.
    pub dropped_events_count: u32,
    /// Spans of any trace that it relates to.
    pub links: Vec<Link>,
    /// How many links were dropped before they reached the store.
    pub dropped_links_count: u32,
    /// How it went.
    pub status: Status,
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Event {
    /// When, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// What.
    pub name: String,
    /// Describes it.
    pub attributes: Attributes,
    /// How many attributes were dropped before they reached the store.
    pub dropped_attributes_count: u32,
}

/// A pointer to another span.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// Trace of the other span. Zero on the wire is none.
    pub trace_id: Option<TraceId>,
    /// The other span.
    pub span_id: SpanId,
    /// W3C trace state of the other span.
    pub trace_state: String,
    /// Describes the relation.
    pub attributes: Attributes,
    /// How many attributes were dropped before they reached the store.
    pub dropped_attributes_count: u32,
    /// W3C trace flags of the other span.
    pub flags: u32,
}

/// How an operation went.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Status {
    /// Text for people, meant for errors.
    pub message: String,
    /// The outcome.
    pub code: StatusCode,
}

// === impl Resource ===

impl Resource {
    /// A resource of which only the service's name is known.
    #[must_use]
    pub fn of_service(name: &str) -> Self {
        Self { attributes: Attributes::from([("service.name", name)]), ..Self::default() }
    }

    /// The attribute `service.name` if it is text, else empty, as Jaeger reads it.
    #[must_use]
    pub fn service_name(&self) -> &str {
        self.attributes.get("service.name").and_then(|value| value.as_str()).unwrap_or_default()
    }
}

// === impl Span ===

impl Span {
    /// A span that says only what it is; the other fields are empty until they are set.
    pub fn new(resource: Arc<Resource>, trace_id: TraceId, span_id: SpanId, name: impl Into<String>) -> Self {
        Self {
            resource,
            scope: Arc::default(),
            trace_id,
            span_id,
            parent_span_id: None,
            trace_state: String::new(),
            flags: 0,
            name: name.into(),
            kind: SpanKind::default(),
            start_time_unix_nano: 0,
            end_time_unix_nano: 0,
            attributes: Attributes::default(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::default(),
        }
    }
}
