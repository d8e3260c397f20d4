//! Sums of calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Call, EdgeBucket, EdgeSource, EdgeSources, LatencyHistogram, NameId, Names};
use crate::{DependencyLink, DependencyQuery};

/// From one service to another, in five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge<N> {
    /// When.
    pub bucket: EdgeBucket,
    /// What it is derived from.
    pub source: EdgeSource,
    /// The calling service.
    pub parent: N,
    /// The called service.
    pub child: N,
}

/// What is known of the calls of an edge; all negative if more was taken back than was there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EdgeTotals {
    /// Number of calls.
    pub calls: i64,
    /// Number of calls that failed.
    pub errors: i64,
    /// How long they took.
    pub latency: LatencyHistogram,
}

/// Signed sums by edge; an edge whose sums are all zero is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edges<N: Ord = Arc<str>> {
    totals: BTreeMap<Edge<N>, EdgeTotals>,
}

// === impl EdgeTotals ===

impl EdgeTotals {
    /// Adds the other totals so many times.
    pub fn merge(&mut self, other: &Self, times: i64) {
        self.calls = self.calls.wrapping_add(other.calls.wrapping_mul(times));
        self.errors = self.errors.wrapping_add(other.errors.wrapping_mul(times));
        self.latency.merge(&other.latency, times);
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

// === impl Edges ===

impl<N: Ord> Default for Edges<N> {
    fn default() -> Self {
        Self { totals: BTreeMap::new() }
    }
}

impl<N: Ord> Edges<N> {
    /// Adds totals to an edge so many times.
    pub fn merge_edge(&mut self, edge: Edge<N>, totals: &EdgeTotals, times: i64) {
        self.change(edge, |sum| sum.merge(totals, times));
    }

    /// Whether there is no edge.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.totals.is_empty()
    }

    /// The edges in order, each with its totals.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Edge<N>, &EdgeTotals)> {
        self.totals.iter()
    }

    fn change(&mut self, edge: Edge<N>, change: impl FnOnce(&mut EdgeTotals)) {
        use std::collections::btree_map::Entry;
        match self.totals.entry(edge) {
            Entry::Vacant(vacant) => {
                let mut totals = EdgeTotals::default();
                change(&mut totals);
                if !totals.is_zero() {
                    vacant.insert(totals);
                }
            }
            Entry::Occupied(mut occupied) => {
                change(occupied.get_mut());
                if occupied.get().is_zero() {
                    occupied.remove();
                }
            }
        }
    }
}

impl<N: Ord + Clone> Edges<N> {
    /// Adds all edges of the other.
    pub fn add(&mut self, other: &Self) {
        other.iter().for_each(|(edge, totals)| self.merge_edge(edge.clone(), totals, 1));
    }

    /// Takes all edges of the other away.
    pub fn subtract(&mut self, other: &Self) {
        other.iter().for_each(|(edge, totals)| self.merge_edge(edge.clone(), totals, -1));
    }
}

impl Edges<NameId> {
    /// Counts a call so many times.
    pub fn count(&mut self, call: &Call, times: i64) {
        self.change(call.edge, |totals| {
            totals.calls = totals.calls.wrapping_add(times);
            if call.is_error {
                totals.errors = totals.errors.wrapping_add(times);
            }
            totals.latency.add(call.latency, times);
        });
    }

    /// The same with the names that the ids stand for.
    #[must_use]
    pub fn named(&self, names: &Names) -> Edges<Arc<str>> {
        let mut named = Edges::default();
        for (edge, totals) in self.iter() {
            let (Some(parent), Some(child)) = (names.name(edge.parent), names.name(edge.child)) else {
                continue;
            };
            let Edge { bucket, source, .. } = *edge;
            let edge = Edge { bucket, source, parent: Arc::clone(parent), child: Arc::clone(child) };
            named.merge_edge(edge, totals, 1);
        }
        named
    }
}

impl Edges<Arc<str>> {
    /// Jaeger's answer: for each pair of services the calls of the sources that are asked for, in the buckets that the
    /// range overlaps.
    #[must_use]
    pub fn links(&self, query: &DependencyQuery) -> Vec<DependencyLink> {
        let Some(buckets) = query.buckets() else { return Vec::new() };
        let wanted = self.iter().filter(|(edge, _)| buckets.contains(&edge.bucket));
        links(wanted, query.sources)
    }
}

/// One row for each pair of services with calls.
fn links<'a>(
    edges: impl Iterator<Item = (&'a Edge<Arc<str>>, &'a EdgeTotals)>,
    sources: EdgeSources,
) -> Vec<DependencyLink> {
    let mut calls: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (edge, totals) in edges.filter(|(edge, _)| sources.contains(edge.source)) {
        let sum = calls.entry((&edge.parent, &edge.child)).or_default();
        *sum = sum.wrapping_add(totals.calls);
    }
    let link = |((parent, child), calls): ((&str, &str), i64)| {
        let call_count = u64::try_from(calls).ok().filter(|calls| *calls > 0)?;
        Some(DependencyLink {
            parent: parent.to_owned(),
            child: child.to_owned(),
            call_count,
            source: DependencyLink::SOURCE.to_owned(),
        })
    };
    calls.into_iter().filter_map(link).collect()
}
