//! A client that sends bytes, whatever they are.

use bytes::Bytes;
use jaeger_dynamodb_testkit::RawCodec;
use prost::Message;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::common::Server;

/// One message.
pub(crate) async fn unary<O: Message + Default + 'static>(
    server: &Server,
    path: &'static str,
    bytes: Vec<u8>,
    compression: Option<CompressionEncoding>,
) -> Result<O, Status> {
    let mut grpc = ready(server).await;
    if let Some(encoding) = compression {
        grpc = grpc.send_compressed(encoding);
    }
    let answer = grpc
        .unary(Request::new(Bytes::from(bytes)), PathAndQuery::from_static(path), RawCodec::default())
        .await;
    answer.map(Response::into_inner)
}

/// A stream of messages.
pub(crate) async fn client_streaming<O: Message + Default + 'static>(
    server: &Server,
    path: &'static str,
    messages: Vec<Vec<u8>>,
) -> Result<O, Status> {
    let messages = Request::new(futures::stream::iter(messages.into_iter().map(Bytes::from)));
    let path = PathAndQuery::from_static(path);
    let answer = ready(server).await.client_streaming(messages, path, RawCodec::default()).await;
    answer.map(Response::into_inner)
}

async fn ready(server: &Server) -> Grpc<Channel> {
    let mut grpc = Grpc::new(server.channel.clone());
    grpc.ready().await.unwrap();
    grpc
}
