//! What an encoded message takes in memory once it is decoded: an empty span is two bytes on the wire and hundreds in
//! memory, so that a few megabytes of nothing could take all there is.

use super::schema::{Field, Schema};
use super::wire::{DEEPEST, is_field, payload, varint};

/// Roughly the bytes of the message and all it holds, without what a list reserves ahead. What is no message counts
/// up to where that shows, which is where decoding it ends.
pub(super) fn decoded_bytes(message: &[u8], schema: &Schema) -> usize {
    schema.size.saturating_add(held_bytes(message, schema, DEEPEST))
}

fn held_bytes(message: &[u8], schema: &Schema, depth: usize) -> usize {
    let Some(depth) = depth.checked_sub(1) else { return 0 };
    let (mut rest, mut bytes) = (message, 0_usize);
    while !rest.is_empty() {
        let Some(key) = varint(&mut rest) else { break };
        let Some(payload) = payload(key, &mut rest) else { break };
        let held = match schema.fields.iter().find(|(number, _)| is_field(key, *number)) {
            Some((_, Field::Message(schema))) => schema.size + held_bytes(payload, schema, depth),
            Some((_, Field::Texts)) => size_of::<String>() + payload.len(),
            Some((_, Field::Text)) | None => payload.len(),
        };
        bytes = bytes.saturating_add(held);
    }
    bytes
}
