//! Columns of numbers, each compressed by itself, because one table of symbols does not suit them all.

use crate::bytes::{DecodeError, Reader, Writer};
use crate::compression::{compress, decompress};

const COMPRESSION_LEVEL: i32 = 3;
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Appends a column, compressed where that is shorter.
pub(super) fn put_column(column: &[u8], out: &mut Vec<u8>) {
    let compressed = compress(column, COMPRESSION_LEVEL);
    let is_compressed = !compressed.is_empty() && compressed.len() < column.len();
    out.put_count(column.len() << 1 | usize::from(is_compressed));
    if is_compressed {
        out.put_bytes(&compressed);
    } else {
        out.extend_from_slice(column);
    }
}

/// A column that [`put_column`] wrote.
pub(super) fn read_column(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let head = usize::try_from(reader.varint()?).map_err(|_| DecodeError::Truncated)?;
    let length = head >> 1;
    if head & 1 == 0 {
        return reader.take(length).map(<[u8]>::to_vec);
    }
    if length > MAX_BYTES {
        return Err(DecodeError::Invalid("a column claims more bytes than any has"));
    }
    decompress(reader.bytes()?, length).ok_or(DecodeError::Invalid("a column is damaged"))
}
