//! Walking an encoded message field by field ([wire format](https://protobuf.dev/programming-guides/encoding/)).

/// As deep as prost decodes.
pub(super) const DEEPEST: usize = 100;

/// Whether the key is of this field and says that a length follows.
pub(super) fn is_field(key: u64, number: u64) -> bool {
    key == number << 3 | 2
}

/// Takes what belongs to the key off the front. The marks of a group have nothing themselves; its fields are
/// walked as if they stood outside, which can only change fields that the decoder skips.
pub(super) fn payload<'a>(key: u64, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
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

pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    prost::encoding::decode_varint(rest).ok()
}

/// The part of `whole` in front of its end `rest`.
pub(super) fn before<'a>(whole: &'a [u8], rest: &[u8]) -> &'a [u8] {
    whole.get(..whole.len().saturating_sub(rest.len())).unwrap_or_default()
}
