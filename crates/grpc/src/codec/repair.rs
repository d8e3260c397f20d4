//! Replaces what is not UTF-8 in the texts of an encoded message
//! ([wire format](https://protobuf.dev/programming-guides/encoding/)).

use std::borrow::Cow;

use super::schema::{Field, Schema};
use super::wire::{DEEPEST, before, is_field, payload, varint};

/// The message with U+FFFD for what is not UTF-8 in its texts, or `None` if it has no such text or is no message.
pub(crate) fn with_valid_texts(message: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    match repaired(message, schema, DEEPEST)? {
        Cow::Owned(repaired) => Some(repaired),
        Cow::Borrowed(_) => None,
    }
}

/// Borrowed if there was nothing to repair, `None` if the bytes are no message.
fn repaired<'a>(message: &'a [u8], schema: &Schema, depth: usize) -> Option<Cow<'a, [u8]>> {
    let depth = depth.checked_sub(1)?;
    let mut out: Option<Vec<u8>> = None;
    let mut rest = message;
    while !rest.is_empty() {
        let field = rest;
        let key = varint(&mut rest)?;
        let payload = payload(key, &mut rest)?;
        let replacement = match schema.fields.iter().find(|(number, _)| is_field(key, *number)) {
            Some((_, Field::Text | Field::Texts)) => text(payload),
            Some((_, Field::Message(schema))) => repaired(payload, schema, depth)?,
            None => Cow::Borrowed(payload),
        };
        if let Cow::Owned(replacement) = replacement {
            // Everything before this field is as it was, unless an earlier one was replaced too.
            let out = out.get_or_insert_with(|| before(message, field).to_vec());
            write_varint(key, out);
            write_varint(u64::try_from(replacement.len()).ok()?, out);
            out.extend_from_slice(&replacement);
        } else if let Some(out) = &mut out {
            out.extend_from_slice(before(field, rest));
        }
    }
    Some(out.map_or(Cow::Borrowed(message), Cow::Owned))
}

fn text(payload: &[u8]) -> Cow<'_, [u8]> {
    match String::from_utf8_lossy(payload) {
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        Cow::Borrowed(_) => Cow::Borrowed(payload),
    }
}

fn write_varint(value: u64, out: &mut Vec<u8>) {
    prost::encoding::encode_varint(value, out);
}
