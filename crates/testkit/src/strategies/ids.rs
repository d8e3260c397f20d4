//! Ids from pools so small that spans meet.

use jaeger_dynamodb_core::{SpanId, TraceId};
use proptest::prelude::*;

use crate::fixtures;

/// A trace id, mostly one of five, which share their first bytes.
pub fn trace_id() -> impl Strategy<Value = TraceId> {
    prop_oneof![
        12 => (1_u64..6).prop_map(fixtures::trace_id),
        1 => prop_oneof![Just(1), Just(5 << 64), Just(u128::MAX), 1_u128..]
            .prop_filter_map("a trace id is not zero", |number| TraceId::new(number.to_be_bytes()).ok()),
    ]
}

/// A span id, mostly one of six, rarely the invalid zero.
pub fn span_id() -> impl Strategy<Value = SpanId> {
    prop_oneof![
        16 => 1_u64..6,
        1 => Just(0),
        1 => Just(u64::MAX),
        1 => any::<u64>(),
    ]
    .prop_map(fixtures::span_id)
}

/// A span id that stands for a span.
pub(super) fn some_span_id() -> impl Strategy<Value = SpanId> {
    prop_oneof![8 => 1_u64..6, 1 => 1_u64..].prop_map(fixtures::span_id)
}

/// The id of another span's trace, rarely none.
pub(super) fn other_trace_id() -> impl Strategy<Value = Option<TraceId>> {
    prop_oneof![9 => trace_id().prop_map(Some), 1 => Just(None)]
}
