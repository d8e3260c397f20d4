//! Calls between services, to be held against each other.

use std::collections::BTreeMap;

use jaeger_dynamodb_core::edges::{EdgeSource, EdgeTotals, Edges};

/// Sums by source, caller and called, over all time.
pub type EdgeSums = BTreeMap<(EdgeSource, String, String), EdgeTotals>;

/// The sums of edges over all their buckets, without those that come to nothing.
#[must_use]
pub fn edge_sums(edges: &Edges) -> EdgeSums {
    let mut sums = EdgeSums::new();
    for (edge, totals) in edges.iter() {
        let key = (edge.source, edge.parent.to_string(), edge.child.to_string());
        sums.entry(key).or_default().merge(totals, 1);
    }
    sums.retain(|_, totals| !totals.is_zero());
    sums
}
