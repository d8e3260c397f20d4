//! What the other workloads promise.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_loadgen::{Arrival, Load, Workload};
use prost::Message;

#[derive(Default)]
struct Trace {
    spans: usize,
    /// Encoded resources, one for each pod.
    pods: HashSet<Vec<u8>>,
}

fn arrivals(workload: Workload, spans_per_second: u32, seconds: u64) -> Vec<Arrival> {
    let start = UnixNanos::from_secs(1_760_000_000);
    workload.arrivals(Load { spans_per_second, duration: Duration::from_secs(seconds), start }).collect()
}

fn traces(arrivals: &[Arrival]) -> Vec<Trace> {
    let mut traces: HashMap<&[u8], Trace> = HashMap::new();
    for resource in arrivals.iter().flat_map(|arrival| &arrival.request.resource_spans) {
        let pod = resource.resource.as_ref().unwrap().encode_to_vec();
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            let trace = traces.entry(&span.trace_id).or_default();
            trace.spans += 1;
            trace.pods.insert(pod.clone());
        }
    }
    traces.into_values().collect()
}

#[test]
fn small_traces_have_three_spans_over_two_of_eight_services() {
    let arrivals = arrivals(Workload::three_span_traces(1), 300, 20);
    let traces = traces(&arrivals);
    assert!(traces.len() > 1_800, "{}", traces.len());
    assert!(traces.iter().all(|trace| trace.spans == 3 && trace.pods.len() == 2));
    let services: HashSet<_> = traces.iter().flat_map(|trace| &trace.pods).collect();
    assert!(services.len() >= 8);
}

#[test]
fn a_batch_trace_has_about_20_000_spans_in_about_a_minute() {
    let arrivals = arrivals(Workload::batch(1), 20_000, 1);
    assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
    let last = arrivals.last().unwrap().at.as_secs();
    assert!((45..90).contains(&last), "{last} s");
    let traces = traces(&arrivals);
    assert!(traces.iter().all(|trace| (19_000..21_000).contains(&trace.spans)));
    assert!(traces.iter().all(|trace| trace.pods.len() >= 3));
}

#[test]
fn many_services_are_500_and_a_trace_stays_with_at_most_five() {
    let arrivals = arrivals(Workload::many_services(1), 2_000, 10);
    let traces = traces(&arrivals);
    assert!(traces.iter().all(|trace| (9..=62).contains(&trace.spans) && trace.pods.len() <= 5));
    let services: HashSet<_> = traces.iter().flat_map(|trace| &trace.pods).collect();
    assert!((480..=500).contains(&services.len()), "{}", services.len());
}

#[test]
fn the_rate_is_that_of_the_load() {
    for (workload, rate) in
        [(Workload::demo(4), 10), (Workload::many_services(4), 100), (Workload::demo(4), 5_000)]
    {
        let spans: usize = arrivals(workload, rate, 60).iter().map(Arrival::span_count).sum();
        let rate = usize::try_from(rate).unwrap();
        let expected = 60 * rate;
        assert!((expected * 8 / 10..=expected * 12 / 10).contains(&spans), "{spans} spans at {rate}/s");
    }
}
