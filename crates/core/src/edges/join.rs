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
    let groups = || spans.chunk_by(|one, other| one.id == other.id);
    let mut ids: Vec<_> = groups().filter_map(|group| OfId::new(group, names)).collect();
    let mut unmatched = Vec::new();
    for (position, group) in groups().enumerate() {
        let client = ids.get(position).and_then(|of| of.client);
        for span in group {
            visit_references(span, client, &mut ids, &mut unmatched, &mut visit);
        }
    }
    for (of, group) in ids.iter().zip(groups()) {
        let is_leaf = !of.is_named && !of.has_server;
        for span in group.iter().filter(|span| is_leaf && span.peer != NameId::NONE) {
            let edge = Edge { child: span.peer, ..edge(EdgeSource::Virtual, span.service, span) };
            visit_if_named(&mut visit, Call { edge, is_error: span.is_error, latency: span.latency });
        }
    }
    unmatched
}

/// What there is to know of the spans with one id. It is found once for all of them, since a hostile trace may have any
/// number of spans with one id.
struct OfId<'a> {
    id: SpanId,
    /// The span that children with this parent hang on.
    stands: &'a EdgeSpan,
    /// The client's half, if it is one of a call.
    client: Option<&'a EdgeSpan>,
    has_server: bool,
    /// Another span of the trace names the id.
    is_named: bool,
}

impl<'a> OfId<'a> {
    fn new(spans: &'a [EdgeSpan], names: &Names) -> Option<Self> {
        // Whatever else tells spans apart makes no difference to an edge.
        let order = |span: &&EdgeSpan| (span.side, span.start, names.name(span.service));
        let stands = spans.iter().min_by_key(order)?;
        Some(Self {
            id: stands.id,
            stands,
            client: spans.iter().filter(|span| span.side == Side::Calling).min_by_key(order),
            has_server: stands.side == Side::Called,
            is_named: false,
        })
    }
}

/// Visits the calls of a span by all that it names, given the client's half among the spans with its id.
fn visit_references(
    span: &EdgeSpan,
    client: Option<&EdgeSpan>,
    ids: &mut [OfId<'_>],
    unmatched: &mut Vec<UnmatchedChild>,
    visit: &mut impl FnMut(Call),
) {
    let client = client.filter(|_| span.side == Side::Called);
    if let Some(client) = client {
        visit_call(visit, EdgeSource::Calls, client.service, span);
    }
    for reference in span.references() {
        if client.is_some() && reference.is_parent {
            continue;
        }
        let source = if reference.is_parent { EdgeSource::Calls } else { EdgeSource::Links };
        let named = ids.binary_search_by_key(&reference.id, |of| of.id);
        if let Some(named) = named.ok().and_then(|position| ids.get_mut(position)) {
            named.is_named = true;
            visit_call(visit, source, named.stands.service, span);
        } else if reference.is_parent {
            let child = UnmatchedChild { id: span.id, content: span.content };
            if unmatched.last() != Some(&child) {
                unmatched.push(child);
            }
        }
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
