//! What the demo-like workload promises.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_loadgen::{Arrival, Load, Workload};
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, KeyValue};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::status::StatusCode;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, Span};
use prost::Message;

const START: UnixNanos = UnixNanos::from_secs(1_760_000_000);

fn load(spans_per_second: u32, seconds: u64) -> Load {
    Load { spans_per_second, duration: Duration::from_secs(seconds), start: START }
}

fn resources(arrivals: &[Arrival]) -> impl Iterator<Item = &ResourceSpans> {
    arrivals.iter().flat_map(|arrival| &arrival.request.resource_spans)
}

fn spans(arrivals: &[Arrival]) -> impl Iterator<Item = &Span> {
    resources(arrivals).flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
}

fn traces(arrivals: &[Arrival]) -> HashMap<&[u8], Vec<&Span>> {
    let mut traces: HashMap<&[u8], Vec<&Span>> = HashMap::new();
    for span in spans(arrivals) {
        traces.entry(&span.trace_id).or_default().push(span);
    }
    traces
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let value = attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref();
    match value {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => Some(text),
        _ => None,
    }
}

fn service(resource: &ResourceSpans) -> &str {
    text(&resource.resource.as_ref().unwrap().attributes, "service.name").unwrap()
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let bytes = |seed| -> Vec<_> {
        let arrivals = Workload::demo(seed).arrivals(load(500, 6));
        arrivals.map(|arrival| (arrival.at, arrival.request.encode_to_vec())).collect()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn traces_have_the_sizes_and_the_share_of_failures_of_a_demo() {
    let arrivals: Vec<_> = Workload::demo(3).arrivals(load(2_000, 60)).collect();
    let traces = traces(&arrivals);
    let sizes: Vec<usize> = traces.values().map(Vec::len).collect();
    let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
    let failed = traces.values().filter(|spans| spans.iter().any(|span| has_exception(span))).count();
    let share = 100.0 * failed as f64 / traces.len() as f64;
    println!("{} traces, {mean:.2} spans each, {failed} failed ({share:.2} %)", traces.len());
    assert!((16.0..=19.0).contains(&mean), "{mean}");
    assert_eq!((sizes.iter().min(), sizes.iter().max()), (Some(&9), Some(&62)));
    assert!((0.4..=0.8).contains(&share), "{share}");
}

fn has_exception(span: &Span) -> bool {
    let is_exception = |event: &jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::Event| {
        event.name == "exception"
            && text(&event.attributes, "exception.stacktrace").is_some_and(|it| it.contains('\n'))
    };
    span.events.iter().any(is_exception)
}

#[test]
fn an_exception_fails_everybody_who_waits_for_it() {
    let arrivals: Vec<_> = Workload::demo(3).arrivals(load(2_000, 60)).collect();
    let mut seen = 0;
    for spans in traces(&arrivals).values() {
        let by_id: HashMap<_, _> = spans.iter().map(|span| (&span.span_id, *span)).collect();
        let failed =
            |span: &Span| span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
        let mut next = spans.iter().copied().find(|span| has_exception(span));
        assert_eq!(next.is_some(), spans.iter().any(|span| failed(span)));
        while let Some(span) = next.filter(|span| span.kind() != SpanKind::Producer) {
            assert!(failed(span), "{}", span.name);
            seen += 1;
            next = by_id.get(&span.parent_span_id).copied();
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn every_trace_is_whole_and_children_lie_inside_their_parents() {
    let arrivals: Vec<_> = Workload::demo(5).arrivals(load(500, 20)).collect();
    for spans in traces(&arrivals).values() {
        let by_id: HashMap<_, _> = spans.iter().map(|span| (&span.span_id, *span)).collect();
        assert_eq!(by_id.len(), spans.len());
        assert_eq!(spans.iter().filter(|span| span.parent_span_id.is_empty()).count(), 1);
        for span in spans.iter().filter(|span| !span.parent_span_id.is_empty()) {
            let parent = by_id[&span.parent_span_id];
            assert!(
                span.start_time_unix_nano >= parent.start_time_unix_nano,
                "{} in {}",
                span.name,
                parent.name
            );
            let is_late = span.kind() == SpanKind::Consumer;
            assert!(
                is_late || span.end_time_unix_nano <= parent.end_time_unix_nano,
                "{} in {}",
                span.name,
                parent.name
            );
        }
        for span in spans {
            assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
            let moments = span.start_time_unix_nano..=span.end_time_unix_nano;
            assert!(span.events.iter().all(|event| moments.contains(&event.time_unix_nano)));
        }
    }
}

#[test]
fn sixteen_services_describe_their_pods_with_25_to_30_attributes() {
    let arrivals: Vec<_> = Workload::demo(8).arrivals(load(1_000, 20)).collect();
    let mut pods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for resource in resources(&arrivals) {
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        assert!((25..=30).contains(&attributes.len()), "{}: {}", service(resource), attributes.len());
        pods.entry(service(resource)).or_default().insert(text(attributes, "k8s.pod.uid").unwrap());
    }
    assert_eq!(pods.len(), 16);
    assert!(pods["frontend"].len() > 1, "the busiest service has more than 250 spans/s");
    assert_eq!(pods["email"].len(), 1);
}

#[test]
fn no_placeholder_is_left_in_any_text() {
    for workload in [Workload::demo(1), Workload::three_span_traces(1), Workload::many_services(1)] {
        for arrival in workload.arrivals(load(1_000, 10)) {
            let texts = format!("{:?}", arrival.request);
            for name in [
                "{self", "{server", "{caller", "{rpc", "{method", "{path", "{route", "{user", "{p",
                "{version",
            ] {
                assert!(
                    !texts.contains(name),
                    "{name}: {}",
                    texts.split_at(texts.find(name).unwrap()).1.split_at(60).0
                );
            }
        }
    }
}

#[test]
fn requests_arrive_in_order_and_merge_what_pods_send() {
    let arrivals: Vec<_> = Workload::demo(8).arrivals(load(1_000, 60)).collect();
    assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
    let steady: Vec<_> =
        arrivals.iter().filter(|arrival| (10..60).contains(&arrival.at.as_secs())).cloned().collect();
    let count: usize = steady.iter().map(Arrival::span_count).sum();
    let bytes: usize = steady.iter().map(|arrival| arrival.request.encoded_len()).sum();
    let requests = steady.len() as f64 / 50.0;
    println!(
        "{requests:.1} requests/s, {:.0} spans each, {:.0} bytes a span on the wire",
        count as f64 / steady.len() as f64,
        bytes as f64 / count as f64
    );
    assert!((900..=1_100).contains(&(count / 50)), "{} spans/s", count / 50);
    assert!((2.0..=6.0).contains(&requests), "{requests} requests/s");
    for arrival in &steady {
        let pods: Vec<_> = arrival.request.resource_spans.iter().map(|spans| &spans.resource).collect();
        assert!(
            (1..pods.len()).all(|one| !pods[..one].contains(&pods[one])),
            "a pod stands twice in a request"
        );
        assert!(spans(std::slice::from_ref(arrival)).all(|span| {
            u128::from(span.end_time_unix_nano) <= u128::try_from(START.0).unwrap() + arrival.at.as_nanos()
        }));
    }
}

#[test]
fn a_span_takes_350_to_500_bytes_on_the_wire() {
    let arrivals: Vec<_> = Workload::demo(8).arrivals(load(1_000, 60)).collect();
    // The resources of a request of 200 spans.
    let resource: usize =
        resources(&arrivals).map(|spans| spans.resource.as_ref().unwrap().encoded_len()).sum();
    let resource = resource as f64 / resources(&arrivals).count() as f64;
    let bytes: usize = spans(&arrivals).map(|span| span.encoded_len() + 3).sum();
    let each = bytes as f64 / spans(&arrivals).count() as f64 + resource / 200.0;
    println!("{each:.0} bytes a span, {resource:.0} a resource");
    assert!((350.0..=500.0).contains(&each), "{each}");
}
