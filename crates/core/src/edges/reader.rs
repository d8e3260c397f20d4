//! What edges need of a span, small enough to keep millions of them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{EdgeBucket, LatencyHistogram, NameId, Names, peer_name};
use crate::{AttributeValue, Span, SpanId, SpanKind, StatusCode, otlp, span::tags, v1};

/// Producers whose names and hashes are remembered.
const MOST_PRODUCERS: usize = 4096;

/// A span as edges see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeSpan {
    pub(super) id: SpanId,
    /// Spans that it names, each once, other than itself. The first stands apart since most have no other.
    first: Option<Reference>,
    others: Option<Box<[Reference]>>,
    /// Hash of everything that the span holds.
    pub(super) content: u64,
    pub(super) start: u64,
    pub(super) bucket: EdgeBucket,
    pub(super) service: NameId,
    /// What it calls, if that sends no span.
    pub(super) peer: NameId,
    pub(super) latency: u16,
    pub(super) side: Side,
    pub(super) is_error: bool,
}

/// Another span of the trace that a span names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) id: SpanId,
    pub(super) is_parent: bool,
}

/// The part that a span has in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// Server or consumer.
    Called,
    Neither,
    /// Client or producer.
    Calling,
}

/// Makes [`EdgeSpan`]s. Those of one reader can be joined with each other.
#[derive(Debug, Default)]
pub struct EdgeSpanReader {
    names: Names,
    keys: RandomState,
    /// By address, which the part itself keeps taken.
    producers: HashMap<usize, Known>,
}

#[derive(Debug)]
struct Known {
    _kept: Part,
    service: NameId,
    hash: u64,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they are kept so that their addresses are")]
enum Part {
    Resource(Arc<otlp::Resource>),
    Scope(Arc<otlp::Scope>),
    Process(Arc<v1::Process>),
}

// === impl EdgeSpan ===

impl EdgeSpan {
    /// The same, counted in the nearest of these buckets.
    #[must_use]
    pub fn counted_within(self, buckets: &RangeInclusive<EdgeBucket>) -> Self {
        Self { bucket: self.bucket.clamp(*buckets.start(), *buckets.end()), ..self }
    }

    /// Bytes in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        // What allocating takes is estimated.
        size_of::<Self>() + self.others.as_ref().map_or(0, |others| 32 + size_of_val(&**others))
    }

    pub(super) fn references(&self) -> impl Iterator<Item = Reference> + '_ {
        self.first.iter().chain(self.others.iter().flatten()).copied()
    }
}

// === impl EdgeSpanReader ===

impl EdgeSpanReader {
    /// What edges need of the span, counted when it starts.
    pub fn read(&mut self, span: &Span) -> EdgeSpan {
        let mut hasher = self.keys.build_hasher();
        let (service, mut references) = match span {
            Span::Otlp(span) => (self.read_otlp(span, &mut hasher), references_of_otlp(span)),
            Span::V1(span) => (self.read_v1(span, &mut hasher), references_of_v1(span)),
        };
        references.retain(|reference| reference.id != span.span_id() && !reference.id.is_zero());
        let mut references = references.into_iter();
        let (first, others) = (references.next(), references.collect::<Box<[_]>>());
        let side = match span.kind() {
            SpanKind::Server | SpanKind::Consumer => Side::Called,
            SpanKind::Client | SpanKind::Producer => Side::Calling,
            SpanKind::Internal | SpanKind::Unspecified | SpanKind::Unrecognized(_) => Side::Neither,
        };
        EdgeSpan {
            id: span.span_id(),
            first,
            others: (!others.is_empty()).then_some(others),
            content: hasher.finish(),
            // As the other form can say it too.
            start: u64::try_from(span.start().0.max(0)).unwrap_or(u64::MAX),
            bucket: EdgeBucket::of(span.start()),
            service,
            peer: peer_name(span).map_or(NameId::NONE, |name| self.names.id(&name)),
            latency: LatencyHistogram::bucket(span.duration_nanos()),
            side,
            is_error: span.status() == StatusCode::Error,
        }
    }

    /// The names that spans stand for.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Lets go of the parts of spans that were read, which it keeps since others may share them.
    pub fn forget_parts(&mut self) {
        self.producers.clear();
    }

    /// Gives the names away.
    #[must_use]
    pub fn into_names(self) -> Names {
        self.names
    }

    fn read_otlp(&mut self, span: &otlp::Span, hasher: &mut impl Hasher) -> NameId {
        // Without `..`, so that no new field is forgotten.
        let otlp::Span {
            resource,
            scope,
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            flags,
            name,
            kind,
            start_time_unix_nano,
            end_time_unix_nano,
            attributes,
            dropped_attributes_count,
            events,
            dropped_events_count,
            links,
            dropped_links_count,
            status,
        } = span;
        let (service, resource_hash) = self.known(resource, Part::Resource, otlp::Resource::service_name);
        let (_, scope_hash) = self.known(scope, Part::Scope, |_| "");
        (resource_hash, scope_hash, trace_id, span_id, parent_span_id).hash(hasher);
        (trace_state, flags, name, kind, start_time_unix_nano, end_time_unix_nano, status).hash(hasher);
        (attributes, dropped_attributes_count, events, dropped_events_count).hash(hasher);
        (links, dropped_links_count).hash(hasher);
        service
    }

    fn read_v1(&mut self, span: &v1::Span, hasher: &mut impl Hasher) -> NameId {
        let v1::Span {
            trace_id,
            span_id,
            operation_name,
            references,
            flags,
            start_time,
            duration_nanos,
            tags,
            logs,
            process,
            process_id,
            warnings,
        } = span;
        let of_process = process.as_ref().map(|process| {
            self.known(process, Part::Process, |process| {
                if process.has_service_name() { &process.service_name } else { "" }
            })
        });
        ("v1", of_process.map(|(_, hash)| hash), trace_id, span_id, operation_name, references).hash(hasher);
        (flags, start_time, duration_nanos, tags, logs, process_id, warnings).hash(hasher);
        of_process.map_or(NameId::NONE, |(service, _)| service)
    }

    /// The service and the hash of a part that spans share.
    fn known<T: Hash>(
        &mut self,
        part: &Arc<T>,
        kept: impl FnOnce(Arc<T>) -> Part,
        service: impl FnOnce(&T) -> &str,
    ) -> (NameId, u64) {
        let address = Arc::as_ptr(part).addr();
        if let Some(known) = self.producers.get(&address) {
            return (known.service, known.hash);
        }
        if self.producers.len() >= MOST_PRODUCERS {
            self.producers.clear();
        }
        let (service, hash) = (self.names.id(service(part)), self.keys.hash_one(part));
        self.producers.insert(address, Known { _kept: kept(Arc::clone(part)), service, hash });
        (service, hash)
    }
}

/// A reference to each span; one is a link if any way of naming it is.
fn each_once(named: impl Iterator<Item = Reference>) -> Vec<Reference> {
    let mut references: Vec<Reference> = named.collect();
    // Links come first, and a hostile span may name any number of others.
    references.sort_unstable_by_key(|reference| (reference.id, reference.is_parent));
    references.dedup_by_key(|reference| reference.id);
    references
}

fn references_of_v1(span: &v1::Span) -> Vec<Reference> {
    let own = span.references.iter().filter(|reference| reference.trace_id == Some(span.trace_id));
    each_once(own.map(|reference| Reference {
        id: reference.span_id,
        is_parent: reference.ref_type == v1::SpanRefType::ChildOf,
    }))
}

/// Links may say what references of Jaeger's first model they are translated from.
fn references_of_otlp(span: &otlp::Span) -> Vec<Reference> {
    let parent = span.parent_span_id.map(|id| Reference { id, is_parent: true });
    let own = span.links.iter().filter(|link| link.trace_id == Some(span.trace_id));
    let links = own.map(|link| {
        let is_to_parent = Some(link.span_id) == span.parent_span_id;
        let says = |ref_type: v1::SpanRefType| {
            link.attributes.get(tags::REF_TYPE).and_then(AttributeValue::as_str) == Some(ref_type.as_str())
        };
        let is_parent =
            if is_to_parent { !says(v1::SpanRefType::FollowsFrom) } else { says(v1::SpanRefType::ChildOf) };
        Reference { id: link.span_id, is_parent }
    });
    each_once(parent.into_iter().chain(links))
}
