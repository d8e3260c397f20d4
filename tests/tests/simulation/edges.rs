//! Calls between services, held against those of the spans that are found.

use jaeger_dynamodb_core::edges::{EdgeSource, EdgeSources, Edges};
use jaeger_dynamodb_core::{DependencyQuery, UnixNanos};
use jaeger_dynamodb_tests::edge_sums;

/// Everything, of all sources.
pub(crate) fn always() -> DependencyQuery {
    let end = UnixNanos::from_secs(10_000_000_000);
    DependencyQuery { start: UnixNanos(0), end, sources: EdgeSources::from_iter(EdgeSource::ALL) }
}

/// Says what is different, or how many calls there are.
pub(crate) fn must_be(stored: &Edges, expected: &Edges) -> Result<u64, String> {
    let (stored, expected) = (edge_sums(stored), edge_sums(expected));
    let difference = stored.iter().find(|(edge, totals)| expected.get(edge) != Some(totals));
    if let Some((edge, totals)) = difference {
        return Err(format!("{edge:?} counts {totals:?}, not {:?}", expected.get(edge)));
    }
    if let Some((edge, totals)) = expected.iter().find(|(edge, _)| !stored.contains_key(edge)) {
        return Err(format!("{edge:?} is missing: {totals:?}"));
    }
    let calls: i64 = stored.values().map(|totals| totals.calls).sum();
    u64::try_from(calls).map_err(|_| format!("{calls} calls"))
}
