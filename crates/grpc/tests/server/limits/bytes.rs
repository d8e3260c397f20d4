//! Bytes of requests that are held at a time.

use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::jaeger::api_v2::Span;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanResponse;
use jaeger_dynamodb_proto::jaeger::storage::v1::streaming_span_writer_plugin_client::StreamingSpanWriterPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::GetServicesRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1 as trace;
use metrics_exporter_prometheus::PrometheusBuilder;
use prost::Message;
use tokio::time::timeout;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use super::frames::{self, Then};
use super::{EXPORT, PATIENCE, assert_asks_to_try_again, export_of, gated};
use crate::common::{Server, in_memory, of_service, span};
use crate::gated::Gated;
use crate::v1::common::{v1_span, writing};

const BUDGET: usize = 100_000;

async fn server(store: &Gated) -> Server {
    let config = GrpcConfig { max_inflight_bytes: BUDGET, streaming_writer: true, ..GrpcConfig::default() };
    Server::configured(gated(store), config).await
}

async fn export(server: &Server, bytes: usize) -> Result<(), Status> {
    server.exporter().export(export_of(bytes)).await.map(drop)
}

/// The server hears only in a while that a client is gone.
async fn export_soon(server: &Server, bytes: usize) {
    timeout(PATIENCE, async { while export(server, bytes).await.is_err() {} }).await.unwrap();
}

#[tokio::test]
async fn writes_beyond_the_budget_are_refused_at_once_and_pass_when_there_is_room() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let store = Gated::shut();
    let server = server(&store).await;
    let first = export(&server, 60_000);
    let others = async {
        store.begun(1).await;
        for _ in 0..3 {
            assert_asks_to_try_again(&export(&server, 60_000).await.unwrap_err());
        }
        let v1 = server.write(v1_span_of(60_000)).await.unwrap_err();
        assert_asks_to_try_again(&v1);
        server.reader().get_services(GetServicesRequest {}).await.unwrap();
        store.open();
    };
    let (first, ()) = timeout(PATIENCE, async { tokio::join!(first, others) }).await.unwrap();
    first.unwrap();
    export(&server, 60_000).await.unwrap();
    let rendered = handle.render();
    assert!(rendered.contains("jaeger_dynamodb_refusals_total{limit=\"inflight_bytes\"} 4"), "{rendered}");
}

fn v1_span_of(bytes: usize) -> Span {
    Span { operation_name: "o".repeat(bytes), ..v1_span(1, 1) }
}

#[tokio::test]
async fn a_message_larger_than_the_budget_passes_when_it_comes_alone() {
    let store = Gated::shut();
    store.open();
    let server = server(&store).await;
    export(&server, 5 * BUDGET).await.unwrap();
    export(&server, 5 * BUDGET).await.unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_gives_back_what_it_held() {
    let store = Gated::shut();
    let server = server(&store).await;
    let calling = tokio::spawn({
        let mut exporter = server.exporter();
        async move { exporter.export(export_of(90_000)).await }
    });
    store.begun(1).await;
    assert_asks_to_try_again(&export(&server, 90_000).await.unwrap_err());
    calling.abort();
    store.open();
    export_soon(&server, 90_000).await;
}

#[tokio::test]
async fn a_message_counts_as_large_as_it_is_without_compression() {
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let store = Gated::shut();
        let server = server(&store).await;
        let first = export(&server, 10_000);
        let other = async {
            store.begun(1).await;
            let compressed = server.exporter().send_compressed(encoding).export(export_of(95_000)).await;
            assert_asks_to_try_again(&compressed.unwrap_err());
            store.open();
        };
        let (first, ()) = timeout(PATIENCE, async { tokio::join!(first, other) }).await.unwrap();
        first.unwrap();
        server.exporter().send_compressed(encoding).export(export_of(95_000)).await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_of_spans_holds_only_what_is_not_received_yet() {
    let store = Gated::shut();
    store.open();
    let server = server(&store).await;
    let (spans, sending) = tokio::sync::mpsc::channel(1);
    let requests =
        futures::stream::unfold(sending, async |mut sending| Some((sending.recv().await?, sending)));
    let streaming = tokio::spawn({
        let mut writer = StreamingSpanWriterPluginClient::new(server.channel.clone());
        async move { writer.write_span_stream(requests).await }
    });
    for number in 1..=10 {
        let span = Span { operation_name: "o".repeat(40_000), ..v1_span(1, number) };
        spans.send(writing(span)).await.unwrap();
    }
    store.begun(1).await;
    export_soon(&server, 95_000).await;
    drop(spans);
    timeout(PATIENCE, streaming).await.unwrap().unwrap().unwrap();
}

/// A frame of 10 GB of zeros, which says so 128 KB at a time.
fn zstd_bomb() -> Vec<u8> {
    // Magic number; no content size, no checksum; a window of 128 KB.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    // Not the last block, repeating one byte 128 KB times.
    let block: u32 = 1 << 1 | (128 * 1024) << 3;
    for _ in 0..80_000 {
        bomb.extend_from_slice(&block.to_le_bytes()[..3]);
        bomb.push(0);
    }
    bomb
}

fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn a_compression_bomb_is_refused_and_takes_no_more_memory_than_a_message_may() {
    let config = GrpcConfig { max_inbound_bytes: 4 * 1024 * 1024, ..GrpcConfig::default() };
    let server = Server::configured(in_memory(), config).await;
    let bomb = zstd_bomb();
    let before = peak_memory();
    for _ in 0..3 {
        let frames = vec![frames::message(true, bomb.len(), &bomb)];
        let refused = frames::refused(server.channel.clone(), EXPORT, "zstd", frames, Then::End).await;
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        assert!(refused.details().is_empty(), "it is not worth trying again");
    }
    // Other tests run beside this one.
    assert!(peak_memory() - before < 500_000_000, "{} to {}", before, peak_memory());
    let zeros = vec![0; 64 * 1024 * 1024];
    let gzip = Some(CompressionEncoding::Gzip);
    let refused = crate::raw::unary::<WriteSpanResponse>(&server, EXPORT, zeros, gzip).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    export(&server, 1000).await.unwrap();
}

#[tokio::test]
async fn a_message_that_grows_too_much_by_decoding_is_refused() {
    let config = GrpcConfig { max_inbound_bytes: 1024 * 1024, ..GrpcConfig::default() };
    let server = Server::configured(in_memory(), config).await;
    let nothing = of_service("shop", vec![trace::Span::default(); 100_000]);
    let request = ExportTraceServiceRequest { resource_spans: vec![nothing] };
    assert!(request.encoded_len() < 300_000);
    let refused = server.exporter().export(request).await.unwrap_err();
    assert_eq!((refused.code(), refused.details()), (Code::ResourceExhausted, &[][..]), "{refused}");
    let small = (1..=8_000).map(|number| span(1, number)).collect();
    let request = ExportTraceServiceRequest { resource_spans: vec![of_service("shop", small)] };
    assert!(request.encoded_len() > 400_000);
    server.exporter().export(request).await.unwrap();
}
