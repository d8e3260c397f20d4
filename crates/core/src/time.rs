//! Time as spans carry it, and inclusive ranges.

use std::fmt;

/// Nanoseconds since 1970-01-01T00:00:00Z, negative before. Wide enough for the years 1 to 9999 of a
/// protobuf `Timestamp` and for OTLP's unsigned 64-bit nanoseconds, so nothing is ever clamped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixNanos(pub i128);

/// A range with both ends included; an end that is `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range<T> {
    /// The smallest value inside, if bounded.
    pub min: Option<T>,
    /// The largest value inside, if bounded.
    pub max: Option<T>,
}

// === impl UnixNanos ===

impl UnixNanos {
    /// The instant of whole seconds since 1970.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds as i128 * 1_000_000_000)
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn secs_floor(self) -> i128 {
        self.0.div_euclid(1_000_000_000)
    }
}

impl fmt::Debug for UnixNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}

// === impl Range ===

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl<T: Ord> Range<T> {
    /// Whether the value lies inside, ends included.
    #[must_use]
    pub fn contains(&self, value: &T) -> bool {
        self.min.as_ref().is_none_or(|min| min <= value) && self.max.as_ref().is_none_or(|max| value <= max)
    }

    /// Whether some value of the closed interval `low..=high` lies inside.
    #[must_use]
    pub fn overlaps(&self, low: &T, high: &T) -> bool {
        self.min.as_ref().is_none_or(|min| min <= high) && self.max.as_ref().is_none_or(|max| low <= max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_are_inside() {
        let range = Range { min: Some(1), max: Some(3) };
        assert!(range.contains(&1) && range.contains(&3));
        assert!(!range.contains(&0) && !range.contains(&4));
        assert!(range.overlaps(&3, &9) && !range.overlaps(&4, &9));
        assert!(Range::default().contains(&i128::MAX));
    }
}
