//! Comparisons whose failures can be read.

use std::collections::HashMap;
use std::fmt::Debug;

use jaeger_dynamodb_core::{Span, TraceId};

use crate::fixtures;

/// What a case comes to: nothing, or what was expected and what came.
pub(super) type Outcome = Result<(), String>;

/// Spans can be megabytes; the beginning tells enough.
const SHOWN_CHARACTERS: usize = 1_500;

pub(super) fn same<T: PartialEq + Debug + ?Sized>(what: &str, actual: &T, expected: &T) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {}, got {}", shown(expected), shown(actual)))
}

/// The spans without regard to order; equal ones count as often as they occur.
pub(super) fn same_spans(what: &str, actual: &[Span], expected: &[Span]) -> Outcome {
    let mut surplus: HashMap<&Span, i64> = HashMap::new();
    for span in actual {
        *surplus.entry(span).or_default() += 1;
    }
    for span in expected {
        *surplus.entry(span).or_default() -= 1;
    }
    let some = |sign: i64| surplus.iter().find(|(_, count)| **count * sign > 0).map(|(span, _)| shown(span));
    match (some(-1), some(1)) {
        (None, None) => Ok(()),
        (missing, unexpected) => Err(format!(
            "{what}: {} spans expected, {} came; missing: {}; not expected: {}",
            expected.len(),
            actual.len(),
            missing.as_deref().unwrap_or("none"),
            unexpected.as_deref().unwrap_or("none"),
        )),
    }
}

/// The ids of the numbers, in this order.
pub(super) fn same_ids(what: &str, actual: &[TraceId], numbers: &[u64]) -> Outcome {
    let expected: Vec<_> = numbers.iter().copied().map(fixtures::trace_id).collect();
    same(what, actual, &expected)
}

fn shown<T: Debug + ?Sized>(value: &T) -> String {
    let whole = format!("{value:?}");
    match whole.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}… ({} bytes)", whole.get(..end).unwrap_or_default(), whole.len()),
        None => whole,
    }
}
