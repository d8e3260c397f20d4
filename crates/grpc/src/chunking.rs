//! Traces in messages below the size that Jaeger's client takes: never mixed, never empty, the messages of one trace
//! next to each other.

mod cut;
mod group;
mod parts;
pub(crate) mod v1;

use std::vec;

use jaeger_dynamodb_core::translate::ToOtlp;
use jaeger_dynamodb_core::{Span, TraceChunk};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1 as trace;
use prost::Message;

use group::Group;

pub(crate) use cut::cut;

/// More than the tag and the length that a message has inside another one.
const FRAME: usize = 8;

/// The messages of a chunk's spans as OTLP, each of at most `limit` bytes. A span that does not fit even alone comes
/// with its longest values cut, and says so.
pub(crate) fn messages(chunk: TraceChunk, limit: usize) -> Messages {
    let spans = chunk.into_spans().into_iter();
    Messages { spans, to_otlp: ToOtlp::default(), limit, last_group: None, carried: None }
}

/// Iterator of [`messages`]. Sizes are summed up as upper bounds, so that no span is measured twice.
#[derive(Debug)]
pub(crate) struct Messages {
    spans: vec::IntoIter<Span>,
    to_otlp: ToOtlp,
    limit: usize,
    last_group: Option<Group>,
    /// The first span of the next message.
    carried: Option<Piece>,
}

/// A span and what it needs around it.
#[derive(Debug)]
struct Piece {
    span: trace::Span,
    size: usize,
    /// The group to begin if the span opens a message; within one only what differs from the span before is begun.
    group: Group,
    new_resource: bool,
    new_scope: bool,
}

impl Iterator for Messages {
    type Item = trace::TracesData;

    fn next(&mut self) -> Option<Self::Item> {
        let mut message = trace::TracesData::default();
        let mut size = 0;
        loop {
            let piece = match self.next_piece() {
                None if message.resource_spans.is_empty() => return None,
                None => return Some(message),
                Some(piece) => piece,
            };
            let opens = message.resource_spans.is_empty();
            let needed = piece.size_within(opens);
            if !opens && size + needed > self.limit {
                self.carried = Some(piece);
                return Some(message);
            }
            size += needed;
            piece.append_to(&mut message, opens);
        }
    }
}

impl Messages {
    fn next_piece(&mut self) -> Option<Piece> {
        if let Some(piece) = self.carried.take() {
            return Some(piece);
        }
        let span = self.to_otlp.span(self.spans.next()?);
        let (new_resource, new_scope) =
            self.last_group.as_ref().map_or((true, true), |group| group.differs_from(&span));
        let group = match self.last_group.take() {
            Some(group) if !new_scope => group,
            _ => Group::of(&span, self.limit),
        };
        self.last_group = Some(group.clone());
        let mut message = trace::Span::from(span);
        cut::cut_span(&mut message, self.limit.saturating_sub(group.size() + FRAME), group.was_cut());
        Some(Piece { size: message.encoded_len() + FRAME, span: message, group, new_resource, new_scope })
    }
}

// === impl Piece ===

impl Piece {
    fn size_within(&self, opens: bool) -> usize {
        let resource = if opens || self.new_resource { self.group.resource_size() } else { 0 };
        let scope = if opens || self.new_scope { self.group.scope_size() } else { 0 };
        self.size + resource + scope
    }

    fn append_to(self, message: &mut trace::TracesData, opens: bool) {
        if opens || self.new_resource {
            message.resource_spans.push(self.group.resource_spans());
        }
        let Some(resource_spans) = message.resource_spans.last_mut() else { return };
        if opens || self.new_scope {
            resource_spans.scope_spans.push(self.group.scope_spans());
        }
        if let Some(scope_spans) = resource_spans.scope_spans.last_mut() {
            scope_spans.spans.push(self.span);
        }
    }
}

#[cfg(test)]
mod tests;
