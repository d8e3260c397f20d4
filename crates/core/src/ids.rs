//! Trace and span ids, as W3C Trace Context and OTLP define them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// 16 bytes that name a trace; never all zero, since [OTLP] calls that invalid and Jaeger v1.57's client
/// crashes on it.
///
/// [OTLP]: https://opentelemetry.io/docs/specs/otel/trace/api/#spancontext
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// 8 bytes that name a span within a trace. Zero is kept as it came, although OTLP calls it invalid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SpanId([u8; 8]);

/// Why bytes or text are no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidId {
    /// Another number of bytes than the id has.
    #[error("an id of {expected} bytes is expected, not of {actual}")]
    Length {
        /// Bytes an id of this kind has.
        expected: usize,
        /// Bytes that were given.
        actual: usize,
    },
    /// A trace id of zeros only.
    #[error("a trace id of zeros names no trace")]
    Zero,
    /// Text that is not hexadecimal.
    #[error("an id is written in hexadecimal digits")]
    Hex,
}

// === impl TraceId ===

impl TraceId {
    /// The id of these bytes, big-endian as on the wire.
    ///
    /// # Errors
    /// [`InvalidId::Zero`] for sixteen zeros.
    pub fn new(bytes: [u8; 16]) -> Result<Self, InvalidId> {
        if bytes == [0; 16] { Err(InvalidId::Zero) } else { Ok(Self(bytes)) }
    }

    /// The id's bytes, big-endian.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl TryFrom<&[u8]> for TraceId {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        Self::new(fixed(bytes)?)
    }
}

impl FromStr for TraceId {
    type Err = InvalidId;

    /// Reads up to 32 hexadecimal digits; a shorter text is padded with zeros on the left, as Jaeger does
    /// for 64-bit ids.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.is_empty() || text.len() > 32 {
            return Err(InvalidId::Length { expected: 16, actual: text.len().div_ceil(2) });
        }
        // `from_str_radix` accepts a sign.
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidId::Hex);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| InvalidId::Hex)?;
        Self::new(number.to_be_bytes())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl SpanId ===

impl SpanId {
    /// The id of these bytes, big-endian as on the wire.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The id's bytes, big-endian.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Whether the id is all zero, which stands for "none" where an id is optional.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 8]
    }
}

impl TryFrom<&[u8]> for SpanId {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        Ok(Self(fixed(bytes)?))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], InvalidId> {
    bytes.try_into().map_err(|_| InvalidId::Length { expected: N, actual: bytes.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_hexadecimal_id_is_padded_on_the_left() {
        assert_eq!("1f".parse::<TraceId>().unwrap().to_string(), format!("{}1f", "0".repeat(30)));
    }

    #[test]
    fn zero_signed_empty_and_long_texts_are_refused() {
        assert_eq!("0".parse::<TraceId>(), Err(InvalidId::Zero));
        assert_eq!("+1".parse::<TraceId>(), Err(InvalidId::Hex));
        assert!("".parse::<TraceId>().is_err());
        assert!("1".repeat(33).parse::<TraceId>().is_err());
    }

    #[test]
    fn ids_of_another_length_are_refused() {
        assert_eq!(TraceId::try_from(&[1_u8; 8][..]), Err(InvalidId::Length { expected: 16, actual: 8 }));
        assert_eq!(SpanId::try_from(&[1_u8; 16][..]), Err(InvalidId::Length { expected: 8, actual: 16 }));
    }
}
