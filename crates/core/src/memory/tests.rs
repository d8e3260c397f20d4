use futures::{FutureExt, StreamExt, TryStreamExt};

use super::*;
use crate::{Predicate, Range, SpanId, otlp, samples};

/// The answer of a future that waits for nothing, as those of this store.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn span(trace: u8, own: u8, service: &str, start: u64) -> Span {
    Span::Otlp(otlp::Span {
        trace_id: samples::trace_id(trace),
        span_id: SpanId::new([own; 8]),
        resource: samples::service(service),
        name: "op".to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1,
        ..samples::otlp()
    })
}

fn store(spans: Vec<Span>) -> MemoryStore {
    let store = MemoryStore::new();
    now(store.write_spans(&Tenant::default(), spans)).unwrap();
    store
}

fn found(store: &MemoryStore, query: TraceQuery) -> Vec<(TraceId, usize)> {
    let chunks: Vec<_> = now(store.find_traces(&Tenant::default(), query).try_collect()).unwrap();
    chunks.iter().map(|chunk: &TraceChunk| (chunk.trace_id(), chunk.spans().len())).collect()
}

#[test]
fn traces_are_ordered_by_the_newest_matching_start_then_by_id() {
    let store = store(vec![
        span(1, 1, "a", 50),
        span(2, 1, "a", 40),
        span(2, 2, "b", 90), // newer, but it does not match
        span(4, 1, "a", 50),
        span(3, 1, "a", 60),
        span(5, 1, "b", 99),
    ]);
    let query = TraceQuery { predicate: Predicate::Service("a".to_owned()), ..TraceQuery::default() };
    let ids = [3, 1, 4, 2].map(samples::trace_id);
    assert_eq!(found(&store, query.clone()).into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
    for limit in 1..=4 {
        let query = TraceQuery { limit: limit.try_into().unwrap(), ..query.clone() };
        assert_eq!(found(&store, query).len(), limit);
    }
}

#[test]
fn only_matching_spans_inside_the_range_decide_the_order() {
    let store = store(vec![span(1, 1, "a", 10), span(1, 2, "a", 99), span(2, 1, "a", 20)]);
    let start = Range { min: None, max: Some(UnixNanos(50)) };
    let query = TraceQuery { start, ..TraceQuery::default() };
    assert_eq!(found(&store, query), [(samples::trace_id(2), 1), (samples::trace_id(1), 2)]);
}

#[test]
fn duplicates_collapse_and_spans_that_share_an_id_stay() {
    let store = store(vec![span(1, 1, "a", 10), span(1, 1, "a", 10), span(1, 1, "a", 11)]);
    now(store.write_spans(&Tenant::default(), vec![span(1, 1, "a", 10)])).unwrap();
    assert_eq!(found(&store, TraceQuery::default()), [(samples::trace_id(1), 2)]);
}

#[test]
fn ids_are_answered_in_the_order_asked_each_once() {
    let store = store(vec![span(1, 1, "a", 10), span(2, 1, "a", 10)]);
    let asked = [2, 9, 1, 2].map(|number| TraceRef::from(samples::trace_id(number))).to_vec();
    let chunks: Vec<_> = now(store.get_traces(&Tenant::default(), asked).collect());
    let ids: Vec<_> = chunks.into_iter().map(|chunk| chunk.unwrap().trace_id()).collect();
    assert_eq!(ids, [2, 1].map(samples::trace_id));
}

#[test]
fn tenants_do_not_see_each_other() {
    let store = store(vec![span(1, 1, "a", 10)]);
    let other = Tenant::new("other").unwrap();
    assert_eq!(now(store.services(&other)).unwrap(), Vec::<String>::new());
    assert_eq!(now(store.services(&Tenant::default())).unwrap(), ["a"]);
}

#[test]
fn lists_leave_out_empty_and_overlong_names() {
    let (listed, too_long) = ("n".repeat(1024), "n".repeat(1025));
    let store = store(vec![span(1, 1, &listed, 1), span(1, 2, &too_long, 1), span(1, 3, "", 1)]);
    assert_eq!(now(store.services(&Tenant::default())).unwrap(), [listed]);
    let predicate = Predicate::Service(too_long);
    assert_eq!(found(&store, TraceQuery { predicate, ..TraceQuery::default() }).len(), 1);
}

#[test]
fn operations_are_distinct_by_name_and_kind() {
    let with_kind = |kind| {
        let span =
            otlp::Span { kind, resource: samples::service("a"), name: "op".to_owned(), ..samples::otlp() };
        Span::Otlp(span)
    };
    let store = store(vec![
        with_kind(crate::SpanKind::Server),
        with_kind(crate::SpanKind::Server),
        with_kind(crate::SpanKind::Unspecified),
        span(1, 1, "b", 1),
    ]);
    let ask = |service: &str, span_kind: &str| {
        let query = OperationQuery { service: service.to_owned(), span_kind: span_kind.to_owned() };
        now(store.operations(&Tenant::default(), query)).unwrap()
    };
    let operation = |kind: &str| Operation { name: "op".to_owned(), span_kind: kind.to_owned() };
    assert_eq!(ask("a", ""), [operation(""), operation("server")]);
    assert_eq!(ask("a", "server"), [operation("server")]);
    assert_eq!(ask("a", "client"), []);
    assert_eq!(ask("c", ""), []);
}

#[test]
fn a_cleared_store_is_empty() {
    let store = store(vec![span(1, 1, "a", 10)]);
    store.clear();
    assert_eq!(found(&store, TraceQuery::default()), []);
}
