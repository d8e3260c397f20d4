//! Answers of any size in messages that a client with gRPC's usual limit takes, which these clients have.

use std::collections::HashSet;

use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindTraceIDsRequest, FindTraceSummariesRequest, GetOperationsRequest, GetServicesRequest,
    TraceQueryParameters,
};
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use prost::Message;
use tonic::Code;
use tonic::codec::CompressionEncoding;

use crate::common::{Server, all, by_id, find, of_service, pair, span, spans_of, text};
use crate::fakes::{Answer, Fake};

const CLIENT_LIMIT: usize = 4 * 1024 * 1024;

#[tokio::test]
async fn a_trace_of_10008_spans_comes_in_messages_below_the_limit() {
    let server = Server::in_memory().await;
    let filler = "f".repeat(1000);
    let large = |number| Span { attributes: vec![text("filler", &filler)], ..span(1, number) };
    server.export(vec![of_service("shop", (1..=10_008).map(large).collect())]).await;
    server.export(vec![of_service("shop", vec![span(2, 1)])]).await;
    let query = TraceQueryParameters { service_name: "shop".into(), ..Default::default() };
    let messages = all(server.reader().find_traces(find(query)).await.unwrap().into_inner()).await;
    assert!(messages.len() > 3, "{}", messages.len());
    let mut traces = Vec::new();
    for message in &messages {
        assert!(message.encoded_len() < CLIENT_LIMIT);
        let of_message: HashSet<_> =
            spans_of(std::slice::from_ref(message)).iter().map(|s| s.trace_id[0]).collect();
        assert_eq!(of_message.len(), 1, "never mixed, never empty");
        traces.extend(of_message);
    }
    traces.dedup();
    assert_eq!(traces, [1, 2], "one after the other");
    let ids: HashSet<_> =
        spans_of(&messages).into_iter().map(|s| (s.trace_id.clone(), s.span_id.clone())).collect();
    assert_eq!((spans_of(&messages).len(), ids.len()), (10_009, 10_009));
}

#[tokio::test]
async fn a_span_larger_than_a_message_comes_back_cut_and_marked() {
    let server = Server::in_memory().await;
    let huge =
        Span { attributes: vec![text("k", "kept"), text("huge", &"h".repeat(5_000_000))], ..span(1, 1) };
    server.export(vec![of_service("shop", vec![huge, span(1, 2)])]).await;
    let messages = server.trace(1).await;
    let spans = spans_of(&messages);
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].attributes[0], text("k", "kept"));
    let Some(Value::StringValue(cut)) = &spans[0].attributes[1].value.as_ref().unwrap().value else {
        panic!()
    };
    assert!(cut.len() > 4_000_000 && cut.bytes().all(|byte| byte == b'h'));
    assert_eq!(spans[0].attributes[2].key, "@jaeger@warnings");
    assert_eq!(*spans[1], span(1, 2));
    assert!(messages.iter().all(|message| message.encoded_len() < CLIENT_LIMIT));
}

#[tokio::test]
async fn a_list_that_does_not_fit_into_one_message_is_refused_and_a_summary_is_cut() {
    let server = Server::over(Fake::new(Answer::Huge).stores()).await;
    let mut reader = server.reader();
    let services = reader.get_services(GetServicesRequest {}).await.unwrap_err();
    let operations = reader.get_operations(GetOperationsRequest::default()).await.unwrap_err();
    let query = |search_depth| {
        let service_name = "shop".into();
        Some(TraceQueryParameters { service_name, search_depth, ..Default::default() })
    };
    let ids = reader.find_trace_i_ds(FindTraceIDsRequest { query: query(200_000) }).await.unwrap_err();
    for refused in [services, operations, ids] {
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.details().is_empty(), "trying again is of no use");
    }
    assert!(reader.find_trace_i_ds(FindTraceIDsRequest { query: query(50_000) }).await.is_ok());
    let asked = FindTraceSummariesRequest { query: query(1) };
    let summaries = all(reader.find_trace_summaries(asked).await.unwrap().into_inner()).await;
    assert!(summaries[0].encoded_len() < CLIENT_LIMIT);
    assert_eq!(summaries[0].summaries[0].span_count, 10_000);
}

#[tokio::test]
async fn messages_are_compressed_both_ways_for_a_client_that_wants_it() {
    for (encoding, name) in [(CompressionEncoding::Gzip, "gzip"), (CompressionEncoding::Zstd, "zstd")] {
        let server = Server::in_memory().await;
        let bytes = pair("bytes", Value::BytesValue(vec![7; 100_000]));
        let sent = Span { attributes: vec![bytes], ..span(1, 1) };
        let mut exporter = server.exporter().send_compressed(encoding).accept_compressed(encoding);
        let request =
            jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest {
                resource_spans: vec![of_service("shop", vec![sent.clone()])],
            };
        let answer = exporter.export(request).await.unwrap();
        assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), name);
        let mut reader = server.reader().send_compressed(encoding).accept_compressed(encoding);
        let asked = jaeger_dynamodb_proto::jaeger::storage::v2::GetTracesRequest { query: vec![by_id(1)] };
        let answer = reader.get_traces(asked).await.unwrap();
        assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), name);
        assert_eq!(spans_of(&all(answer.into_inner()).await), [&sent]);
    }
}
