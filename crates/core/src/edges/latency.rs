//! How long calls took, as a histogram that can be merged and subtracted.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Counts of durations in the buckets of an [exponential histogram] of scale 3: bucket i holds durations above
/// 2^(i/8) ns, up to 2^((i+1)/8) ns. The middle of a bucket is off by at most 4.4 % of any duration in it.
///
/// Durations up to 1.024 us fall into the first of 265 buckets and those above 2.4 h into the last, so the memory that
/// a histogram takes has a bound. Counts are signed: what was added can be taken back.
///
/// [exponential histogram]: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatencyHistogram {
    /// Without zeros.
    counts: BTreeMap<u16, i64>,
}

impl LatencyHistogram {
    /// Buckets for each doubling, as a power of two.
    pub const SCALE: u32 = 3;

    /// The buckets that there are.
    pub const BUCKETS: RangeInclusive<u16> = 79..=343;

    /// The bucket of a duration in nanoseconds.
    #[must_use]
    pub fn bucket(nanos: i128) -> u16 {
        /// 2^63 times 2^(i/8), rounded down, for i from 1 to 7.
        const STEPS: [u64; 7] = [
            10_058_158_527_438_640_870,
            10_968_499_650_544_839_023,
            11_961_233_684_655_323_370,
            13_043_817_825_332_782_212,
            14_224_384_202_002_324_189,
            15_511_800_964_685_064_948,
            16_915_738_899_553_466_670,
        ];
        let Ok(nanos) = u64::try_from(nanos.clamp(1, i128::from(u64::MAX))) else { return 0 };
        let doublings = nanos.ilog2();
        let scaled = nanos << (63 - doublings);
        let steps = STEPS.iter().take_while(|step| scaled > **step).count();
        // Buckets hold their upper bounds: a power of two is the last of the bucket below.
        let position = usize::try_from(doublings * 8).unwrap_or_default() + steps;
        let position = if scaled == 1 << 63 { position.saturating_sub(1) } else { position };
        u16::try_from(position).unwrap_or(u16::MAX).clamp(*Self::BUCKETS.start(), *Self::BUCKETS.end())
    }

    /// Adds to the count of a bucket; buckets that there are not count as the nearest.
    pub fn add(&mut self, bucket: u16, count: i64) {
        let bucket = bucket.clamp(*Self::BUCKETS.start(), *Self::BUCKETS.end());
        let sum = self.counts.entry(bucket).or_default();
        *sum = sum.wrapping_add(count);
        if *sum == 0 {
            self.counts.remove(&bucket);
        }
    }

    /// Adds the other histogram so many times.
    pub fn merge(&mut self, other: &Self, times: i64) {
        for (bucket, count) in other.iter() {
            self.add(bucket, count.wrapping_mul(times));
        }
    }

    /// The buckets whose count is not zero, in order, each with its count.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u16, i64)> + '_ {
        self.counts.iter().map(|(bucket, count)| (*bucket, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2^(index/8) in nanoseconds, near enough away from the bounds themselves.
    fn bound(index: u16) -> f64 {
        (f64::from(index) / 8.0).exp2()
    }

    #[test]
    fn every_duration_lies_within_the_bounds_of_its_bucket() {
        for exponent in 0..4200 {
            #[expect(clippy::cast_possible_truncation, reason = "any whole number will do")]
            let nanos = (f64::from(exponent) / 100.0).exp2() as i128;
            let bucket = LatencyHistogram::bucket(nanos);
            #[expect(clippy::cast_precision_loss, reason = "the bounds are not exact either")]
            let (duration, slack) = (nanos as f64, 1e-9);
            assert!(duration <= bound(bucket + 1) * (1.0 + slack), "{nanos}");
            assert!(duration > bound(bucket) * (1.0 - slack) || bucket == 79, "{nanos}");
        }
    }

    #[test]
    fn bounds_belong_to_the_bucket_below_and_the_ends_are_never_passed() {
        assert_eq!(LatencyHistogram::bucket(1 << 20), 20 * 8 - 1);
        assert_eq!(LatencyHistogram::bucket((1 << 20) + 1), 20 * 8);
        assert_eq!([i128::MIN, -1, 0, 1, 1024].map(LatencyHistogram::bucket), [79; 5]);
        assert_eq!([1 << 43, u64::MAX.into(), i128::MAX].map(LatencyHistogram::bucket), [343; 3]);
    }

    #[test]
    fn what_is_added_can_be_taken_back() {
        let mut histogram = LatencyHistogram::default();
        histogram.add(100, 2);
        let before = histogram.clone();
        let mut other = LatencyHistogram::default();
        other.add(100, 1);
        other.add(200, 5);
        histogram.merge(&other, 1);
        histogram.merge(&other, -1);
        assert_eq!(histogram, before);
        histogram.add(100, -2);
        assert_eq!(histogram, LatencyHistogram::default());
    }
}
