//! Packs: spans of many traces in one item, in their native form. Pure functions of bytes; the law is that unpacking
//! gives back what was packed.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | version of the format |
//! | 1 | native form of the spans: 1 OTLP, 2 Jaeger v1 |
//! | varint, n | ids, which nothing compresses |
//! | varint | length of the rest before compression |
//! | rest | zstd frame: resources and scopes (or processes) once each, then one row for each span |

mod otlp;
mod share;
mod storable;
mod v1;

use std::collections::HashMap;
use std::sync::Arc;

use jaeger_dynamodb_core::{Span, TraceId};

pub(crate) use share::share_equal_parts;
pub(crate) use storable::check;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::compression::{compress, decompress};

const VERSION: u8 = 1;
pub(crate) const FORM_OTLP: u8 = 1;
pub(crate) const FORM_V1: u8 = 2;

/// Sweet spot of size and CPU on packs of some ten kilobytes (`docs/performance.md`).
const COMPRESSION_LEVEL: i32 = 3;

/// A span is at most as large as the largest message that the server takes in, and little more can stand beside it.
const MAX_UNCOMPRESSED_BYTES: usize = 256 * 1024 * 1024;

/// What a pack is built of: bytes to compress, and ids beside them.
#[derive(Debug, Default)]
struct Sections {
    ids: Vec<u8>,
    rows: Vec<u8>,
}

/// Packs spans. They must all have the same native form; those of a trace should stand together.
pub(crate) fn encode(spans: Vec<Span>) -> Vec<u8> {
    let mut sections = Sections::default();
    let mut otlp = Vec::new();
    let mut v1 = Vec::new();
    for span in spans {
        match span {
            Span::Otlp(span) => otlp.push(span),
            Span::V1(span) => v1.push(span),
        }
    }
    debug_assert!(otlp.is_empty() || v1.is_empty(), "a pack holds spans of one form");
    let form = if v1.is_empty() {
        otlp::encode(otlp, &mut sections);
        FORM_OTLP
    } else {
        v1::encode(v1, &mut sections);
        FORM_V1
    };
    let mut bytes = vec![VERSION, form];
    bytes.put_bytes(&sections.ids);
    bytes.put_count(sections.rows.len());
    bytes.extend_from_slice(&compress(&sections.rows, COMPRESSION_LEVEL));
    bytes
}

/// The spans of a pack that belong to the wanted traces.
pub(crate) fn decode(bytes: &[u8], wanted: impl Fn(TraceId) -> bool) -> Result<Vec<Span>, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.version(VERSION)?;
    let form = reader.byte()?;
    let ids = reader.bytes()?;
    let length = usize::try_from(reader.varint()?).map_err(|_| DecodeError::Truncated)?;
    if length > MAX_UNCOMPRESSED_BYTES {
        return Err(DecodeError::Invalid("a pack claims to be larger than any pack is"));
    }
    let rows = decompress(reader.rest(), length)
        .ok_or(DecodeError::Invalid("the compressed part of a pack is damaged"))?;
    match form {
        FORM_OTLP => otlp::decode(ids, &rows, wanted),
        FORM_V1 => v1::decode(&rows, wanted),
        _ => Err(DecodeError::Invalid("a pack holds spans of an unknown form")),
    }
}

/// A table of parts that spans share, each part once. Parts are told apart by address: equal parts are made one
/// before (see [`share_equal_parts`]), and where they are not, the table is merely longer.
#[derive(Debug)]
struct Table<T> {
    parts: Vec<Arc<T>>,
    positions: HashMap<*const T, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { parts: Vec::new(), positions: HashMap::new() }
    }
}

impl<T> Table<T> {
    fn position(&mut self, part: &Arc<T>) -> usize {
        *self.positions.entry(Arc::as_ptr(part)).or_insert_with(|| {
            self.parts.push(Arc::clone(part));
            self.parts.len() - 1
        })
    }
}

/// Bytes that the span takes uncompressed in a pack, roughly; at least one.
pub(crate) fn estimated_bytes(span: &Span) -> usize {
    match span {
        Span::Otlp(span) => otlp::estimated_bytes(span),
        Span::V1(span) => v1::estimated_bytes(span),
    }
}

#[cfg(test)]
mod tests;
