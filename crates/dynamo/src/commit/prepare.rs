//! From spans to the bytes of a commit.

use std::collections::HashMap;

use jaeger_dynamodb_core::Span;

use crate::log::{RecordBuilder, RecordIndex, index_bytes};
use crate::pack;

/// Uncompressed bytes of a pack. Compressed to about a sixth, packs come near the 32 KB at which neither rounding of
/// writes nor reading one trace costs much (`docs/performance.md`).
const PACK_BYTES: usize = 192 * 1024;

/// A commit takes at most so many uncompressed bytes: a few packs.
const COMMIT_BYTES: usize = 1024 * 1024;

/// A commit's record takes at most so many bytes, so that it fits an item.
const COMMIT_INDEX_BYTES: usize = 192 * 1024;

/// What a set of spans takes of a commit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    pub(super) bytes: usize,
    index_bytes: usize,
}

/// What a commit writes.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) packs: Vec<Vec<u8>>,
    pub(crate) index: RecordIndex,
    pub(super) span_count: usize,
}

/// Which spans may share a commit: those of one native form, because a pack holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Otlp,
    V1,
}

impl Load {
    pub(super) fn of(span: &Span) -> Self {
        Self { bytes: pack::estimated_bytes(span), index_bytes: index_bytes(span) }
    }

    #[cfg(test)]
    pub(super) fn of_bytes(bytes: usize) -> Self {
        Self { bytes, index_bytes: 0 }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, index_bytes: self.index_bytes + other.index_bytes }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { bytes: self.bytes - other.bytes, index_bytes: self.index_bytes - other.index_bytes }
    }

    pub(super) fn fits_a_commit(self) -> bool {
        self.bytes <= COMMIT_BYTES && self.index_bytes <= COMMIT_INDEX_BYTES
    }
}

impl Form {
    pub(super) fn of(span: &Span) -> Self {
        match span {
            Span::Otlp(_) => Self::Otlp,
            Span::V1(_) => Self::V1,
        }
    }
}

/// Cuts spans, in order, into runs that each fit a commit; a span that is too large for one makes a run of its own.
pub(crate) fn cut(spans: Vec<Span>) -> Vec<(Vec<Span>, Form, Load)> {
    let mut runs: Vec<(Vec<Span>, Form, Load)> = Vec::new();
    for span in spans {
        let (form, load) = (Form::of(&span), Load::of(&span));
        match runs.last_mut() {
            Some((run, run_form, sum)) if *run_form == form && sum.plus(load).fits_a_commit() => {
                *sum = sum.plus(load);
                run.push(span);
            }
            _ => runs.push((vec![span], form, load)),
        }
    }
    runs
}

/// Packs the spans, which have one form, and indexes them.
pub(crate) fn prepare(mut spans: Vec<Span>) -> Prepared {
    let span_count = spans.len();
    pack::share_equal_parts(&mut spans);
    sort_by_trace_and_service(&mut spans);
    let mut builder = RecordBuilder::default();
    let mut packs = Vec::new();
    let mut present = Vec::new();
    let mut bytes = 0;
    for span in spans {
        let span_bytes = pack::estimated_bytes(&span);
        if bytes > 0 && bytes + span_bytes > PACK_BYTES {
            packs.push(pack::encode(std::mem::take(&mut present)));
            bytes = 0;
        }
        bytes += span_bytes;
        builder.add(&span, packs.len());
        present.push(span);
    }
    if !present.is_empty() {
        packs.push(pack::encode(present));
    }
    Prepared { packs, index: builder.finish(), span_count }
}

/// Looking a service up in a resource is dear, so services are numbered first, by the shared part that names them.
fn sort_by_trace_and_service(spans: &mut [Span]) {
    let mut numbers: HashMap<*const (), usize> = HashMap::new();
    let mut services: HashMap<String, usize> = HashMap::new();
    for span in spans.iter() {
        if let Some(part) = naming_part(span) {
            numbers.entry(part).or_insert_with(|| {
                let next = services.len();
                *services.entry(span.service_name().to_owned()).or_insert(next)
            });
        }
    }
    spans.sort_by_key(|span| {
        (span.trace_id(), naming_part(span).and_then(|part| numbers.get(&part).copied()))
    });
}

fn naming_part(span: &Span) -> Option<*const ()> {
    match span {
        Span::Otlp(span) => Some(std::sync::Arc::as_ptr(&span.resource).cast()),
        Span::V1(span) => span.process.as_ref().map(|process| std::sync::Arc::as_ptr(process).cast()),
    }
}
