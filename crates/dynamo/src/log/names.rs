//! Names of services and operations, as a table that entries refer to.

use jaeger_dynamodb_core::{SpanKind, is_listed};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::compression::{compress, decompress};

const COMPRESSION_LEVEL: i32 = 6;
/// Several times the names of a commit, or of a part of a segment; each may be a byte here and take more in memory.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A name, or `None` for one too long to be listed, which is never pruned on.
pub(crate) type Name = Option<String>;

/// An operation's name and kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OperationName {
    pub(crate) name: Name,
    pub(crate) kind: SpanKind,
}

/// The name as it is kept.
pub(crate) fn name(text: &str) -> Name {
    (text.is_empty() || is_listed(text)).then(|| text.to_owned())
}

/// Appends both tables, compressed.
pub(crate) fn put_names(services: &[Name], operations: &[OperationName], out: &mut Vec<u8>) {
    let mut names = Vec::new();
    names.put_count(services.len());
    services.iter().for_each(|name| put_name(name.as_ref(), &mut names));
    names.put_count(operations.len());
    for operation in operations {
        put_name(operation.name.as_ref(), &mut names);
        // Kinds are stored as OTLP's numbers.
        names.put_signed(i64::from(i32::from(operation.kind)));
    }
    out.put_count(names.len());
    out.put_bytes(&compress(&names, COMPRESSION_LEVEL));
}

/// The tables that [`put_names`] wrote.
pub(crate) fn read_names(reader: &mut Reader<'_>) -> Result<(Vec<Name>, Vec<OperationName>), DecodeError> {
    let length = usize::try_from(reader.varint()?).map_err(|_| DecodeError::Truncated)?;
    if length > MAX_BYTES {
        return Err(DecodeError::Invalid("a table claims more names than any has"));
    }
    let names =
        decompress(reader.bytes()?, length).ok_or(DecodeError::Invalid("a table of names is damaged"))?;
    let mut names = Reader::new(&names);
    let (mut services, mut operations) = (Vec::new(), Vec::new());
    for _ in 0..names.count()? {
        services.push(read_name(&mut names)?);
    }
    for _ in 0..names.count()? {
        let name = read_name(&mut names)?;
        let kind = i32::try_from(names.signed()?)
            .map_err(|_| DecodeError::Invalid("a span kind is no number of OTLP"))?;
        operations.push(OperationName { name, kind: SpanKind::from(kind) });
    }
    Ok((services, operations))
}

/// Zero for a name too long to be listed, else its length plus one before it.
fn put_name(name: Option<&String>, out: &mut Vec<u8>) {
    match name {
        None => out.put_count(0),
        Some(name) => {
            out.put_count(name.len() + 1);
            out.extend_from_slice(name.as_bytes());
        }
    }
}

fn read_name(reader: &mut Reader<'_>) -> Result<Name, DecodeError> {
    let Some(length) = reader.varint()?.checked_sub(1) else { return Ok(None) };
    let bytes = reader.take(usize::try_from(length).map_err(|_| DecodeError::Truncated)?)?;
    let name = String::from_utf8(bytes.to_vec()).map_err(|_| DecodeError::Invalid("a name is not UTF-8"))?;
    Ok(Some(name))
}
