//! `Close`, which flushes.

use std::sync::Arc;

use futures::FutureExt;
use jaeger_dynamodb_grpc::{GrpcConfig, Stores};
use jaeger_dynamodb_proto::jaeger::storage::v1::CloseWriterRequest;

use super::common::{v1_span, writing};
use crate::common::{Server, of_service, span, spans_of};
use crate::gated::Gated;

async fn server(gate: &Gated) -> Server {
    let config = GrpcConfig { streaming_writer: true, ..GrpcConfig::default() };
    Server::configured(Stores::of(Arc::new(gate.clone())), config).await
}

#[tokio::test]
async fn close_waits_for_what_came_before_and_stops_nothing() {
    let gate = Gated::shut();
    let server = server(&gate).await;
    let (mut writer, mut other) = (server.v1_writer(), server.v1_writer());
    let write = tokio::spawn(async move { writer.write_span(writing(v1_span(1, 1))).await });
    gate.begun(1).await;
    let export = server.export(vec![of_service("shop", vec![span(2, 1)])]);
    let mut export = Box::pin(export);
    assert!(export.as_mut().now_or_never().is_none());
    let exporting = async { tokio::join!(export, gate.begun(2)) };
    let (sends, spans) = futures::channel::mpsc::unbounded();
    sends.unbounded_send(writing(v1_span(3, 1))).unwrap();
    let mut streaming = server.v1_streaming_writer();
    let stream = tokio::spawn(async move { streaming.write_span_stream(spans).await });
    let close = async {
        gate.begun(3).await;
        let closing = tokio::spawn(async move { other.close(CloseWriterRequest {}).await });
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        assert!(!closing.is_finished(), "three spans are on their way");
        gate.open();
        closing.await.unwrap().unwrap();
        for trace in [1, 3] {
            assert_eq!(server.v1_trace(trace).await, [v1_span(trace, 1)], "found at once");
        }
        assert_eq!(spans_of(&server.trace(2).await), [&span(2, 1)], "found at once");
    };
    tokio::join!(exporting, close);
    write.await.unwrap().unwrap();
    server.write(v1_span(4, 1)).await.unwrap();
    sends.unbounded_send(writing(v1_span(3, 2))).unwrap();
    drop(sends);
    stream.await.unwrap().unwrap();
    assert_eq!(server.v1_trace(3).await.len(), 2, "the stream went on");
}

#[tokio::test]
async fn close_with_nothing_to_write_returns_at_once() {
    let server = server(&Gated::shut()).await;
    server.v1_writer().close(CloseWriterRequest {}).await.unwrap();
}
