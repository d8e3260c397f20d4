use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;

use super::*;
use crate::{Load, Workload};

fn arrivals() -> Vec<Arrival> {
    let start = UnixNanos::from_secs(1_760_000_000);
    let load = Load { spans_per_second: 1_000, duration: Duration::from_secs(12), start };
    Workload::demo(1).arrivals(load).collect()
}

fn regrouped(arrivals: &[Arrival], size: usize) -> Vec<Arrival> {
    regroup(arrivals.iter().cloned(), NonZeroUsize::new(size).unwrap()).collect()
}

/// Every span with the resource and the scope that it is in.
fn spans(arrivals: &[Arrival]) -> Vec<(ResourceSpans, ScopeSpans, Span)> {
    let mut spans = Vec::new();
    for resource in arrivals.iter().flat_map(|arrival| &arrival.request.resource_spans) {
        for scope in &resource.scope_spans {
            let within = ResourceSpans { scope_spans: Vec::new(), ..resource.clone() };
            let around = ScopeSpans { spans: Vec::new(), ..scope.clone() };
            spans.extend(scope.spans.iter().map(|span| (within.clone(), around.clone(), span.clone())));
        }
    }
    spans
}

#[test]
fn no_span_is_lost_or_changed_whatever_the_size() {
    let arrivals = arrivals();
    let expected = spans(&arrivals);
    assert!(expected.len() > 10_000, "{}", expected.len());
    for size in [1, 7, 512, 8_192, 1_000_000] {
        assert!(spans(&regrouped(&arrivals, size)) == expected, "requests of {size}");
    }
}

#[test]
fn every_request_but_the_last_has_the_size() {
    let arrivals = arrivals();
    let total: usize = arrivals.iter().map(Arrival::span_count).sum();
    for size in [1, 10, 512, 8_192, total, total + 1] {
        let counts: Vec<usize> = regrouped(&arrivals, size).iter().map(Arrival::span_count).collect();
        let (last, others) = counts.split_last().unwrap();
        assert!(others.iter().all(|count| *count == size), "requests of {size}: {counts:?}");
        assert_eq!((others.len(), *last), ((total - 1) / size, (total - 1) % size + 1));
    }
}

#[test]
fn a_request_arrives_when_the_last_of_its_spans_did() {
    let arrivals = arrivals();
    let times: Vec<Duration> = arrivals.iter().flat_map(|it| vec![it.at; it.span_count()]).collect();
    for size in [10, 512, 8_192] {
        let mut end = 0;
        for request in regrouped(&arrivals, size) {
            end += request.span_count();
            assert_eq!(request.at, times[end - 1]);
        }
        assert_eq!(end, times.len());
    }
}

#[test]
fn the_scopes_of_a_pod_share_its_resource_where_they_are_not_divided() {
    let arrivals = arrivals();
    let resources = |arrivals: &[Arrival]| -> usize {
        arrivals.iter().map(|arrival| arrival.request.resource_spans.len()).sum()
    };
    assert_eq!(resources(&regrouped(&arrivals, 1_000_000)), resources(&arrivals));
}

#[test]
fn nothing_regrouped_is_nothing() {
    assert_eq!(regrouped(&[], 5), []);
}
