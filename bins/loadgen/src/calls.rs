//! The truth about a load, for whoever compares a dependency graph with it.

use std::collections::BTreeMap;

use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_loadgen::calls_between_services;
use serde_json::json;

use crate::{load, settings::Settings};

/// How often which service calls which in the load that the settings make, whenever it starts.
pub(crate) fn of_load(settings: &Settings) -> String {
    rows(calls_between_services(load::arrivals(settings, UnixNanos(0))))
}

/// A list in JSON, a line each, of what Jaeger's `/api/dependencies` has in `data`.
fn rows(calls: BTreeMap<(String, String), u64>) -> String {
    let rows = calls.into_iter().map(|((parent, child), count)| {
        json!({ "parent": parent, "child": child, "callCount": count }).to_string()
    });
    format!("[\n{}\n]\n", rows.collect::<Vec<_>>().join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_rows_as_jaeger_answers_them() {
        let pair = |parent: &str, child: &str| (parent.to_owned(), child.to_owned());
        let calls = BTreeMap::from([(pair("a", "a"), 1), (pair("a", "\"b\""), u64::MAX)]);
        let rows: serde_json::Value = serde_json::from_str(&rows(calls)).unwrap();
        let expected = json!([
            { "parent": "a", "child": "\"b\"", "callCount": u64::MAX },
            { "parent": "a", "child": "a", "callCount": 1 },
        ]);
        assert_eq!(rows, expected);
        assert_eq!(super::rows(BTreeMap::new()).split_whitespace().collect::<String>(), "[]");
    }
}
