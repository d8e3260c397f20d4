//! Protobuf's `Timestamp` and `Duration`, which core counts in whole nanoseconds.

use jaeger_dynamodb_core::UnixNanos;
use prost_types::{Duration, Timestamp};
use thiserror::Error;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// 0001-01-01T00:00:00Z. Go programs send it for a time that is not set.
pub const YEAR_ONE: UnixNanos = UnixNanos::from_secs(-62_135_596_800);

/// 9999-12-31T23:59:59.999999999Z, the last instant of a `Timestamp`; Go programs refuse later ones.
const YEAR_9999: UnixNanos = UnixNanos(UnixNanos::from_secs(253_402_300_800).0 - 1);

/// The longest `Duration`, about 10 000 years.
const LONGEST: i128 = 315_576_000_000 * NANOS_PER_SECOND;

/// Nanoseconds that are not between zero and a second, or not of the sign of the seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("nanoseconds out of range")]
pub struct Unrepresentable;

/// The instant of a well-formed timestamp.
///
/// # Errors
/// [`Unrepresentable`] if its nanoseconds are below zero or a second or more.
pub fn unix_nanos(timestamp: Timestamp) -> Result<UnixNanos, Unrepresentable> {
    if (0..1_000_000_000).contains(&timestamp.nanos) { Ok(instant(timestamp)) } else { Err(Unrepresentable) }
}

/// The instant of any timestamp, moved into the years 1 to 9999: Go's decoder would refuse the whole message
/// that later carries it otherwise.
pub(super) fn nearest_unix_nanos(timestamp: Timestamp) -> UnixNanos {
    instant(timestamp).clamp(YEAR_ONE, YEAR_9999)
}

fn instant(timestamp: Timestamp) -> UnixNanos {
    UnixNanos(UnixNanos::from_secs(timestamp.seconds).0 + i128::from(timestamp.nanos))
}

/// The timestamp of an instant; an instant that a `Timestamp` cannot name becomes the nearest that it can.
#[must_use]
pub fn timestamp(instant: UnixNanos) -> Timestamp {
    let nanos = instant.clamp(YEAR_ONE, YEAR_9999).0;
    Timestamp {
        seconds: i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).unwrap_or_default(),
        nanos: i32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).unwrap_or_default(),
    }
}

/// The nanoseconds of a well-formed duration.
///
/// # Errors
/// [`Unrepresentable`] if its nanoseconds are a second or more, or not of the sign of the seconds.
pub fn duration_nanos(duration: Duration) -> Result<i128, Unrepresentable> {
    let below_a_second = (-999_999_999..=999_999_999).contains(&duration.nanos);
    let same_sign = duration.seconds.signum() * i64::from(duration.nanos).signum() >= 0;
    if below_a_second && same_sign { Ok(nanos_of(duration)) } else { Err(Unrepresentable) }
}

/// The nanoseconds of any duration, at most as many as Go's 64 bits hold: its decoder would refuse the whole
/// message that later carries it otherwise.
pub(super) fn nearest_duration_nanos(duration: Duration) -> i64 {
    let nanos = nanos_of(duration);
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn nanos_of(duration: Duration) -> i128 {
    i128::from(duration.seconds) * NANOS_PER_SECOND + i128::from(duration.nanos)
}

/// The duration of so many nanoseconds; beyond the longest `Duration` it is the longest.
#[must_use]
pub fn duration(nanos: i128) -> Duration {
    let nanos = nanos.clamp(-LONGEST, LONGEST);
    Duration {
        seconds: i64::try_from(nanos / NANOS_PER_SECOND).unwrap_or_default(),
        nanos: i32::try_from(nanos % NANOS_PER_SECOND).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_from_year_1_to_9999_survive() {
        for nanos in [YEAR_ONE.0, YEAR_ONE.0 + 1, -1, 0, 1, 999_999_999, 1_000_000_000, YEAR_9999.0] {
            assert_eq!(unix_nanos(timestamp(UnixNanos(nanos))), Ok(UnixNanos(nanos)));
        }
        assert_eq!(timestamp(UnixNanos(-1)), Timestamp { seconds: -1, nanos: 999_999_999 });
        assert_eq!(timestamp(UnixNanos(i128::MAX)), timestamp(YEAR_9999));
    }

    #[test]
    fn durations_of_both_signs_survive() {
        for nanos in [0, 1, -1, 1_500_000_000, -1_500_000_000, LONGEST, -LONGEST] {
            assert_eq!(duration_nanos(duration(nanos)), Ok(nanos));
        }
        assert_eq!(duration(-1_500_000_000), Duration { seconds: -1, nanos: -500_000_000 });
    }

    #[test]
    fn nanoseconds_out_of_range_are_refused() {
        for nanos in [-1, 1_000_000_000] {
            assert_eq!(unix_nanos(Timestamp { seconds: 1, nanos }), Err(Unrepresentable));
            assert_eq!(duration_nanos(Duration { seconds: 1, nanos }), Err(Unrepresentable));
        }
    }
}
