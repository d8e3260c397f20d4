//! Hashes of trace ids, by which pointers are found. They lead to packs and never decide: a collision costs a look into
//! a pack.

use jaeger_dynamodb_core::TraceId;

/// 40 bits of a hash of a trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TraceHash(u64);

impl TraceHash {
    pub(crate) const BITS: u32 = 40;

    /// Part of the stored format; it must never change. Ids that differ in few bits must not share buckets, so both
    /// halves go through the finalizer of MurmurHash3 (64 bit).
    pub(crate) fn of(id: TraceId) -> Self {
        let [high, low] = [0, 8].map(|from| {
            let half = id.as_bytes().get(from..from + 8).and_then(|half| half.try_into().ok());
            u64::from_be_bytes(half.unwrap_or_default())
        });
        Self(mix(high ^ mix(low)) >> (64 - Self::BITS))
    }

    /// The hash of these bits; higher ones are cut off.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits & ((1 << Self::BITS) - 1))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// Which of so many buckets, each a range of hashes, holds it.
    pub(crate) fn bucket(self, buckets: u32) -> u32 {
        let bucket = (u128::from(self.0) * u128::from(buckets)) >> Self::BITS;
        u32::try_from(bucket).unwrap_or(u32::MAX)
    }

    /// Its lowest byte, which says of most traces that they are not the one.
    pub(crate) fn byte(self) -> u8 {
        self.0.to_le_bytes()[0]
    }
}

pub(super) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u128) -> TraceHash {
        TraceHash::of(TraceId::new(number.to_be_bytes()).unwrap())
    }

    #[test]
    fn ids_that_count_up_spread_over_all_buckets() {
        let mut counts = [0_u32; 16];
        for number in 1..=16_000 {
            counts[hash(number).bucket(16) as usize] += 1;
            counts[hash(number << 100).bucket(16) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn buckets_are_ranges_of_hashes() {
        let mut hashes: Vec<_> = (1..2_000).map(hash).collect();
        hashes.sort();
        assert!(hashes.is_sorted_by_key(|hash| hash.bucket(7)));
        assert!(hashes.iter().all(|hash| hash.bucket(7) < 7 && TraceHash::from_bits(hash.bits()) == *hash));
    }
}
