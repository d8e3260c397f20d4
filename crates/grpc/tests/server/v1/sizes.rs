//! Answers of any size in messages that a client with gRPC's usual limit takes, which these clients have.

use std::collections::HashSet;

use jaeger_dynamodb_proto::jaeger::api_v2::Span;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    FindTraceIDsRequest, GetOperationsRequest, GetServicesRequest, TraceQueryParameters,
};
use prost::Message;
use tonic::Code;
use tonic::codec::CompressionEncoding;

use super::common::{by_id, spans_of, tag, v1_span, writing};
use crate::common::{Server, all, of_service, span, text};
use crate::fakes::{Answer, Fake};

const CLIENT_LIMIT: usize = 4 * 1024 * 1024;

#[tokio::test]
async fn a_trace_of_10008_spans_comes_in_chunks_of_a_thousand() {
    let server = Server::in_memory().await;
    server.export(vec![of_service("shop", (1..=10_008).map(|number| span(1, number)).collect())]).await;
    let messages = server.v1_messages(vec![1; 16]).await;
    let sizes: Vec<_> = messages.iter().map(|message| message.spans.len()).collect();
    assert_eq!(sizes, [[1000; 10].as_slice(), &[8]].concat());
    let ids: HashSet<_> = spans_of(messages).into_iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len(), 10_008);
}

#[tokio::test]
async fn chunks_of_large_spans_stay_below_the_limit_and_are_filled() {
    let server = Server::in_memory().await;
    let filler = "f".repeat(30_000);
    let large = |number| {
        let mut large = span(1, number);
        large.attributes.push(text("filler", &filler));
        large
    };
    server.export(vec![of_service("shop", (1..=1000).map(large).collect())]).await;
    let query = TraceQueryParameters { service_name: "shop".into(), ..Default::default() };
    let asked = jaeger_dynamodb_proto::jaeger::storage::v1::FindTracesRequest { query: Some(query) };
    let messages = all(server.v1_reader().find_traces(asked).await.unwrap().into_inner()).await;
    assert!(messages.iter().all(|message| message.encoded_len() < CLIENT_LIMIT));
    assert!((8..12).contains(&messages.len()), "{}", messages.len());
    assert_eq!(spans_of(messages).len(), 1000);
}

#[tokio::test]
async fn a_span_larger_than_a_message_comes_back_cut_and_warns() {
    let server = Server::in_memory().await;
    let warnings = vec!["skewed".to_owned()];
    let huge =
        Span { tags: vec![tag("k", "kept"), tag("huge", &"h".repeat(5_000_000))], warnings, ..v1_span(1, 1) };
    server.write(huge).await.unwrap();
    server.write(v1_span(1, 2)).await.unwrap();
    let messages = server.v1_messages(vec![1; 16]).await;
    assert!(messages.iter().all(|message| message.encoded_len() < CLIENT_LIMIT));
    let spans = spans_of(messages);
    assert_eq!((spans.len(), &spans[0].tags[0], &spans[1]), (2, &tag("k", "kept"), &v1_span(1, 2)));
    assert!(spans[0].tags[1].v_str.len() > 4_000_000);
    assert_eq!((spans[0].warnings.len(), spans[0].warnings[0].as_str()), (2, "skewed"));
    assert!(spans[0].warnings[1].contains("cut"));
}

#[tokio::test]
async fn a_list_that_does_not_fit_into_one_message_is_refused() {
    let server = Server::over(Fake::new(Answer::Huge).stores()).await;
    let mut reader = server.v1_reader();
    let query =
        Some(TraceQueryParameters { service_name: "shop".into(), num_traces: 250_000, ..Default::default() });
    for refused in [
        reader.get_services(GetServicesRequest {}).await.unwrap_err(),
        reader.get_operations(GetOperationsRequest::default()).await.unwrap_err(),
    ] {
        assert_eq!((refused.code(), refused.details()), (Code::ResourceExhausted, &[][..]));
    }
    assert_eq!(
        reader.find_trace_i_ds(FindTraceIDsRequest { query }).await.unwrap().into_inner().trace_ids.len(),
        200_000
    );
}

#[tokio::test]
async fn messages_are_compressed_both_ways_for_a_client_that_wants_it() {
    for (encoding, name) in [(CompressionEncoding::Gzip, "gzip"), (CompressionEncoding::Zstd, "zstd")] {
        let server = Server::in_memory().await;
        let sent = Span { tags: vec![tag("k", &"v".repeat(100_000))], ..v1_span(1, 1) };
        let mut writer = server.v1_writer().send_compressed(encoding).accept_compressed(encoding);
        let answer = writer.write_span(writing(sent.clone())).await.unwrap();
        assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), name);
        let mut reader = server.v1_reader().send_compressed(encoding).accept_compressed(encoding);
        let answer = reader.get_trace(by_id(vec![1; 16])).await.unwrap();
        assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), name);
        assert_eq!(spans_of(all(answer.into_inner()).await), [sent]);
    }
}
