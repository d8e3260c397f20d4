//! `WriteSpanStream`: streams that end well, in pieces, with the server, or not at all.

use std::sync::Arc;
use std::time::Duration;

use futures::channel::mpsc;
use futures::stream;
use jaeger_dynamodb_core::StoreErrorKind;
use jaeger_dynamodb_grpc::{GrpcConfig, Stores};
use jaeger_dynamodb_proto::jaeger::api_v2::Span;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    CloseWriterRequest, GetServicesRequest, WriteSpanRequest, WriteSpanResponse,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use prost::Message;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::{Code, Request, Response, Status};

use super::common::{v1_span, writing};
use crate::common::{Server, in_memory};
use crate::fakes::{Answer, Fake};
use crate::gated::Gated;
use crate::raw;

const PATH: &str = "/jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream";

async fn server(stores: Stores) -> Server {
    let config = GrpcConfig { streaming_writer: true, ..GrpcConfig::default() };
    Server::configured(stores, config).await
}

async fn streamed(server: &Server, spans: impl IntoIterator<Item = Span>) -> Result<(), Status> {
    let spans: Vec<_> = spans.into_iter().map(writing).collect();
    server.v1_streaming_writer().write_span_stream(stream::iter(spans)).await.map(drop)
}

/// A stream that stays open until its sender is dropped.
fn open_stream(
    server: &Server,
) -> (mpsc::UnboundedSender<WriteSpanRequest>, JoinHandle<Result<Response<WriteSpanResponse>, Status>>) {
    let (sends, spans) = mpsc::unbounded();
    let mut client = server.v1_streaming_writer();
    (sends, tokio::spawn(async move { client.write_span_stream(spans).await }))
}

#[tokio::test]
async fn a_stream_that_ends_well_has_all_its_spans_written() {
    let server = server(in_memory()).await;
    streamed(&server, (1..=5000).map(|number| v1_span(1, number))).await.unwrap();
    assert_eq!(server.v1_trace(1).await.len(), 5000);
    streamed(&server, []).await.unwrap();
}

#[tokio::test]
async fn many_streams_at_once_are_all_written() {
    let server = server(in_memory()).await;
    let streams = (1..=20).map(|trace| streamed(&server, (1..=50).map(move |number| v1_span(trace, number))));
    assert!(futures::future::join_all(streams).await.iter().all(Result::is_ok));
    for trace in 1..=20 {
        assert_eq!(server.v1_trace(trace).await.len(), 50);
    }
}

/// As many as Jaeger's client keeps, on the connection over which it asks everything else.
#[tokio::test]
async fn a_thousand_streams_are_open_at_once_and_leave_room_for_other_requests() {
    let server = server(in_memory()).await;
    server.write(v1_span(1, 1000)).await.unwrap();
    let streams: Vec<_> = (0..1000).map(|_| open_stream(&server)).collect();
    for (number, (sends, _)) in (0..).zip(&streams) {
        sends.unbounded_send(writing(v1_span(1, number))).unwrap();
    }
    let all_found = async { while server.v1_trace(1).await.len() <= 1000 {} };
    timeout(Duration::from_secs(30), all_found).await.unwrap();
}

/// Jaeger sends without waiting, over the connection that everything else has too.
#[tokio::test]
async fn streams_that_are_faster_than_the_store_wait_and_leave_their_connection_alone() {
    const STREAMS: u8 = 32;
    const SPANS: u64 = 5000;
    let store = Gated::shut();
    let server = server(Stores::of(Arc::new(store.clone()))).await;
    let streams: Vec<_> = (1..=STREAMS).map(|_| open_stream(&server)).collect();
    for (trace, (sends, _)) in (1..).zip(&streams) {
        (1..=SPANS).for_each(|number| sends.unbounded_send(writing(v1_span(trace, number))).unwrap());
    }
    timeout(Duration::from_secs(30), store.begun(STREAMS.into())).await.unwrap();
    // Often, so that the windows fill meanwhile.
    for _ in 0..300 {
        server.v1_reader().get_services(GetServicesRequest {}).await.unwrap();
    }
    store.open();
    for (sends, ended) in streams {
        drop(sends);
        ended.await.unwrap().unwrap();
    }
    assert_eq!(server.v1_trace(STREAMS).await.len() as u64, SPANS);
}

#[tokio::test]
async fn streams_are_written_only_where_that_is_enabled() {
    let server = Server::in_memory().await;
    let refused = streamed(&server, [v1_span(1, 1)]).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::Unimplemented, "not implemented"));
}

#[tokio::test]
async fn a_stream_of_a_tenant_is_refused() {
    let server = server(in_memory()).await;
    let mut request = Request::new(stream::iter([writing(v1_span(1, 1))]));
    request.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
    let refused = server.v1_streaming_writer().write_span_stream(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn invalid_spans_are_told_at_the_end_and_the_others_are_written() {
    let server = server(in_memory()).await;
    let bad = || Span { trace_id: vec![1; 5], ..v1_span(1, 9) };
    let error =
        streamed(&server, [v1_span(1, 1), bad(), v1_span(1, 2), bad(), v1_span(1, 3)]).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.message(), "spans rejected: 2 with invalid trace id");
    assert_eq!(server.v1_trace(1).await.len(), 3);
}

#[tokio::test]
async fn a_stream_that_breaks_in_the_middle_ends_in_an_error_after_all_that_came_is_written() {
    let server = server(in_memory()).await;
    let mut messages: Vec<_> = (1..=1500).map(|number| writing(v1_span(1, number)).encode_to_vec()).collect();
    messages.push(b"garbage".to_vec());
    messages.push(writing(v1_span(1, 9999)).encode_to_vec());
    let error = raw::client_streaming::<WriteSpanResponse>(&server, PATH, messages).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(server.v1_trace(1).await.len(), 1500);
}

#[tokio::test]
async fn a_text_that_is_not_utf8_does_not_cost_the_stream() {
    let mark = "@@BAD@@";
    let server = server(in_memory()).await;
    let mut bytes = writing(Span { process_id: mark.to_owned(), ..v1_span(1, 1) }).encode_to_vec();
    let at = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()).unwrap();
    bytes[at] = 0xff;
    let messages = vec![bytes, writing(v1_span(1, 2)).encode_to_vec()];
    raw::client_streaming::<WriteSpanResponse>(&server, PATH, messages).await.unwrap();
    let mended = Span { process_id: "\u{fffd}@BAD@@".to_owned(), ..v1_span(1, 1) };
    assert_eq!(server.v1_trace(1).await, [mended, v1_span(1, 2)]);
}

#[tokio::test]
async fn a_message_above_the_limit_ends_the_stream_for_good() {
    let config = GrpcConfig { max_inbound_bytes: 100_000, streaming_writer: true, ..GrpcConfig::default() };
    let server = Server::configured(in_memory(), config).await;
    let large = Span { operation_name: "n".repeat(200_000), ..v1_span(1, 2) };
    let error = streamed(&server, [v1_span(1, 1), large]).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert_eq!(server.v1_trace(1).await, [v1_span(1, 1)]);
}

#[tokio::test]
async fn an_error_of_the_store_ends_a_stream_that_is_still_open() {
    let server = server(Fake::new(Answer::Failing(StoreErrorKind::Overloaded)).stores()).await;
    let (sends, ended) = open_stream(&server);
    sends.unbounded_send(writing(v1_span(1, 1))).unwrap();
    let error = timeout(Duration::from_secs(10), ended).await.unwrap().unwrap().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "as told"));
}

#[tokio::test]
async fn spans_of_an_open_stream_are_found_without_its_end() {
    let gate = Gated::shut();
    gate.open();
    let server = server(Stores::of(Arc::new(gate.clone()))).await;
    let (sends, _ended) = open_stream(&server);
    for number in 1..=3 {
        sends.unbounded_send(writing(v1_span(1, number))).unwrap();
        gate.begun(usize::try_from(number).unwrap()).await;
    }
    assert_eq!(server.v1_trace(1).await.len(), 3);
}

#[tokio::test]
async fn what_came_is_written_although_its_client_is_gone_and_the_stream_is_counted_as_cancelled() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let gate = Gated::shut();
    let server = server(Stores::of(Arc::new(gate.clone()))).await;
    let (sends, ended) = open_stream(&server);
    sends.unbounded_send(writing(v1_span(1, 1))).unwrap();
    gate.begun(1).await;
    ended.abort();
    let cancelled = async {
        while !handle.render().contains(
            "jaeger_dynamodb_rpcs_total{method=\"jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream\",code=\"Cancelled\"} 1",
        ) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), cancelled).await.unwrap();
    gate.open();
    server.v1_writer().close(CloseWriterRequest {}).await.unwrap();
    assert_eq!(server.v1_trace(1).await, [v1_span(1, 1)]);
}

#[tokio::test]
async fn a_shutdown_ends_open_streams_after_what_came_is_written() {
    let gate = Gated::shut();
    let server = server(Stores::of(Arc::new(gate.clone()))).await;
    let (sends, ended) = open_stream(&server);
    sends.unbounded_send(writing(v1_span(1, 1))).unwrap();
    gate.begun(1).await;
    let stopping = tokio::spawn(server.shut_down());
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished() && !ended.is_finished(), "a span is on its way");
    gate.open();
    let error = timeout(Duration::from_secs(10), ended).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    timeout(Duration::from_secs(10), stopping).await.unwrap().unwrap();
    let after = Server::over(Stores::of(Arc::new(gate))).await;
    assert_eq!(after.v1_trace(1).await, [v1_span(1, 1)]);
    drop(sends);
}
