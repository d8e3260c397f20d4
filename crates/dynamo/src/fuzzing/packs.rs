//! Packs.

use jaeger_dynamodb_core::{Span, TraceId};

use super::NOT_COMPRESSED;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::compression::compress;
use crate::log::index_bytes;
use crate::pack;

/// Bytes of a pack are an error, or spans that come back when they are packed again.
pub fn pack(data: &[u8]) {
    match data.split_first() {
        Some((&NOT_COMPRESSED, rest)) => drop(compressed(rest).map(|bytes| check(&bytes))),
        _ => check(data),
    }
}

pub(super) fn check(bytes: &[u8]) {
    let Ok(spans) = pack::decode(bytes, |_| true) else { return };
    for span in &spans {
        assert!(pack::estimated_bytes(span) > 0 && index_bytes(span) > 0);
        // Whatever comes out of a pack can go into one.
        assert!(pack::check(span).is_ok(), "{span:?}");
    }
    let again = pack::decode(&pack::encode(spans.clone()), |_| true);
    assert_eq!(again.as_ref(), Ok(&spans));
    if let Some(wanted) = spans.first().map(Span::trace_id) {
        let of_trace: Vec<_> = spans.into_iter().filter(|span| span.trace_id() == wanted).collect();
        assert_eq!(pack::decode(bytes, |id: TraceId| id == wanted), Ok(of_trace));
    }
}

/// A pack of this form, these ids and these rows.
fn compressed(data: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(data);
    let mut bytes = vec![1, reader.byte()?];
    bytes.put_bytes(reader.bytes()?);
    bytes.put_count(reader.rest().len());
    bytes.extend_from_slice(&compress(reader.rest(), 1));
    Ok(bytes)
}
