//! Traces by id and lists.

use jaeger_dynamodb_core::StoreErrorKind;
use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::jaeger::api_v2::{DependencyLink, Process, Span};
use jaeger_dynamodb_proto::jaeger::storage::v1::dependencies_reader_plugin_client::DependenciesReaderPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    FindTraceIDsRequest, FindTracesRequest, GetDependenciesRequest, GetOperationsRequest, GetServicesRequest,
    GetTraceRequest, TraceQueryParameters,
};
use tonic::{Code, Request};

use super::common::{at, by_id, end_of, tag, v1_span};
use crate::common::{Server, in_memory, of_service, span, spans_of, text};
use crate::fakes::{Answer, Fake};

#[tokio::test]
async fn an_unknown_trace_and_one_without_id_are_not_found_in_exactly_these_words() {
    let server = Server::in_memory().await;
    server.write(v1_span(1, 1)).await.unwrap();
    for id in [vec![9; 16], vec![9; 8], vec![0; 16], vec![0; 8]] {
        let status = end_of(server.v1_reader().get_trace(by_id(id)).await).await;
        assert_eq!((status.code(), status.message()), (Code::NotFound, "trace not found"));
    }
}

#[tokio::test]
async fn an_id_of_another_length_is_invalid() {
    let server = Server::in_memory().await;
    for id in [vec![], vec![1; 7], vec![1; 15], vec![1; 17]] {
        let refused = server.v1_reader().get_trace(by_id(id)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn times_of_a_trace_that_is_asked_for_leave_nothing_out() {
    let server = Server::in_memory().await;
    server.write(v1_span(1, 100)).await.unwrap();
    let asked = GetTraceRequest { trace_id: vec![1; 16], start_time: at(5000), end_time: at(6000) };
    let mut stream = server.v1_reader().get_trace(asked).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().spans, [v1_span(1, 100)]);
}

#[tokio::test]
async fn spans_of_one_trace_follow_each_other_although_their_writers_took_turns() {
    let server = Server::in_memory().await;
    for number in 1..=20 {
        for trace in [2, 1, 3] {
            server.write(v1_span(trace, number)).await.unwrap();
        }
    }
    let everything = TraceQueryParameters::default;
    assert_eq!(server.v1_found_traces(everything()).await.len(), 3);
    assert_eq!(server.v1_found(everything()).await.len(), 60);
    assert_eq!(server.v1_trace(2).await.len(), 20);
}

#[tokio::test]
async fn services_are_sorted() {
    let server = Server::in_memory().await;
    for (number, name) in (1..).zip(["web", "Web", "cart", "web"]) {
        let process = Some(Process { service_name: name.to_owned(), tags: Vec::new() });
        server.write(Span { process, ..v1_span(1, number) }).await.unwrap();
    }
    let services = server.v1_reader().get_services(GetServicesRequest {}).await.unwrap().into_inner();
    assert_eq!(services.services, ["Web", "cart", "web"]);
}

/// Name and kind of each operation, and the names alone.
async fn operations(server: &Server, span_kind: &str) -> (Vec<(String, String)>, Vec<String>) {
    let asked = GetOperationsRequest { service: "shop".to_owned(), span_kind: span_kind.to_owned() };
    let answer = server.v1_reader().get_operations(asked).await.unwrap().into_inner();
    let operations = answer.operations.into_iter().map(|one| (one.name, one.span_kind));
    (operations.collect(), answer.operation_names)
}

async fn server_of_operations(unspecified: &str) -> Server {
    let config = GrpcConfig { v1_unspecified_kind: unspecified.to_owned(), ..GrpcConfig::default() };
    let server = Server::configured(in_memory(), config).await;
    for (number, (name, kind)) in (1..).zip([("b", ""), ("b", "server"), ("a", "client"), ("b", "")]) {
        let tags = if kind.is_empty() { Vec::new() } else { vec![tag("span.kind", kind)] };
        server.write(Span { operation_name: name.to_owned(), tags, ..v1_span(1, number) }).await.unwrap();
    }
    server
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, kind)| (name.to_owned(), kind.to_owned())).to_vec()
}

#[tokio::test]
async fn operations_are_sorted_and_told_with_and_without_kind() {
    let server = server_of_operations("").await;
    let (all, names) = operations(&server, "").await;
    assert_eq!(all, pairs([("a", "client"), ("b", ""), ("b", "server")]));
    assert_eq!(names, ["a", "b"]);
    assert_eq!(operations(&server, "server").await.0, pairs([("b", "server")]));
    assert!(operations(&server, "unspecified").await.0.is_empty());
}

#[tokio::test]
async fn operations_without_kind_are_told_and_asked_for_by_the_text_that_is_configured() {
    let server = server_of_operations("unspecified").await;
    let (all, names) = operations(&server, "").await;
    assert_eq!(all, pairs([("a", "client"), ("b", "server"), ("b", "unspecified")]));
    assert_eq!(names, ["a", "b"]);
    assert_eq!(operations(&server, "unspecified").await.0, pairs([("b", "unspecified")]));
    assert_eq!(operations(&server, "client").await.0, pairs([("a", "client")]));
}

#[tokio::test]
async fn what_is_written_through_one_api_is_read_through_the_other() {
    let server = Server::in_memory().await;
    server.export(vec![of_service("stock", vec![span(1, 1)])]).await;
    let server_tag = vec![tag("span.kind", "server"), tag("k", "v")];
    server.write(Span { tags: server_tag.clone(), ..v1_span(2, 2) }).await.unwrap();

    let through_v1 = server.v1_trace(1).await;
    let process = Process { service_name: "stock".into(), tags: Vec::new() };
    assert_eq!(through_v1[0].process, Some(process));
    assert_eq!(through_v1[0].tags, [tag("span.kind", "server")]);
    assert_eq!(
        Span { process: None, tags: Vec::new(), ..through_v1[0].clone() },
        Span { process: None, ..v1_span(1, 1) }
    );

    let through_v2 = server.trace(2).await;
    let expected = jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span {
        attributes: vec![text("k", "v")],
        ..span(2, 2)
    };
    assert_eq!(spans_of(&through_v2), [&expected]);
}

#[tokio::test]
async fn dependencies_are_asked_for_the_range_given_with_their_source() {
    let server = Server::over(Fake::new(Answer::Huge).stores()).await;
    let mut client = DependenciesReaderPluginClient::new(server.channel.clone());
    let asked = GetDependenciesRequest { start_time: at(1), end_time: at(3) };
    let answer = client.get_dependencies(asked).await.unwrap().into_inner().dependencies;
    let expected = DependencyLink {
        parent: "a".into(),
        child: "b".into(),
        call_count: 2_000_000_000,
        source: "jaeger".into(),
    };
    assert_eq!(answer, [expected]);
}

#[tokio::test]
async fn errors_of_the_store_reach_every_rpc() {
    let server = Server::over(Fake::new(Answer::Failing(StoreErrorKind::Unavailable)).stores()).await;
    let mut reader = server.v1_reader();
    let query = || Some(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    let mut dependencies = DependenciesReaderPluginClient::new(server.channel.clone());
    for status in [
        reader.get_services(GetServicesRequest {}).await.unwrap_err(),
        reader.get_operations(GetOperationsRequest::default()).await.unwrap_err(),
        reader.find_trace_i_ds(FindTraceIDsRequest { query: query() }).await.unwrap_err(),
        end_of(reader.find_traces(FindTracesRequest { query: query() }).await).await,
        end_of(reader.get_trace(by_id(vec![1; 16])).await).await,
        dependencies.get_dependencies(GetDependenciesRequest::default()).await.unwrap_err(),
    ] {
        assert_eq!((status.code(), status.message()), (Code::Unavailable, "as told"));
        assert!(!status.details().is_empty());
    }
}

#[tokio::test]
async fn an_error_in_the_middle_ends_the_stream_after_what_was_read() {
    let server = Server::over(Fake::new(Answer::Broken).stores()).await;
    let mut stream = server.v1_reader().get_trace(by_id(vec![1; 16])).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().spans.len(), 1);
    let error = stream.message().await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::DataLoss, "torn"));
}

#[tokio::test]
async fn a_request_that_names_a_tenant_is_refused() {
    fn named<T>(message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
        request
    }
    let server = Server::in_memory().await;
    let mut reader = server.v1_reader();
    let mut dependencies = DependenciesReaderPluginClient::new(server.channel.clone());
    for refused in [
        reader.get_trace(named(by_id(vec![1; 16]))).await.unwrap_err(),
        reader.get_services(named(GetServicesRequest {})).await.unwrap_err(),
        reader.get_operations(named(GetOperationsRequest::default())).await.unwrap_err(),
        reader.find_traces(named(FindTracesRequest::default())).await.unwrap_err(),
        reader.find_trace_i_ds(named(FindTraceIDsRequest::default())).await.unwrap_err(),
        dependencies.get_dependencies(named(GetDependenciesRequest::default())).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
}
