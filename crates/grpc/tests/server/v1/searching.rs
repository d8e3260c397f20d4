//! What a search finds.

use jaeger_dynamodb_proto::jaeger::api_v2::{KeyValue, Span, ValueType};
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    FindTraceIDsRequest, FindTracesRequest, TraceQueryParameters,
};
use prost_types::{Duration, Timestamp};
use tonic::Code;

use super::common::{at, tag, typed, v1_span};
use crate::common::Server;
use crate::fakes::{Answer, Fake};

const YEAR_ONE: i64 = -62_135_596_800;

/// Traces 1 to 3, of which each starts ten seconds after the one before.
async fn server() -> Server {
    let server = Server::in_memory().await;
    for trace in 1..=3 {
        server.write(v1_span(trace, u64::from(trace) * 10)).await.unwrap();
    }
    server
}

fn in_shop() -> TraceQueryParameters {
    TraceQueryParameters { service_name: "shop".into(), ..TraceQueryParameters::default() }
}

fn with_tags<const N: usize>(tags: [(&str, &str); N]) -> TraceQueryParameters {
    let tags = tags.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
    TraceQueryParameters { tags, ..in_shop() }
}

#[tokio::test]
async fn the_newest_traces_come_first_and_no_number_means_a_hundred() {
    let server = Server::in_memory().await;
    for trace in 1..=120 {
        server.write(v1_span(trace, u64::from(trace))).await.unwrap();
    }
    let newest: Vec<u8> = (1..=120).rev().collect();
    for num_traces in [0, -1, i32::MIN] {
        let found = server.v1_found_traces(TraceQueryParameters { num_traces, ..in_shop() }).await;
        assert_eq!(found, newest[..100]);
    }
    for (num_traces, expected) in [(1, 1), (100, 100), (1000, 120)] {
        let found = server.v1_found_traces(TraceQueryParameters { num_traces, ..in_shop() }).await;
        assert_eq!(found, newest[..expected]);
    }
}

#[tokio::test]
async fn a_time_of_year_one_is_no_bound_while_1970_is_one() {
    let server = server().await;
    for (min, max, expected) in [
        (at(YEAR_ONE), at(YEAR_ONE), &[3, 2, 1][..]),
        (None, None, &[3, 2, 1]),
        (at(20), at(YEAR_ONE), &[3, 2]),
        (at(YEAR_ONE), at(20), &[2, 1]),
        (at(10), at(20), &[2, 1]),
        (None, at(0), &[]),
        (at(20), at(10), &[]),
        (Some(Timestamp { seconds: 10, nanos: 1 }), None, &[3, 2]),
    ] {
        let query = TraceQueryParameters { start_time_min: min, start_time_max: max, ..in_shop() };
        assert_eq!(server.v1_found_traces(query).await, expected, "{min:?} {max:?}");
    }
}

#[tokio::test]
async fn durations_are_inclusive_zero_is_no_bound_and_reversed_ones_find_nothing() {
    let server = server().await;
    let took = |nanos| Some(Duration { seconds: 0, nanos });
    let long = |min, max| TraceQueryParameters { duration_min: min, duration_max: max, ..in_shop() };
    for (min, max, expected) in [
        (took(500), took(500), 3),
        (took(0), took(0), 3),
        (took(501), took(0), 0),
        (None, took(499), 0),
        (took(600), took(400), 0),
    ] {
        assert_eq!(server.v1_found_traces(long(min, max)).await.len(), expected, "{min:?} {max:?}");
    }
}

#[tokio::test]
async fn tags_are_compared_by_the_text_that_jaegers_first_model_gives_them() {
    let server = Server::in_memory().await;
    let tags = vec![
        tag("same", "one"),
        tag("same", "two"),
        KeyValue { v_float64: Some(1e21), ..typed("float", ValueType::Float64) },
        KeyValue { v_float64: Some(1e-7), ..typed("small", ValueType::Float64) },
        KeyValue { v_binary: vec![0xab, 0xcd], ..typed("binary", ValueType::Binary) },
        typed("nothing", ValueType::Bool),
        typed("empty", ValueType::String),
    ];
    server.write(Span { tags, ..v1_span(1, 1) }).await.unwrap();
    for found in [
        [("same", "one"), ("float", "1e+21")],
        [("same", "two"), ("small", "1e-07")],
        [("binary", "abcd"), ("nothing", "false")],
        [("empty", ""), ("same", "one")],
    ] {
        assert_eq!(server.v1_found_traces(with_tags(found)).await, [1], "{found:?}");
        let [one, other] = found;
        assert_eq!(server.v1_found_traces(with_tags([other, one])).await, [1], "in any order");
    }
    for absent in [("binary", "q80="), ("small", "1e-7"), ("same", "three"), ("other", "one")] {
        assert!(server.v1_found_traces(with_tags([absent])).await.is_empty(), "{absent:?}");
    }
}

#[tokio::test]
async fn everything_asked_for_must_hold_on_one_span_and_the_whole_trace_comes() {
    let server = Server::in_memory().await;
    server.write(Span { tags: vec![tag("a", "1")], ..v1_span(1, 1) }).await.unwrap();
    server.write(Span { tags: vec![tag("b", "2")], ..v1_span(1, 2) }).await.unwrap();
    assert!(server.v1_found(with_tags([("a", "1"), ("b", "2")])).await.is_empty());
    assert_eq!(server.v1_found(with_tags([("a", "1")])).await.len(), 2);
    let operation_name = "operation 2".to_owned();
    assert_eq!(server.v1_found(TraceQueryParameters { operation_name, ..in_shop() }).await.len(), 2);
}

#[tokio::test]
async fn ids_are_found_in_the_order_of_the_traces() {
    let server = server().await;
    let query = Some(TraceQueryParameters { num_traces: 2, ..in_shop() });
    let answer = server.v1_reader().find_trace_i_ds(FindTraceIDsRequest { query }).await.unwrap();
    assert_eq!(answer.into_inner().trace_ids, [vec![3; 16], vec![2; 16]]);
}

#[tokio::test]
async fn what_is_no_query_is_refused() {
    let server = server().await;
    let refusal = async |query| {
        server.v1_reader().find_traces(FindTracesRequest { query }).await.map(drop).unwrap_err().code()
    };
    assert_eq!(refusal(None).await, Code::InvalidArgument);
    let malformed = Some(Timestamp { seconds: 1, nanos: -1 });
    let query = TraceQueryParameters { start_time_min: malformed, ..in_shop() };
    assert_eq!(refusal(Some(query)).await, Code::InvalidArgument);
}

#[tokio::test]
async fn only_a_store_that_needs_a_service_name_is_not_asked_without() {
    assert_eq!(server().await.v1_found_traces(TraceQueryParameters::default()).await, [3, 2, 1]);
    let needing = Server::over(Fake::new(Answer::Broken).stores()).await;
    let mut reader = needing.v1_reader();
    let find = |query| FindTracesRequest { query: Some(query) };
    let refused = reader.find_traces(find(TraceQueryParameters::default())).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let query = Some(TraceQueryParameters::default());
    let refused = reader.find_trace_i_ds(FindTraceIDsRequest { query }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(reader.find_traces(find(in_shop())).await.is_ok());
}
