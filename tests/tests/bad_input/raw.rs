//! A client that sends bytes, whatever they are, and any headers.

use std::time::Duration;

use http_body_util::BodyExt;
use jaeger_dynamodb_testkit::RawCodec;
use prost::Message;
use prost::bytes::{BufMut, Bytes};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::codegen::Service;
use tonic::codegen::http;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};

/// No answer takes as long; without it a server that hangs would hang the ring.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back for a request that may not even be gRPC.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http: u16,
    /// From the headers or the trailers.
    pub(crate) status: Option<Status>,
}

/// One message for one.
pub(crate) async fn unary<O: Message + Default + 'static>(
    channel: &Channel,
    path: &str,
    bytes: impl Into<Bytes>,
    compression: Option<CompressionEncoding>,
) -> Result<O, Status> {
    let mut grpc = ready(channel).await?;
    if let Some(encoding) = compression {
        grpc = grpc.send_compressed(encoding);
    }
    let answer = grpc.unary(request(bytes.into()), path_of(path), RawCodec::default()).await;
    answer.map(Response::into_inner)
}

/// One message for a stream, of which each message is at most 4 MiB, as gRPC's clients are set.
pub(crate) async fn server_streaming<O: Message + Default + 'static>(
    channel: &Channel,
    path: &str,
    bytes: impl Into<Bytes>,
) -> Result<Vec<O>, Status> {
    let mut stream = open_stream(channel, path, bytes).await?;
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await? {
        messages.push(message);
    }
    Ok(messages)
}

/// The same, for whoever reads it or does not.
pub(crate) async fn open_stream<O: Message + Default + 'static>(
    channel: &Channel,
    path: &str,
    bytes: impl Into<Bytes>,
) -> Result<Streaming<O>, Status> {
    let mut grpc = ready(channel).await?;
    let answer = grpc.server_streaming(request(bytes.into()), path_of(path), RawCodec::default()).await;
    answer.map(Response::into_inner)
}

/// A stream of messages for one.
pub(crate) async fn client_streaming<O: Message + Default + 'static>(
    channel: &Channel,
    path: &str,
    messages: impl futures::Stream<Item = Bytes> + Send + 'static,
) -> Result<O, Status> {
    let mut grpc = ready(channel).await?;
    let answer = grpc.client_streaming(Request::new(messages), path_of(path), RawCodec::default()).await;
    answer.map(Response::into_inner)
}

/// A request of these headers and this body, which need not be framed messages.
pub(crate) async fn http(
    channel: &Channel,
    path: &str,
    headers: &[(&str, &[u8])],
    body: Body,
) -> Result<Answer, tonic::transport::Error> {
    let mut request = http::Request::post(path).body(body).unwrap();
    for (name, value) in headers {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, http::HeaderValue::from_bytes(value).unwrap());
    }
    let mut channel = channel.clone();
    futures::future::poll_fn(|context| channel.poll_ready(context)).await?;
    let answer = channel.call(request).await?;
    let (head, body) = answer.into_parts();
    let status = match Status::from_header_map(&head.headers) {
        Some(status) => Some(status),
        None => body.collect().await.ok().and_then(|all| Status::from_header_map(all.trailers()?)),
    };
    Ok(Answer { http: head.status.as_u16(), status })
}

/// A message in its frame.
pub(crate) fn frame(flag: u8, length: u32, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![flag];
    framed.put_u32(length);
    framed.extend_from_slice(message);
    framed
}

fn request(bytes: Bytes) -> Request<Bytes> {
    let mut request = Request::new(bytes);
    request.set_timeout(PATIENCE);
    request
}

fn path_of(path: &str) -> PathAndQuery {
    PathAndQuery::try_from(path).unwrap()
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unknown(format!("no connection: {error}")))?;
    Ok(grpc)
}
