//! The same for `jaeger.storage.v1`.

use std::vec;

use jaeger_dynamodb_core::translate::ToV1;
use jaeger_dynamodb_core::{Span, TraceChunk};
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::jaeger::storage::v1::SpansResponseChunk;
use prost::Message;

use super::{FRAME, cut};

/// Spans of a message at most, as many as Jaeger's own server sends.
const MOST_SPANS: usize = 1000;

/// The messages of a chunk's spans in Jaeger's first model, each of at most `limit` bytes. A span that does not fit
/// even alone comes with its longest values cut, and says so.
pub(crate) fn messages(chunk: TraceChunk, limit: usize) -> Messages {
    Messages { spans: chunk.into_spans().into_iter(), to_v1: ToV1::default(), limit, carried: None }
}

/// Iterator of [`messages`].
#[derive(Debug)]
pub(crate) struct Messages {
    spans: vec::IntoIter<Span>,
    to_v1: ToV1,
    limit: usize,
    /// The first span of the next message.
    carried: Option<Measured>,
}

/// A span and the bytes that it needs within a message.
#[derive(Debug)]
struct Measured {
    span: api_v2::Span,
    size: usize,
}

impl Iterator for Messages {
    type Item = SpansResponseChunk;

    fn next(&mut self) -> Option<SpansResponseChunk> {
        let first = self.next_span()?;
        let mut size = first.size;
        let mut spans = vec![first.span];
        while spans.len() < MOST_SPANS
            && let Some(next) = self.next_span()
        {
            size += next.size;
            if size > self.limit {
                self.carried = Some(next);
                break;
            }
            spans.push(next.span);
        }
        Some(SpansResponseChunk { spans })
    }
}

impl Messages {
    fn next_span(&mut self) -> Option<Measured> {
        if let Some(carried) = self.carried.take() {
            return Some(carried);
        }
        let mut span = api_v2::Span::from(self.to_v1.span(self.spans.next()?));
        // Jaeger's query service takes the process of every span for granted: its adjusters of clock skew, IP tags and
        // OTel tags read `span.Process.Tags`, which crashes the request where there is none.
        span.process.get_or_insert_default();
        cut::cut_span(&mut span, self.limit.saturating_sub(FRAME), false);
        Some(Measured { size: span.encoded_len() + FRAME, span })
    }
}

#[cfg(test)]
mod tests;
