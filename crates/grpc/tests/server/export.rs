//! Spans in: what is kept, what is refused, what is mended.

use jaeger_dynamodb_core::StoreErrorKind;
use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, ArrayValue};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use crate::common::{Server, in_memory, of_service, pair, span, spans_of, text};
use crate::fakes::{Answer, Fake};
use crate::raw;

async fn export_bytes(
    server: &Server,
    bytes: Vec<u8>,
    compression: Option<CompressionEncoding>,
) -> Result<ExportTraceServiceResponse, Status> {
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    raw::unary(server, path, bytes, compression).await
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest { resource_spans: vec![of_service("shop", spans)] }
}

#[tokio::test]
async fn an_empty_request_is_fine() {
    let server = Server::in_memory().await;
    for empty in [ExportTraceServiceRequest::default(), request(vec![])] {
        let answer = server.exporter().export(empty).await.unwrap().into_inner();
        assert_eq!(answer.partial_success, None);
    }
}

#[tokio::test]
async fn spans_with_impossible_ids_are_reported_and_the_others_kept() {
    let server = Server::in_memory().await;
    let zero = || Span { trace_id: vec![0; 16], ..span(1, 9) };
    let short = Span { span_id: vec![1; 7], ..span(1, 9) };
    let answer = server.exporter().export(request(vec![zero(), span(1, 1), short, zero(), span(1, 2)])).await;
    let report = answer.unwrap().into_inner().partial_success.unwrap();
    assert_eq!(report.rejected_spans, 3);
    assert_eq!(report.error_message, "spans rejected: 2 with invalid trace id, 1 with invalid span id");
    assert_eq!(spans_of(&server.trace(1).await), [&span(1, 1), &span(1, 2)]);
}

#[tokio::test]
async fn a_request_of_impossible_spans_only_fails() {
    let server = Server::in_memory().await;
    let bad = Span { trace_id: vec![], ..span(1, 1) };
    let refused = server.exporter().export(request(vec![bad])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.message(), "spans rejected: 1 with invalid trace id");
}

#[tokio::test]
async fn an_overloaded_store_is_reported_with_the_time_to_try_again() {
    for (kind, code, retryable) in [
        (StoreErrorKind::Overloaded, Code::Unavailable, true),
        (StoreErrorKind::LimitExceeded, Code::ResourceExhausted, false),
    ] {
        let server = Server::over(Fake::new(Answer::Failing(kind)).stores()).await;
        let error = server.exporter().export(request(vec![span(1, 1)])).await.unwrap_err();
        assert_eq!((error.code(), !error.details().is_empty()), (code, retryable));
    }
}

#[tokio::test]
async fn a_text_that_is_not_utf8_does_not_cost_its_neighbours() {
    for compression in [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)] {
        let server = Server::in_memory().await;
        let mark = "@@BAD@@";
        let bad = Span { attributes: vec![text("k", mark)], ..span(1, 2) };
        let mut bytes = request(vec![span(1, 1), bad, span(1, 3)]).encode_to_vec();
        let at = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()).unwrap();
        bytes[at..at + mark.len()].copy_from_slice(b"caf\xe9 \xff!");
        let answer = export_bytes(&server, bytes, compression).await.unwrap();
        assert_eq!(answer.partial_success, None);
        let mended = Span { attributes: vec![text("k", "caf\u{fffd} \u{fffd}!")], ..span(1, 2) };
        assert_eq!(spans_of(&server.trace(1).await), [&span(1, 1), &mended, &span(1, 3)]);
    }
}

#[tokio::test]
async fn garbage_is_refused_and_the_server_goes_on() {
    let server = Server::in_memory().await;
    let mut truncated = request(vec![span(1, 1)]).encode_to_vec();
    truncated.pop();
    for garbage in [b"garbage".to_vec(), vec![0xff; 100], truncated] {
        assert_eq!(export_bytes(&server, garbage, None).await.unwrap_err().code(), Code::InvalidArgument);
    }
    let mut value = AnyValue { value: Some(Value::IntValue(1)) };
    for _ in 0..5_000 {
        value = AnyValue { value: Some(Value::ArrayValue(ArrayValue { values: vec![value] })) };
    }
    let deep = Span { attributes: vec![pair("deep", value.value.unwrap())], ..span(1, 1) };
    let refused = export_bytes(&server, request(vec![deep]).encode_to_vec(), None).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    server.export(vec![of_service("shop", vec![span(1, 1)])]).await;
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_for_good() {
    let config = GrpcConfig { max_inbound_bytes: 100_000, ..GrpcConfig::default() };
    let server = Server::configured(in_memory(), config).await;
    let large = || request(vec![Span { name: "n".repeat(200_000), ..span(1, 1) }]);
    let refused = server.exporter().export(large()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "OTLP clients retry OUT_OF_RANGE");
    let mut compressing = server.exporter().send_compressed(CompressionEncoding::Zstd);
    assert_eq!(compressing.export(large()).await.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn an_unknown_method_of_the_service_is_unimplemented() {
    let server = Server::in_memory().await;
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Other";
    let refused =
        raw::unary::<ExportTraceServiceResponse>(&server, path, Vec::new(), None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_batch_above_grpcs_usual_limit_is_kept_whole() {
    let server = Server::in_memory().await;
    let large = |number| Span { attributes: vec![text("filler", &"f".repeat(1000))], ..span(1, number) };
    server.export(vec![of_service("shop", (1..=8192).map(large).collect())]).await;
    assert_eq!(spans_of(&server.trace(1).await).len(), 8192);
}

#[tokio::test]
async fn exports_at_the_same_time_are_all_kept() {
    let server = Server::in_memory().await;
    let exports = (1..=50).map(|number| server.export(vec![of_service("shop", vec![span(1, number)])]));
    futures::future::join_all(exports).await;
    assert_eq!(spans_of(&server.trace(1).await).len(), 50);
}
