//! Every rpc of the readers over a store in memory.

use jaeger_dynamodb_core::StoreErrorKind;
use jaeger_dynamodb_proto::jaeger::expression::v1::Call;
use jaeger_dynamodb_proto::jaeger::storage::v2::any_value::Value;
use jaeger_dynamodb_proto::jaeger::storage::v2::capabilities_client::CapabilitiesClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::dependency_reader_client::DependencyReaderClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindSpansRequest, FindTraceIDsRequest, FindTraceSummariesRequest, FindTracesRequest,
    GetCapabilitiesRequest, GetDependenciesRequest, GetOperationsRequest, GetServicesRequest,
    GetTracesRequest, Pagination, SearchCapabilities, ServiceSummary, TraceQueryParameters, TraceSummary,
};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{Span, Status as SpanStatus, TracesData};
use prost_types::{Duration, Timestamp};
use tonic::{Code, Request};

use crate::common::{Server, all, asked, by_id, find, in_memory, of_service, span, spans_of, text};
use crate::fakes::{Answer, Fake};

/// Traces 1 to 3, each with a span in `shop` and its child in `stock`; trace 3 failed.
async fn server() -> Server {
    let server = Server::in_memory().await;
    for trace in 1..=3 {
        let number = u64::from(trace) * 10;
        let root = Span { attributes: vec![text("user", "ann")], ..span(trace, number) };
        let status = (trace == 3).then(|| SpanStatus { code: 2, message: "oops".into() });
        let parent_span_id = root.span_id.clone();
        let child = Span { parent_span_id, kind: 3, status, ..span(trace, number + 1) };
        server.export(vec![of_service("shop", vec![root]), of_service("stock", vec![child])]).await;
    }
    server
}

fn traces_of(messages: &[TracesData]) -> Vec<u8> {
    let mut traces: Vec<_> = spans_of(messages).iter().map(|span| *span.trace_id.first().unwrap()).collect();
    traces.dedup();
    traces
}

async fn found(server: &Server, parameters: TraceQueryParameters) -> Vec<u8> {
    traces_of(&all(server.reader().find_traces(find(parameters)).await.unwrap().into_inner()).await)
}

async fn refusal(server: &Server, parameters: TraceQueryParameters) -> Code {
    server.reader().find_traces(find(parameters)).await.unwrap_err().code()
}

#[tokio::test]
async fn traces_come_back_as_they_were_sent_in_the_order_asked() {
    let server = server().await;
    let asked = GetTracesRequest { query: vec![by_id(3), by_id(9), by_id(1), by_id(3)] };
    let messages = all(server.reader().get_traces(asked).await.unwrap().into_inner()).await;
    assert_eq!(traces_of(&messages), [3, 1]);
    let root = Span { attributes: vec![text("user", "ann")], ..span(1, 10) };
    assert_eq!(messages[1].resource_spans[0], of_service("shop", vec![root]));
    assert!(server.trace(9).await.is_empty());
}

#[tokio::test]
async fn searches_find_the_newest_traces_first() {
    let server = server().await;
    let service = || TraceQueryParameters { service_name: "shop".into(), ..Default::default() };
    assert_eq!(found(&server, service()).await, [3, 2, 1]);
    assert_eq!(found(&server, TraceQueryParameters { search_depth: 2, ..service() }).await, [3, 2]);
    assert_eq!(found(&server, TraceQueryParameters::default()).await, [3, 2, 1]);
    let user = vec![asked("user", Value::StringValue("ann".into()))];
    assert_eq!(found(&server, TraceQueryParameters { attributes: user, ..service() }).await, [3, 2, 1]);
    let failed = vec![asked("error", Value::BoolValue(true))];
    assert_eq!(found(&server, TraceQueryParameters { attributes: failed, ..Default::default() }).await, [3]);
    let operation_name = "operation 20".to_owned();
    assert_eq!(found(&server, TraceQueryParameters { operation_name, ..service() }).await, [2]);
}

#[tokio::test]
async fn bounds_are_inclusive_and_reversed_ones_find_nothing() {
    let server = server().await;
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let between = |min, max| TraceQueryParameters {
        service_name: "shop".into(),
        start_time_min: at(min),
        start_time_max: at(max),
        ..Default::default()
    };
    assert_eq!(found(&server, between(10, 20)).await, [2, 1]);
    assert!(found(&server, between(20, 10)).await.is_empty());
    let took = |nanos| Some(Duration { seconds: 0, nanos });
    let long = |min, max| TraceQueryParameters {
        duration_min: took(min),
        duration_max: took(max),
        ..Default::default()
    };
    assert_eq!(found(&server, long(500, 500)).await, [3, 2, 1]);
    assert!(found(&server, long(501, 0)).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused() {
    let server = server().await;
    let paged = |page_size, page_token: &str| Some(Pagination { page_size, page_token: page_token.into() });
    let filter = TraceQueryParameters { filter: Some(Call::default()), ..Default::default() };
    assert_eq!(refusal(&server, filter.clone()).await, Code::InvalidArgument);
    let pages = TraceQueryParameters { pagination: paged(1, ""), ..Default::default() };
    assert_eq!(refusal(&server, pages).await, Code::InvalidArgument);
    let malformed = Some(Timestamp { seconds: 1, nanos: -1 });
    let time = TraceQueryParameters { start_time_min: malformed, ..Default::default() };
    assert_eq!(refusal(&server, time).await, Code::InvalidArgument);
    let missing = server.reader().find_traces(FindTracesRequest { query: None }).await.unwrap_err();
    assert_eq!(missing.code(), Code::InvalidArgument);
    let short = GetTracesRequest {
        query: vec![
            by_id(1),
            jaeger_dynamodb_proto::jaeger::storage::v2::GetTraceParams { trace_id: vec![1; 8], ..by_id(1) },
        ],
    };
    assert_eq!(server.reader().get_traces(short).await.unwrap_err().code(), Code::InvalidArgument);
    for (pagination, search_depth) in [(paged(0, ""), 0), (paged(1, "x"), 0), (paged(1, ""), 1)] {
        let query = Some(TraceQueryParameters { pagination, search_depth, ..Default::default() });
        let refused = server.reader().find_trace_i_ds(FindTraceIDsRequest { query }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let summaries = FindTraceSummariesRequest { query: Some(filter) };
    assert_eq!(
        server.reader().find_trace_summaries(summaries).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let spans = server.reader().find_spans(FindSpansRequest::default()).await.unwrap_err();
    assert_eq!(spans.code(), Code::Unimplemented);
}

#[tokio::test]
async fn ids_are_found_with_their_bounds_and_one_page_of_them() {
    let server = server().await;
    let pagination = Some(Pagination { page_size: 2, page_token: String::new() });
    let query = Some(TraceQueryParameters { pagination, ..Default::default() });
    let answer = server.reader().find_trace_i_ds(FindTraceIDsRequest { query }).await.unwrap().into_inner();
    assert_eq!(answer.next_page_token, "");
    let ids: Vec<_> = answer.trace_ids.iter().map(|found| found.trace_id.clone()).collect();
    assert_eq!(ids, [vec![3; 16], vec![2; 16]]);
    assert_eq!(answer.trace_ids[0].start, Some(Timestamp { seconds: 30, nanos: 0 }));
    assert_eq!(answer.trace_ids[0].end, Some(Timestamp { seconds: 31, nanos: 500 }));
}

#[tokio::test]
async fn summaries_are_computed_over_whole_traces() {
    let server = server().await;
    let query =
        Some(TraceQueryParameters { service_name: "stock".into(), search_depth: 1, ..Default::default() });
    let stream =
        server.reader().find_trace_summaries(FindTraceSummariesRequest { query }).await.unwrap().into_inner();
    let summaries: Vec<_> = all(stream).await.into_iter().flat_map(|message| message.summaries).collect();
    let service =
        |name: &str, errors| ServiceSummary { name: name.into(), span_count: 1, error_span_count: errors };
    let expected = TraceSummary {
        trace_id: vec![3; 16],
        root_service_name: "shop".into(),
        root_operation_name: "operation 30".into(),
        min_start_time_unix_nano: 30_000_000_000,
        max_end_time_unix_nano: 31_000_000_500,
        span_count: 2,
        error_span_count: 1,
        orphan_span_count: 0,
        services: vec![service("shop", 0), service("stock", 1)],
    };
    assert_eq!(summaries, [expected]);
}

#[tokio::test]
async fn services_and_operations_are_listed() {
    let server = server().await;
    let services = server.reader().get_services(GetServicesRequest {}).await.unwrap().into_inner().services;
    assert_eq!(services, ["shop", "stock"]);
    let operations = async |service: &str, span_kind: &str| {
        let asked = GetOperationsRequest { service: service.into(), span_kind: span_kind.into() };
        let answer = server.reader().get_operations(asked).await.unwrap().into_inner().operations;
        answer.into_iter().map(|operation| (operation.name, operation.span_kind)).collect::<Vec<_>>()
    };
    let stock =
        ["operation 11", "operation 21", "operation 31"].map(|name| (name.to_owned(), "client".to_owned()));
    assert_eq!(operations("stock", "").await, stock);
    assert_eq!(operations("stock", "client").await, stock);
    assert!(operations("stock", "server").await.is_empty());
    assert!(operations("nobody", "").await.is_empty());
}

#[tokio::test]
async fn capabilities_are_those_of_the_store() {
    for (stores, without_service_name) in [(in_memory(), true), (Fake::new(Answer::Huge).stores(), false)] {
        let server = Server::over(stores).await;
        let mut client = CapabilitiesClient::new(server.channel.clone());
        let answer = client.get_capabilities(GetCapabilitiesRequest {}).await.unwrap().into_inner();
        let expected =
            SearchCapabilities { without_service_name, same_span_conjunction: true, ..Default::default() };
        assert_eq!(answer.search, Some(expected));
    }
}

#[tokio::test]
async fn a_store_that_needs_a_service_name_is_not_asked_without() {
    let server = Server::over(Fake::new(Answer::Broken).stores()).await;
    assert_eq!(refusal(&server, TraceQueryParameters::default()).await, Code::InvalidArgument);
    let named = TraceQueryParameters { service_name: "shop".into(), ..Default::default() };
    assert!(server.reader().find_traces(find(named)).await.is_ok());
}

#[tokio::test]
async fn dependencies_are_asked_for_the_range_given() {
    let server = Server::over(Fake::new(Answer::Huge).stores()).await;
    let mut client = DependencyReaderClient::new(server.channel.clone());
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let asked = GetDependenciesRequest { start_time: at(1), end_time: at(3) };
    let answer = client.get_dependencies(asked).await.unwrap().into_inner().dependencies;
    assert_eq!(
        (answer[0].parent.as_str(), answer[0].child.as_str(), answer[0].call_count),
        ("a", "b", 2_000_000_000)
    );
    let empty = Server::in_memory().await;
    let mut client = DependencyReaderClient::new(empty.channel.clone());
    let answer = client.get_dependencies(GetDependenciesRequest::default()).await.unwrap().into_inner();
    assert!(answer.dependencies.is_empty());
}

#[tokio::test]
async fn a_request_that_names_a_tenant_is_refused() {
    let server = server().await;
    let named = |name: &'static str| {
        let mut request = Request::new(GetServicesRequest {});
        request.metadata_mut().insert("x-tenant", name.parse().unwrap());
        request
    };
    assert_eq!(server.reader().get_services(named("acme")).await.unwrap_err().code(), Code::PermissionDenied);
    assert!(server.reader().get_services(named("")).await.is_ok());
    let mut export = Request::new(Default::default());
    export.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
    assert_eq!(server.exporter().export(export).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn errors_of_the_store_reach_every_rpc() {
    let server = Server::over(Fake::new(Answer::Failing(StoreErrorKind::Unavailable)).stores()).await;
    let mut reader = server.reader();
    let query = || Some(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    let operations = GetOperationsRequest::default();
    let mut codes = vec![
        reader.get_services(GetServicesRequest {}).await.unwrap_err(),
        reader.get_operations(operations).await.unwrap_err(),
        reader.find_trace_i_ds(FindTraceIDsRequest { query: query() }).await.unwrap_err(),
    ];
    let mut traces = reader.find_traces(FindTracesRequest { query: query() }).await.unwrap().into_inner();
    codes.push(traces.message().await.unwrap_err());
    let summaries = FindTraceSummariesRequest { query: query() };
    let mut summaries = reader.find_trace_summaries(summaries).await.unwrap().into_inner();
    codes.push(summaries.message().await.unwrap_err());
    let mut dependencies = DependencyReaderClient::new(server.channel.clone());
    codes.push(dependencies.get_dependencies(GetDependenciesRequest::default()).await.unwrap_err());
    for status in codes {
        assert_eq!((status.code(), status.message()), (Code::Unavailable, "as told"));
        assert!(!status.details().is_empty());
    }
}
