//! Durations in one byte, in steps of a quarter of a power of two.

/// A duration, coarsely: longer durations never have smaller codes, so comparing codes prunes nothing that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DurationCode(pub(crate) u8);

impl DurationCode {
    pub(crate) fn of(nanos: i128) -> Self {
        let Some(nanos) = u128::try_from(nanos).ok().filter(|nanos| *nanos > 0) else { return Self(0) };
        let exponent = nanos.ilog2();
        // The two bits below the highest one.
        let quarter = if exponent >= 2 { nanos >> (exponent - 2) & 3 } else { nanos << (2 - exponent) & 3 };
        let code = u128::from(exponent) * 4 + quarter + 1;
        Self(u8::try_from(code).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_never_fall_as_durations_grow() {
        let mut last = DurationCode::of(-1);
        for nanos in (0..10_000).chain((10_000..10_000_000_000).step_by(1_234_567)).chain([i128::MAX]) {
            let code = DurationCode::of(nanos);
            assert!(last <= code, "{nanos}");
            last = code;
        }
        assert!(DurationCode::of(1000) < DurationCode::of(2000));
    }
}
