//! How many bytes the workloads take.

use std::time::Duration;

use jaeger_dynamodb_core::{Span, UnixNanos};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use tokio::time::Instant;

use super::*;
use crate::derived::testing::{commit_of, place};

/// As commits cut packs.
const PACK_BYTES: usize = 192 * 1024;

/// Bytes, and what they are to be divided by.
#[derive(Debug, Default)]
struct Sizes {
    spans: f64,
    entries: f64,
    entry_bytes: f64,
    list_bytes: f64,
    parts: usize,
    pointers: f64,
    pointer_bytes: f64,
    /// Of each bucket.
    buckets: Vec<usize>,
    group_bits: u8,
    micros: f64,
}

/// Commits of about 400 spans, in so many lanes in turn.
fn commits(workload: Workload, spans_per_second: u32, seconds: u64, lanes: usize) -> Vec<Commit> {
    let start = UnixNanos::from_secs(1_760_000_000);
    let load = Load { spans_per_second, duration: Duration::from_secs(seconds), start };
    let mut commits: Vec<Vec<Span>> = vec![Vec::new()];
    for arrival in workload.arrivals(load) {
        let spans = spans_from_otlp(arrival.request.resource_spans).spans;
        match commits.last_mut() {
            Some(commit) if commit.len() < 400 => commit.extend(spans),
            _ => commits.push(spans),
        }
    }
    let commit = |(number, spans): (usize, _)| {
        commit_of(spans, place(number % lanes, u32::try_from(number / lanes).unwrap()), PACK_BYTES)
    };
    commits.into_iter().enumerate().map(commit).collect()
}

fn sizes(name: &str, commits: &[Commit]) -> Sizes {
    let start = Instant::now();
    let mut survey = Survey::default();
    commits.iter().for_each(|commit| survey.add(&commit.record, 5_000));
    let plan = survey.plan(256 * 1024 * 1024);
    let mut builder = WindowBuilder::new(plan.clone(), LANES.to_vec(), EXPIRY, 0);
    let mut items: Vec<_> = commits.iter().flat_map(|commit| builder.add(&commit.record)).collect();
    while let Some(rest) = builder.take_rest() {
        items.extend(rest);
    }
    let count = |count: usize| f64::from(u32::try_from(count).unwrap());
    let sum = |of: fn(&Commit) -> usize| count(commits.iter().map(of).sum());
    let mut sizes = Sizes {
        micros: start.elapsed().as_secs_f64() * 1e6,
        spans: sum(|commit| commit.spans.len()),
        entries: sum(|commit| commit.record.record.index.entries().count()),
        pointers: sum(|commit| commit.record.record.index.traces().count()),
        group_bits: plan.group_bits,
        ..Sizes::default()
    };
    for item in &items {
        match item {
            DerivedItem::Part { entries, lists, .. } => {
                sizes.entry_bytes += count(entries.len());
                sizes.list_bytes += count(lists.len());
                sizes.parts += 1;
            }
            DerivedItem::Pointers { parts, .. } => {
                let bytes = parts.iter().map(Vec::len).sum();
                sizes.pointer_bytes += count(bytes);
                sizes.buckets.push(bytes);
            }
        }
    }
    println!("{name}: {} spans; {}", sizes.spans, sizes.describe());
    sizes
}

impl Sizes {
    fn describe(&self) -> String {
        format!(
            "{:.3} entries a span, {:.2} + {:.2} B an entry, {:.2} + {:.2} B a span, {} parts, 2^{} groups; \
             {:.3} pointers a span, {:.2} B each, {} buckets of {:.0} B, largest {:?}; {:.2} us a span",
            self.entries / self.spans,
            self.entry_bytes / self.entries,
            self.list_bytes / self.entries,
            self.entry_bytes / self.spans,
            self.list_bytes / self.spans,
            self.parts,
            self.group_bits,
            self.pointers / self.spans,
            self.pointer_bytes / self.pointers,
            self.buckets.len(),
            self.pointer_bytes / f64::from(u32::try_from(self.buckets.len()).unwrap()),
            self.buckets.iter().max(),
            self.micros / self.spans,
        )
    }
}

#[test]
fn sizes_on_the_demo_workload() {
    let sizes = sizes("demo", &commits(Workload::demo(1), 1_000, 60, 1));
    assert!(sizes.entry_bytes / sizes.entries <= 9.2);
    assert!(sizes.list_bytes / sizes.entries <= 4.0);
    assert!(sizes.pointer_bytes / sizes.pointers <= 3.5);
    assert!(sizes.buckets.iter().all(|bytes| *bytes <= 4_000));
}

#[test]
fn sizes_on_small_traces_in_three_lanes() {
    let sizes = sizes("three-span traces", &commits(Workload::three_span_traces(1), 1_000, 60, 3));
    assert!((sizes.entry_bytes + sizes.list_bytes) / sizes.entries <= 7.0);
    assert!(sizes.pointer_bytes / sizes.pointers <= 6.0);
}
