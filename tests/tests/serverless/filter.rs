//! Filters of event source mappings, as far as ours goes
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>): objects lead to lists of alternatives,
//! each a value or whether there is a leaf.

use serde_json::Value;

/// Whether a record passes.
pub(crate) fn matches(pattern: &Value, record: &Value) -> bool {
    holds(pattern, Some(record))
}

fn holds(pattern: &Value, found: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields.iter().all(|(name, pattern)| holds(pattern, found.and_then(|found| found.get(name))))
        }
        Value::Array(alternatives) => {
            alternatives.iter().any(|alternative| is_alternative(alternative, found))
        }
        other => panic!("{other} is no pattern"),
    }
}

fn is_alternative(alternative: &Value, found: Option<&Value>) -> bool {
    let leaf = found.filter(|found| !found.is_object() && !found.is_array());
    match alternative.get("exists").and_then(Value::as_bool) {
        Some(exists) => leaf.is_some() == exists,
        None => leaf == Some(alternative),
    }
}
