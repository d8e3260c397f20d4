//! The spans of one trace, held against each other.

use super::reader::Side;
use super::{Edge, EdgeSource, EdgeSpan, NameId, Names};
use crate::SpanId;

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Between whom, and when.
    pub edge: Edge<NameId>,
    /// Whether it failed, as the called service says; for a virtual edge as the caller does.
    pub is_error: bool,
    /// The bucket of how long it took.
    pub latency: u16,
}

/// A span that names a parent which is not among the spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnmatchedChild {
    pub(super) id: SpanId,
    content: u64,
}

/// Calls `visit` with every call that the spans of one trace show, and answers with the children that found no parent.
/// The spans come in any order, with any repetitions, from one [`EdgeSpanReader`](super::EdgeSpanReader); afterwards
/// they are in order and without repetitions.
pub fn join(spans: &mut Vec<EdgeSpan>, names: &Names, mut visit: impl FnMut(Call)) -> Vec<UnmatchedChild> {
    // Of a repeated span the earliest bucket counts, whatever the order.
    spans.sort_unstable_by_key(|span| (span.id, span.content, span.bucket));
    spans.dedup_by_key(|span| (span.id, span.content));
    let trace = Trace { spans, names };
    let mut unmatched = Vec::new();
    let mut is_named = vec![false; spans.len()];
    for span in spans.iter() {
        let half = trace.client_half_of(span);
        if let Some(client) = half {
            visit_call(&mut visit, EdgeSource::Calls, client.service, span);
        }
        for reference in span.references() {
            if half.is_some() && reference.is_parent {
                continue;
            }
            let source = if reference.is_parent { EdgeSource::Calls } else { EdgeSource::Links };
            if let Some(named) = trace.standing_for(reference.id) {
                if let Some(flag) = is_named.get_mut(trace.position(reference.id)) {
                    *flag = true;
                }
                visit_call(&mut visit, source, named.service, span);
            } else if reference.is_parent {
                let child = UnmatchedChild { id: span.id, content: span.content };
                if unmatched.last() != Some(&child) {
                    unmatched.push(child);
                }
            }
        }
    }
    for span in spans.iter() {
        let is_leaf = is_named.get(trace.position(span.id)) == Some(&false) && !trace.has_server_half(span);
        if span.peer != NameId::NONE && is_leaf {
            let edge = Edge { child: span.peer, ..edge(EdgeSource::Virtual, span.service, span) };
            visit_if_named(&mut visit, Call { edge, is_error: span.is_error, latency: span.latency });
        }
    }
    unmatched
}

/// Spans of one trace in the order of their ids.
struct Trace<'a> {
    spans: &'a [EdgeSpan],
    names: &'a Names,
}

impl<'a> Trace<'a> {
    /// Where the spans with the id begin, or would.
    fn position(&self, id: SpanId) -> usize {
        self.spans.partition_point(|span| span.id < id)
    }

    fn with_id(&self, id: SpanId) -> impl Iterator<Item = &'a EdgeSpan> + use<'a> {
        self.spans.iter().skip(self.position(id)).take_while(move |span| span.id == id)
    }

    /// The span that children with this parent hang on.
    fn standing_for(&self, id: SpanId) -> Option<&'a EdgeSpan> {
        self.first(self.with_id(id))
    }

    /// The client's half of a call of which the span is the server's.
    fn client_half_of(&self, span: &EdgeSpan) -> Option<&'a EdgeSpan> {
        let clients = (span.side == Side::Called).then(|| self.with_id(span.id)).into_iter().flatten();
        self.first(clients.filter(|client| client.side == Side::Calling))
    }

    fn has_server_half(&self, span: &EdgeSpan) -> bool {
        self.with_id(span.id).any(|server| server.side == Side::Called)
    }

    /// Which of the spans stands for all: whatever else tells them apart makes no difference to an edge.
    fn first(&self, spans: impl Iterator<Item = &'a EdgeSpan>) -> Option<&'a EdgeSpan> {
        spans.min_by_key(|span| (span.side, span.start, self.names.name(span.service)))
    }
}

fn edge(source: EdgeSource, parent: NameId, child: &EdgeSpan) -> Edge<NameId> {
    Edge { bucket: child.bucket, source, parent, child: child.service }
}

fn visit_call(visit: &mut impl FnMut(Call), source: EdgeSource, parent: NameId, child: &EdgeSpan) {
    let edge = edge(source, parent, child);
    visit_if_named(visit, Call { edge, is_error: child.is_error, latency: child.latency });
}

fn visit_if_named(visit: &mut impl FnMut(Call), call: Call) {
    if call.edge.parent != NameId::NONE && call.edge.child != NameId::NONE {
        visit(call);
    }
}
