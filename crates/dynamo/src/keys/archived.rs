//! Sort keys of archived spans.

use crate::bytes::{DecodeError, Reader};

/// Half of a SHA-256, which stands for content: nobody can make content that has the digest of given other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest(pub(crate) [u8; 16]);

/// What an item of an archived trace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ArchivedSort {
    /// A span.
    Whole(Digest),
    /// A part of a span that is larger than an item.
    Part {
        span: Digest,
        /// Of the bytes that the parts make up together, and of how they are cut: parts that another version of the
        /// program compressed or cut differently are other items.
        parts: Digest,
        number: u16,
    },
}

// === impl ArchivedSort ===

impl ArchivedSort {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Whole(span) => span.0.to_vec(),
            Self::Part { span, parts, number } => {
                [span.0.as_slice(), parts.0.as_slice(), number.to_be_bytes().as_slice()].concat()
            }
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let span = Digest(reader.array()?);
        if reader.rest().is_empty() {
            return Ok(Self::Whole(span));
        }
        let part =
            Self::Part { span, parts: Digest(reader.array()?), number: u16::from_be_bytes(reader.array()?) };
        if reader.rest().is_empty() {
            Ok(part)
        } else {
            Err(DecodeError::Invalid("the sort key of an archived span is too long"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_in_their_order_behind_the_whole_span() {
        let (span, parts) = (Digest([7; 16]), Digest([9; 16]));
        let part = |number| ArchivedSort::Part { span, parts, number };
        let sorts = [ArchivedSort::Whole(span), part(0), part(1), part(255), part(256)];
        assert!(sorts.map(ArchivedSort::to_bytes).is_sorted());
        for sort in sorts {
            assert_eq!(ArchivedSort::from_bytes(&sort.to_bytes()), Ok(sort));
        }
    }

    #[test]
    fn keys_of_another_length_are_errors() {
        for length in (0..40).filter(|length| ![16, 34].contains(length)) {
            assert!(ArchivedSort::from_bytes(&vec![1; length]).is_err(), "{length} bytes");
        }
    }
}
