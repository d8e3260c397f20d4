//! Replaces what is not UTF-8 in the texts of an encoded message
//! ([wire format](https://protobuf.dev/programming-guides/encoding/)).

use std::borrow::Cow;

use super::schema::{Field, Schema};

/// As deep as prost decodes.
const DEEPEST: usize = 100;

/// The message with U+FFFD for what is not UTF-8 in its texts, or `None` if it has no such text or is no message.
pub(super) fn with_valid_texts(message: &[u8], schema: &Schema) -> Option<Vec<u8>> {
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
        let replacement = match schema.0.iter().find(|(number, _)| is_field(key, *number)) {
            Some((_, Field::Text)) => text(payload),
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

/// Whether the key is of this field and says that a length follows.
fn is_field(key: u64, number: u64) -> bool {
    key == number << 3 | 2
}

fn text(payload: &[u8]) -> Cow<'_, [u8]> {
    match String::from_utf8_lossy(payload) {
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        Cow::Borrowed(_) => Cow::Borrowed(payload),
    }
}

/// Takes what belongs to the key off the front. The marks of a group have nothing themselves; its fields are
/// walked as if they stood outside, which can only change fields that the decoder skips.
fn payload<'a>(key: u64, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = match key & 7 {
        0 => {
            let before = *rest;
            varint(rest)?;
            return Some(self::before(before, rest));
        }
        1 => 8,
        2 => usize::try_from(varint(rest)?).ok()?,
        3 | 4 => 0,
        5 => 4,
        _ => return None,
    };
    let (payload, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(payload)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    prost::encoding::decode_varint(rest).ok()
}

fn write_varint(value: u64, out: &mut Vec<u8>) {
    prost::encoding::encode_varint(value, out);
}

/// The part of `whole` in front of its end `rest`.
fn before<'a>(whole: &'a [u8], rest: &[u8]) -> &'a [u8] {
    whole.get(..whole.len().saturating_sub(rest.len())).unwrap_or_default()
}
