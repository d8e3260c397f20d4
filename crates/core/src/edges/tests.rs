use super::*;
use crate::{Attributes, DependencyQuery, SpanId, SpanKind, StatusCode, otlp, samples, v1};

const SECOND: u64 = 1_000_000_000;

fn id(number: u8) -> SpanId {
    SpanId::new([number; 8])
}

fn span(own: u8, parent: u8, service: &str, kind: SpanKind) -> otlp::Span {
    otlp::Span {
        resource: samples::service(service),
        span_id: id(own),
        parent_span_id: Some(id(parent)).filter(|id| !id.is_zero()),
        kind,
        start_time_unix_nano: 600 * SECOND,
        end_time_unix_nano: 601 * SECOND,
        ..samples::otlp()
    }
}

fn link(to: u8) -> otlp::Link {
    otlp::Link { trace_id: Some(samples::trace_id(1)), span_id: id(to), ..samples::link() }
}

/// Source, parent, child and calls of each edge, over all time.
fn found(spans: impl IntoIterator<Item = otlp::Span>) -> Vec<String> {
    found_in(&spans.into_iter().map(Span::Otlp).collect::<Vec<_>>())
}

fn found_in(spans: &[Span]) -> Vec<String> {
    let edges = Edges::of_spans(spans);
    let text = |(edge, totals): (&Edge<Arc<str>>, &EdgeTotals)| {
        format!("{} {} {} {}", edge.source.as_str(), edge.parent, edge.child, totals.calls)
    };
    edges.iter().map(text).collect()
}

use SpanKind::{Client, Consumer, Internal, Producer, Server};

#[test]
fn a_child_is_called_by_its_parents_service_also_if_it_is_the_same() {
    let spans = [
        span(1, 0, "web", Server),
        span(2, 1, "web", Client),
        span(3, 2, "cart", Server),
        span(4, 2, "cart", Server),
    ];
    assert_eq!(found(spans), ["calls web cart 2", "calls web web 1"]);
}

#[test]
fn a_parent_of_another_trace_or_of_none_is_not_there() {
    let other = otlp::Span { trace_id: samples::trace_id(2), ..span(2, 1, "cart", Server) };
    assert!(found([span(1, 0, "web", Server), other, span(3, 9, "db", Server)]).is_empty());
    let mut reader = EdgeSpanReader::default();
    let spans = [span(1, 0, "web", Server), span(2, 1, "a", Server), span(3, 9, "b", Server)];
    let mut spans: Vec<_> = spans.into_iter().map(|span| reader.read(&Span::Otlp(span))).collect();
    let unmatched = join(&mut spans, reader.names(), |_| {});
    assert_eq!(unmatched.iter().map(|child| child.id).collect::<Vec<_>>(), [id(3)]);
}

#[test]
fn halves_that_share_an_id_are_one_call_and_children_hang_on_the_servers() {
    let spans = [
        span(1, 0, "web", Server),
        span(2, 1, "web", Client),
        span(2, 1, "cart", Server),
        span(3, 2, "db", Server),
        span(4, 2, "mail", Producer),
        span(4, 2, "worker", Consumer),
    ];
    let expected = [
        "calls cart db 1",
        "calls cart mail 1",
        "calls mail worker 1",
        "calls web cart 1",
        "calls web web 1",
    ];
    assert_eq!(found(spans), expected);
}

#[test]
fn a_span_does_not_call_itself() {
    assert!(found([span(1, 1, "web", Internal)]).is_empty());
}

#[test]
fn exact_duplicates_count_once_and_other_spans_with_the_id_count() {
    let (root, child) = (span(1, 0, "web", Server), span(2, 1, "cart", Server));
    let changed = otlp::Span { end_time_unix_nano: 602 * SECOND, ..child.clone() };
    assert_eq!(found([root.clone(), child.clone(), child.clone()]), ["calls web cart 1"]);
    assert_eq!(found([root, child, changed]), ["calls web cart 2"]);
}

#[test]
fn of_spans_with_one_id_the_first_to_start_stands_for_them() {
    let later = otlp::Span { start_time_unix_nano: 601 * SECOND, ..span(1, 0, "a", Server) };
    let spans = [later, span(1, 0, "b", Server), span(1, 0, "0", Internal), span(2, 1, "c", Server)];
    assert_eq!(found(spans.clone()), ["calls b c 1"]);
    let mut spans = spans;
    spans.reverse();
    assert_eq!(found(spans), ["calls b c 1"]);
}

/// Looking at all spans with an id for each of them would take days.
#[test]
fn neither_many_spans_with_one_id_nor_many_references_take_long() {
    const MANY: u64 = 200_000;
    let mut half = span(2, 1, "cart", Server);
    let mut reader = EdgeSpanReader::default();
    let client = span(2, 1, "web", Client);
    let mut spans = vec![reader.read(&Span::Otlp(client.clone()))];
    for number in 0..MANY {
        half.end_time_unix_nano = 700 * SECOND + number;
        spans.push(reader.read(&Span::Otlp(half.clone())));
    }
    let link = |number: u64| otlp::Link { span_id: SpanId::new(number.to_be_bytes()), ..link(1) };
    let linking =
        otlp::Span { links: (1..MANY).chain(1..MANY).map(link).collect(), ..span(3, 2, "worker", Consumer) };
    spans.push(reader.read(&Span::Otlp(linking)));
    let mut calls = 0;
    let unmatched = join(&mut spans, reader.names(), |_| calls += 1);
    assert_eq!((calls, unmatched.len()), (MANY + 1, 1));
}

#[test]
fn links_within_the_trace_are_edges_of_their_own_source() {
    let mut consumer = span(3, 0, "worker", Consumer);
    consumer.links = vec![link(1), link(1), otlp::Link { trace_id: Some(samples::trace_id(2)), ..link(2) }];
    let spans = [span(1, 0, "web", Producer), span(2, 0, "cart", Producer), consumer];
    assert_eq!(found(spans), ["links web worker 1"]);
}

#[test]
fn a_plain_link_to_the_parent_adds_nothing_and_follows_from_makes_it_a_link() {
    let mut child = span(2, 1, "cart", Consumer);
    child.links = vec![link(1)];
    assert_eq!(found([span(1, 0, "web", Producer), child.clone()]), ["calls web cart 1"]);
    child.links[0].attributes = Attributes::from([("opentracing.ref_type", "follows_from")]);
    assert_eq!(found([span(1, 0, "web", Producer), child]), ["links web cart 1"]);
}

#[test]
fn every_reference_of_jaegers_first_model_counts() {
    let v1 = |own: u8, service: &str, references: &[(u8, v1::SpanRefType)]| {
        let reference = |(to, ref_type): &(u8, v1::SpanRefType)| v1::SpanRef {
            trace_id: Some(samples::trace_id(1)),
            span_id: id(*to),
            ref_type: *ref_type,
        };
        Span::V1(v1::Span {
            span_id: id(own),
            references: references.iter().map(reference).collect(),
            process: Some(Arc::new(v1::Process {
                service_name: service.to_owned(),
                ..v1::Process::default()
            })),
            ..samples::v1()
        })
    };
    use v1::SpanRefType::{ChildOf, FollowsFrom};
    let spans = [
        v1(1, "a", &[]),
        v1(2, "b", &[]),
        v1(3, "c", &[(1, ChildOf), (2, ChildOf), (2, ChildOf)]),
        v1(4, "d", &[(3, FollowsFrom)]),
        v1(5, "e", &[(1, ChildOf), (1, FollowsFrom)]),
    ];
    assert_eq!(found_in(&spans), ["calls a c 1", "calls b c 1", "links a e 1", "links c d 1"]);
}

#[test]
fn a_leaf_client_calls_what_it_names_unless_that_sends_spans() {
    let client = |own, kind| otlp::Span {
        attributes: Attributes::from([("db.system.name", "redis")]),
        status: otlp::Status { code: StatusCode::Error, ..otlp::Status::default() },
        ..span(own, 1, "web", kind)
    };
    let root = span(1, 0, "web", Server);
    assert_eq!(found([root.clone(), client(2, Client)]), ["calls web web 1", "virtual web redis 1"]);
    let edges = Edges::of_spans(&[Span::Otlp(client(2, Client))]);
    assert_eq!(edges.iter().map(|(_, totals)| totals.errors).collect::<Vec<_>>(), [1]);
    assert!(found([client(2, Internal)]).is_empty());
    assert_eq!(
        found([client(2, Client), span(3, 2, "redis", Server)]),
        ["calls web redis 1"],
        "it has a child"
    );
    assert_eq!(
        found([client(2, Client), span(2, 1, "redis", Server)]),
        ["calls web redis 1"],
        "it has a server's half"
    );
    let mut linking = span(3, 0, "worker", Consumer);
    linking.links = vec![link(2)];
    assert_eq!(found([client(2, Producer), linking]), ["links web worker 1"], "it is linked");
}

#[test]
fn services_that_are_not_listed_have_no_edges() {
    let long = "s".repeat(1025);
    let spans =
        [span(1, 0, "", Server), span(2, 1, "a", Server), span(3, 2, &long, Server), span(4, 3, "b", Server)];
    assert!(found(spans).is_empty());
}

#[test]
fn errors_and_latency_are_the_childs() {
    let failed = otlp::Status { code: StatusCode::Error, ..otlp::Status::default() };
    let parent = otlp::Span { status: failed.clone(), ..span(1, 0, "web", Server) };
    let child = otlp::Span { end_time_unix_nano: 602 * SECOND, ..span(2, 1, "cart", Server) };
    let bad = otlp::Span { status: failed, ..span(3, 1, "cart", Server) };
    let edges = Edges::of_spans([parent, child, bad].map(Span::Otlp).iter());
    let (edge, totals) = edges.iter().next().unwrap();
    assert_eq!((edge.bucket, totals.calls, totals.errors), (EdgeBucket(2), 2, 1));
    let buckets = [1, 2].map(|seconds| (LatencyHistogram::bucket(seconds * i128::from(SECOND)), 1));
    assert_eq!(totals.latency.iter().collect::<Vec<_>>(), buckets);
}

#[test]
fn an_answer_sums_the_buckets_that_its_range_overlaps_over_the_sources_it_asks_for() {
    let at = |own, parent, service, second: u64| otlp::Span {
        start_time_unix_nano: second * SECOND,
        end_time_unix_nano: second * SECOND,
        ..span(own, parent, service, Server)
    };
    let mut linking = at(5, 0, "b", 899);
    linking.links = vec![link(1)];
    let spans = [at(1, 0, "a", 0), at(2, 1, "b", 599), at(3, 1, "b", 600), at(4, 1, "c", 600), linking];
    let edges = Edges::of_spans(spans.map(Span::Otlp).iter());
    let answer = |from, to, sources| {
        let query =
            DependencyQuery { start: UnixNanos::from_secs(from), end: UnixNanos::from_secs(to), sources };
        edges
            .links(&query)
            .into_iter()
            .map(|link| format!("{}{}{}", link.parent, link.child, link.call_count))
            .collect::<Vec<_>>()
    };
    let calls = EdgeSources::default();
    assert_eq!(answer(700, 700, calls), ["ab1", "ac1"]);
    assert_eq!(answer(599, 600, calls), ["ab2", "ac1"]);
    assert_eq!(answer(0, 9999, [EdgeSource::Calls, EdgeSource::Links].into_iter().collect()), ["ab3", "ac1"]);
    assert_eq!(answer(-62_135_596_800, 599, calls), ["ab1"]);
    for (from, to) in [(700, 699), (900, 900), (-9, -1)] {
        assert!(answer(from, to, calls).is_empty(), "{from} {to}");
    }
}
