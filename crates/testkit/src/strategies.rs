//! Random spans and queries for property tests.
//!
//! Small pools make trace ids, span ids, names and start times collide, since the interesting faults lie where
//! spans have something in common; rare values try what storage formats get wrong. Every span can be carried
//! by its wire format without change.

mod attributes;
mod edges;
mod ids;
mod otlp;
mod queries;
mod times;
mod translation;
mod v1;

use jaeger_dynamodb_core::Span;
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::Index;

pub use attributes::{attributes, key, v1_attributes, v1_value, value};
pub use edges::related_spans;
pub use ids::{span_id, trace_id};
pub use otlp::{otlp_spans, resource, scope};
pub use queries::{parameter_queries_for, queries_for};
pub use translation::{otlp_span_to_translate, v1_span_to_translate};
pub use v1::{process, v1_spans};

/// Spans in either form, often several of one trace.
pub fn spans(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Span>> {
    let count = count.into();
    (otlp_spans(count.clone()), v1_spans(count.clone()), vec(any::<bool>(), count)).prop_map(
        |(otlp, v1, choices)| {
            let mut otlp = otlp.into_iter().map(Span::Otlp);
            let mut v1 = v1.into_iter().map(Span::V1);
            choices.into_iter().filter_map(|choice| if choice { v1.next() } else { otlp.next() }).collect()
        },
    )
}

/// Batches of OTLP spans only, with repetitions as in [`batches`].
pub fn otlp_batches(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Vec<Span>>> {
    repeated(vec(otlp_spans(0..8).prop_map(|spans| spans.into_iter().map(Span::Otlp).collect()), count))
}

/// Batches of spans in the order in which they are written; now and then one is written again, as after a lost
/// acknowledgement, or a span of an earlier batch comes again within another.
pub fn batches(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Vec<Span>>> {
    repeated(vec(spans(0..8), count))
}

fn repeated(batches: impl Strategy<Value = Vec<Vec<Span>>>) -> impl Strategy<Value = Vec<Vec<Span>>> {
    let repetition = (any::<Index>(), any::<Index>(), any::<bool>());
    (batches, vec(repetition, 0..3)).prop_map(|(mut batches, repetitions)| {
        for (from, to, whole) in repetitions {
            if batches.is_empty() {
                break;
            }
            let again = from.get(&batches).clone();
            if whole {
                batches.push(again);
            } else {
                to.get_mut(&mut batches).extend(again.into_iter().next());
            }
        }
        batches
    })
}
