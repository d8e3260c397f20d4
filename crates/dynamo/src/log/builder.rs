//! From the spans of a commit to the index of its record.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use jaeger_dynamodb_core::{Span, StatusCode, TraceId, is_listed, matching};

use super::duration_code::DurationCode;
use super::fingerprint::Fingerprint;
use super::names::name;
use super::{Entry, Name, OperationName, RecordIndex, TraceEntry};

/// A record lists at most so many fingerprints, of 3 bytes each: it must fit an item whatever the spans hold.
const MAX_FINGERPRINTS: usize = 80_000;

/// Takes spans sorted by trace and service, pack by pack.
#[derive(Debug, Default)]
pub(crate) struct RecordBuilder {
    index: RecordIndex,
    services: HashMap<Name, usize>,
    operations: HashMap<OperationName, usize>,
    lists: HashMap<Fingerprint, Vec<usize>>,
    shared: HashMap<*const (), Vec<Fingerprint>>,
    /// Shared parts already listed for the present entry.
    listed: Vec<*const ()>,
}

impl RecordBuilder {
    /// Adds a span that stands in the pack of this ordinal.
    pub(crate) fn add(&mut self, span: &Span, pack: usize) {
        let trace = self.trace(span.trace_id(), pack);
        let service = position(&mut self.services, &mut self.index.services, &name(span.service_name()));
        let operation = OperationName { name: name(span.operation_name()), kind: span.kind() };
        let operation = position(&mut self.operations, &mut self.index.operations, &operation);
        let entry = self.entry(trace, service, span);
        if let Some(entry) = self.index.entries.get_mut(entry) {
            entry.widen(span, operation);
        }
        self.list(span, entry);
    }

    /// The finished index.
    pub(crate) fn finish(mut self) -> RecordIndex {
        let mut numbers: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut fingerprints: Vec<_> = self.lists.into_iter().collect();
        fingerprints.sort_unstable_by_key(|(fingerprint, _)| *fingerprint);
        for (fingerprint, entries) in fingerprints {
            let list = position(&mut numbers, &mut self.index.lists, &entries);
            self.index.fingerprints.push((fingerprint, list));
        }
        self.index
    }

    fn trace(&mut self, id: TraceId, pack: usize) -> usize {
        let traces = &mut self.index.traces;
        match traces.last_mut() {
            Some(trace) if trace.id == id => trace.packs.end = pack + 1,
            _ => {
                let entries = self.index.entries.len()..self.index.entries.len();
                traces.push(TraceEntry { id, packs: pack..pack + 1, entries });
            }
        }
        traces.len() - 1
    }

    fn entry(&mut self, trace: usize, service: usize, span: &Span) -> usize {
        let entries = &mut self.index.entries;
        let is_same = entries.last().is_some_and(|entry| entry.trace == trace && entry.service == service);
        if !is_same {
            entries.push(Entry::new(trace, service, span));
            if let Some(trace) = self.index.traces.get_mut(trace) {
                trace.entries.end = entries.len();
            }
            self.listed.clear();
        }
        entries.len() - 1
    }

    fn list(&mut self, span: &Span, entry: usize) {
        let mut fingerprints = Vec::new();
        matching::pairs_of_span(span, |key, text| fingerprints.push(Fingerprint::of(key, text)));
        for part in shared_parts(span) {
            let address = part.address();
            if !self.listed.contains(&address) {
                self.listed.push(address);
                fingerprints
                    .extend_from_slice(self.shared.entry(address).or_insert_with(|| part.fingerprints()));
            }
        }
        for fingerprint in fingerprints {
            let is_full = self.lists.len() >= MAX_FINGERPRINTS;
            match self.lists.get_mut(&fingerprint) {
                Some(list) if list.last() == Some(&entry) => {}
                Some(list) => list.push(entry),
                None if is_full => {
                    if let Some(entry) = self.index.entries.get_mut(entry) {
                        entry.is_unindexed = true;
                    }
                }
                None => {
                    self.lists.insert(fingerprint, vec![entry]);
                }
            }
        }
    }
}

impl Entry {
    fn new(trace: usize, service: usize, span: &Span) -> Self {
        Self {
            trace,
            service,
            start_min: i64::MAX,
            start_max: i64::MIN,
            duration_min: DurationCode::of(span.duration_nanos()),
            duration_max: DurationCode::of(span.duration_nanos()),
            operations: Vec::new(),
            has_error: false,
            is_unindexed: false,
        }
    }

    fn widen(&mut self, span: &Span, operation: usize) {
        let start = span.start().0;
        self.start_min = self.start_min.min(clamp(start.div_euclid(1_000_000)));
        self.start_max = self
            .start_max
            .max(clamp(start.div_euclid(1_000_000) + i128::from(start.rem_euclid(1_000_000) > 0)));
        let duration = DurationCode::of(span.duration_nanos());
        self.duration_min = self.duration_min.min(duration);
        self.duration_max = self.duration_max.max(duration);
        self.has_error |= span.status() == StatusCode::Error;
        if let Err(position) = self.operations.binary_search(&operation) {
            self.operations.insert(position, operation);
        }
    }
}

fn clamp(millis: i128) -> i64 {
    i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX })
}

/// A part of spans that many of them share.
enum SharedPart<'a> {
    Resource(&'a Arc<jaeger_dynamodb_core::otlp::Resource>),
    Scope(&'a Arc<jaeger_dynamodb_core::otlp::Scope>),
    Process(&'a Arc<jaeger_dynamodb_core::v1::Process>),
}

fn shared_parts(span: &Span) -> impl Iterator<Item = SharedPart<'_>> {
    let (first, second) = match span {
        Span::Otlp(span) => {
            (Some(SharedPart::Resource(&span.resource)), Some(SharedPart::Scope(&span.scope)))
        }
        Span::V1(span) => (span.process.as_ref().map(SharedPart::Process), None),
    };
    first.into_iter().chain(second)
}

impl SharedPart<'_> {
    /// Tells parts apart for as long as the spans of the commit live.
    fn address(&self) -> *const () {
        match self {
            Self::Resource(part) => Arc::as_ptr(part).cast(),
            Self::Scope(part) => Arc::as_ptr(part).cast(),
            Self::Process(part) => Arc::as_ptr(part).cast(),
        }
    }

    fn fingerprints(&self) -> Vec<Fingerprint> {
        let mut fingerprints = Vec::new();
        let list = |key: &str, text: &str| fingerprints.push(Fingerprint::of(key, text));
        match self {
            Self::Resource(part) => matching::pairs_of_resource(part, list),
            Self::Scope(part) => matching::pairs_of_scope(part, list),
            Self::Process(part) => matching::pairs_of_process(part, list),
        }
        fingerprints
    }
}

/// The value's position in the table, to which it is added if it is new.
pub(crate) fn position<T: Clone + Eq + Hash>(
    positions: &mut HashMap<T, usize>,
    table: &mut Vec<T>,
    value: &T,
) -> usize {
    if let Some(position) = positions.get(value) {
        return *position;
    }
    table.push(value.clone());
    positions.insert(value.clone(), table.len() - 1);
    table.len() - 1
}

/// Bytes that the span may take in a record, at the most but for shared parts: by it commits are cut.
pub(crate) fn index_bytes(span: &Span) -> usize {
    let mut pairs = 0;
    matching::pairs_of_span(span, |_, _| pairs += 1);
    let names =
        [span.service_name(), span.operation_name()].map(|name| if is_listed(name) { name.len() } else { 0 });
    64 + 2 * Fingerprint::BYTES * pairs + names.iter().sum::<usize>()
}
