//! From spans to items and back.

use jaeger_dynamodb_core::{Span, Tenant};
use serde_dynamo::{AttributeValue, Item};

use crate::bytes::DecodeError;
use crate::item::{lasting_item, number, sort_key};
use crate::keys::{self, ArchivedSort, Digest, Key, attribute};
use crate::pack;
use crate::size::MAX_CONTENT_BYTES;

/// The items of a span, one nearly always, without expiry.
pub(crate) fn items(tenant: &Tenant, digest: Digest, span: Span) -> Vec<Item> {
    let partition = keys::archived_trace(tenant, span.trace_id());
    let item = |sort: ArchivedSort, content: &[u8]| {
        let key = Key { partition: partition.clone(), sort: sort.to_bytes() };
        lasting_item(key, [(attribute::PACK, content.to_vec())])
    };
    let content = pack::encode(vec![span]);
    if content.len() <= MAX_CONTENT_BYTES {
        return vec![item(ArchivedSort::Whole(digest), &content)];
    }
    let parts = Digest::of_parts(&content);
    let count = content.len().div_ceil(MAX_CONTENT_BYTES);
    let part = |(number, content): (u16, &[u8])| {
        let mut item = item(ArchivedSort::Part { span: digest, parts, number }, content);
        item.inner_mut().insert(attribute::PARTS.to_owned(), AttributeValue::N(count.to_string()));
        item
    };
    (0..).zip(content.chunks(MAX_CONTENT_BYTES)).map(part).collect()
}

/// Puts the packs of a trace's spans together, from its items in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    begun: Option<Begun>,
}

/// A span of which the first parts have come.
#[derive(Debug)]
struct Begun {
    span: Digest,
    parts: Digest,
    count: u64,
    next: u16,
    content: Vec<u8>,
}

// === impl Assembly ===

impl Assembly {
    /// The pack that the item completes, if it does.
    pub(crate) fn add(&mut self, mut item: Item) -> Result<Option<Vec<u8>>, DecodeError> {
        let content = match item.inner_mut().remove(attribute::PACK) {
            Some(AttributeValue::B(content)) => content,
            _ => return Err(DecodeError::Invalid("an archived span has no content")),
        };
        match ArchivedSort::from_bytes(sort_key(&item)?)? {
            ArchivedSort::Whole(_) => {
                self.end();
                Ok(Some(content))
            }
            ArchivedSort::Part { span, parts, number: part } => {
                let begun = self.begun.take_if(|begun| begun.is_continued_by(span, parts, part));
                let begun = match begun {
                    Some(begun) => begun,
                    None if part == 0 => {
                        self.end();
                        let count = number(&item, attribute::PARTS)?;
                        Begun { span, parts, count, next: 0, content: Vec::new() }
                    }
                    None => {
                        self.end();
                        note_incomplete(span);
                        return Ok(None);
                    }
                };
                Ok(self.append(begun, &content))
            }
        }
    }

    /// Gives up a span whose other parts have not come.
    pub(crate) fn end(&mut self) {
        if let Some(begun) = self.begun.take() {
            note_incomplete(begun.span);
        }
    }

    fn append(&mut self, mut begun: Begun, content: &[u8]) -> Option<Vec<u8>> {
        begun.content.extend_from_slice(content);
        begun.next = begun.next.saturating_add(1);
        if u64::from(begun.next) >= begun.count {
            return Some(begun.content);
        }
        self.begun = Some(begun);
        None
    }
}

// === impl Begun ===

impl Begun {
    fn is_continued_by(&self, span: Digest, parts: Digest, number: u16) -> bool {
        (self.span, self.parts, self.next) == (span, parts, number)
    }
}

/// No damage: a write that did not end leaves such parts behind, and was not acknowledged.
fn note_incomplete(span: Digest) {
    tracing::info!(span = ?span, "an archived span is left out because not all of its parts are there");
}

#[cfg(test)]
mod tests;
