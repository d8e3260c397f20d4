//! Times close enough to collide, and the ends of what can be written.

use jaeger_dynamodb_core::UnixNanos;
use proptest::prelude::*;

use crate::fixtures::START;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;

/// Seconds of 0001-01-01, the first instant of a protobuf timestamp.
pub(super) const FIRST_SECOND: i64 = -62_135_596_800;

/// Seconds of the end of 9999-12-31, the last instant of a protobuf timestamp.
const LAST_SECOND: i64 = 253_402_300_799;

/// Mostly one of a dozen instants within three seconds, sometimes hours or days later.
pub(super) fn unix_nanos() -> impl Strategy<Value = u64> {
    prop_oneof![
        20 => (0_u64..12).prop_map(|step| START + step * (SECOND / 4)),
        3 => (0_u64..4).prop_map(|hours| START + hours * HOUR),
        2 => (0_u64..4).prop_map(|days| START + days * 24 * HOUR + 1),
        1 => prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>()],
    ]
}

/// Start and end; the end is rarely before the start.
pub(super) fn start_and_end() -> impl Strategy<Value = (u64, u64)> {
    let end = prop_oneof![
        20 => usual_nanos().prop_map(End::After),
        1 => Just(End::Before(5)),
        1 => prop_oneof![Just(0), Just(u64::MAX)].prop_map(End::At),
    ];
    (unix_nanos(), end).prop_map(|(start, end)| (start, end.of(start)))
}

/// A time of Jaeger's first model, which is a protobuf timestamp.
pub(super) fn timestamp() -> impl Strategy<Value = UnixNanos> {
    prop_oneof![
        20 => unix_nanos().prop_map(|nanos| UnixNanos(nanos.into())),
        1 => prop_oneof![Just(FIRST_SECOND), Just(-1), Just(LAST_SECOND)].prop_map(UnixNanos::from_secs),
        1 => Just(UnixNanos(-1)),
    ]
}

/// A duration of Jaeger's first model, which is a signed protobuf duration.
pub(super) fn duration() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => usual_nanos().prop_map(u64::cast_signed),
        1 => prop_oneof![Just(-1), Just(-1_500_000_000), Just(i64::MIN), Just(i64::MAX)],
    ]
}

fn usual_nanos() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(1_000), Just(2_000), Just(5_000), Just(SECOND), Just(HOUR)]
}

#[derive(Debug, Clone, Copy)]
enum End {
    After(u64),
    Before(u64),
    At(u64),
}

impl End {
    fn of(self, start: u64) -> u64 {
        match self {
            Self::After(nanos) => start.saturating_add(nanos),
            Self::Before(nanos) => start.saturating_sub(nanos),
            Self::At(end) => end,
        }
    }
}
