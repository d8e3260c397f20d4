//! Clients that do not finish what they send.

use std::time::Duration;

use bytes::Bytes;
use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use prost::Message;
use tokio::time::timeout;

use super::frames::{self, Then};
use super::{EXPORT, PATIENCE, assert_asks_to_try_again, export_of};
use crate::common::{Pace, Server, in_memory};
use crate::v1::common::{v1_span, writing};

const STREAM: &str = "/jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream";

async fn server() -> Server {
    let config = GrpcConfig { max_inflight_bytes: 100_000, streaming_writer: true, ..GrpcConfig::default() };
    Server::paced(in_memory(), config, Pace::Hurried).await
}

#[tokio::test]
async fn a_message_that_is_never_finished_is_given_up_and_what_came_of_it_released() {
    let server = server().await;
    let half = || frames::message(false, 160_000, &[0; 80_000]);
    let whole = Bytes::from(writing(v1_span(1, 1)).encode_to_vec());
    let whole = frames::message(false, whole.len(), &whole);
    for (path, frames) in [(EXPORT, vec![half()]), (STREAM, vec![half()]), (STREAM, vec![whole, half()])] {
        let refused = frames::refused(server.channel.clone(), path, "identity", frames, Then::Nothing);
        assert_asks_to_try_again(&timeout(PATIENCE, refused).await.unwrap());
        server.exporter().export(export_of(50_000)).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_of_which_a_byte_comes_now_and_then_is_given_up() {
    let server = server().await;
    for path in [EXPORT, STREAM] {
        let begun = vec![frames::message(false, 160_000, &[0; 80_000])];
        let refused = frames::refused(server.channel.clone(), path, "identity", begun, Then::Drops);
        assert_asks_to_try_again(&timeout(PATIENCE, refused).await.unwrap());
    }
}

#[tokio::test]
async fn a_stream_of_spans_may_rest_between_messages() {
    let server = server().await;
    let span = Bytes::from(WriteSpanRequest::encode_to_vec(&writing(v1_span(1, 1))));
    let frames = vec![frames::message(false, span.len(), &span)];
    let rests = frames::refused(server.channel.clone(), STREAM, "identity", frames, Then::Nothing);
    // Three times what a client may be slow, at the server's pace.
    assert!(timeout(Duration::from_millis(1800), rests).await.is_err());
}
