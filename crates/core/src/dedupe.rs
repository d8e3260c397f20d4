//! Exact duplicates, which a retried batch leaves behind.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::Span;

/// Lets each distinct span through once. Two spans are the same if all of their content is, resource and scope
/// included; spans that merely share an id are different.
///
/// It remembers 16 bytes a span, of two hashes with random keys, so a trace can be read as a stream.
#[derive(Debug, Default)]
pub struct SpanDeduplicator {
    seen: HashSet<(u64, u64)>,
    keys: (RandomState, RandomState),
}

impl SpanDeduplicator {
    /// Whether the span was not seen before.
    pub fn is_new(&mut self, span: &Span) -> bool {
        self.seen.insert((self.keys.0.hash_one(span), self.keys.1.hash_one(span)))
    }
}

#[cfg(test)]
mod tests;
