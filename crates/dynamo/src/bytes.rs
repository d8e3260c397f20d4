//! Reading and writing of the store's own binary formats: variable-length integers (LEB128), and lengths before
//! bytes. Reading never panics and never trusts a count.

use thiserror::Error;

/// Why stored bytes cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    #[error("the bytes end too early")]
    Truncated,
    /// A value that the format does not allow.
    #[error("{0}")]
    Invalid(&'static str),
    /// Written by a newer version of this program.
    #[error("format version {0} is not known to this version of the program")]
    UnknownVersion(u8),
}

/// Reads values off the front of bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The byte in front of everything that is stored, which must be this one.
    pub(crate) fn version(&mut self, expected: u8) -> Result<(), DecodeError> {
        match self.byte()? {
            version if version == expected => Ok(()),
            other => Err(DecodeError::UnknownVersion(other)),
        }
    }

    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Invalid("an integer has more than 64 bits"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, DecodeError> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A number of things that take at least one byte each, so that a damaged count cannot ask for more memory
    /// than there are bytes.
    pub(crate) fn count(&mut self) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
        if count > self.rest.len() { Err(DecodeError::Truncated) } else { Ok(count) }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count()?;
        self.take(length)
    }

    pub(crate) fn index(&mut self, length: usize) -> Result<usize, DecodeError> {
        let index = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
        if index < length {
            Ok(index)
        } else {
            Err(DecodeError::Invalid("an index points outside its table"))
        }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// Appends values to bytes.
pub(crate) trait Writer {
    fn put_varint(&mut self, value: u64);
    fn put_signed(&mut self, value: i64);
    fn put_count(&mut self, count: usize);
    fn put_bytes(&mut self, bytes: &[u8]);
}

impl Writer for Vec<u8> {
    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.push(value.to_le_bytes()[0]);
    }

    fn put_signed(&mut self, value: i64) {
        self.put_varint((value << 1).cast_unsigned() ^ (value >> 63).cast_unsigned());
    }

    fn put_count(&mut self, count: usize) {
        // usize has at most 64 bits on every platform that Rust supports.
        self.put_varint(u64::try_from(count).unwrap_or(u64::MAX));
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_count(bytes.len());
        self.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_size_come_back() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut bytes = Vec::new();
            bytes.put_varint(value);
            bytes.put_signed(value.cast_signed());
            bytes.put_signed(value.cast_signed().wrapping_neg());
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.varint(), Ok(value));
            assert_eq!(reader.signed(), Ok(value.cast_signed()));
            assert_eq!(reader.signed(), Ok(value.cast_signed().wrapping_neg()));
            assert!(reader.rest().is_empty());
        }
    }

    #[test]
    fn damaged_counts_and_endless_integers_are_errors() {
        assert_eq!(
            Reader::new(&[0xff; 11]).varint(),
            Err(DecodeError::Invalid("an integer has more than 64 bits"))
        );
        assert_eq!(Reader::new(&[5, 1]).bytes(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[0x80]).varint(), Err(DecodeError::Truncated));
    }
}
