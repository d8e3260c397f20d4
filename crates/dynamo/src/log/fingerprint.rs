//! 24-bit fingerprints of `key=text`.

/// What an inverted list is sorted by. Two different pairs share one with probability 2^-24, which costs a look into
/// a pack and never an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint(u32);

impl Fingerprint {
    pub(crate) const BYTES: usize = 3;

    /// FNV-1a (64 bit) of key, `=` and text, folded. It is part of the stored format and must never change.
    pub(crate) fn of(key: &str, text: &str) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in key.bytes().chain([b'=']).chain(text.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let [a, b, c, d, e, f, g, h] = hash.to_be_bytes();
        Self(u32::from_be_bytes([0, a ^ d ^ g, b ^ e ^ h, c ^ f]))
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let [_, a, b, c] = self.0.to_be_bytes();
        [a, b, c]
    }

    pub(crate) fn from_bytes([a, b, c]: [u8; Self::BYTES]) -> Self {
        Self(u32::from_be_bytes([0, a, b, c]))
    }
}
