//! A client that sends bytes, whatever they are.

use std::marker::PhantomData;

use bytes::BufMut;
use prost::Message;
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_prost::{ProstCodec, ProstDecoder};

use crate::common::Server;

#[derive(Debug, Default)]
struct RawCodec<O>(PhantomData<O>);

#[derive(Debug)]
struct RawEncoder;

impl<O: Message + Default + 'static> Codec for RawCodec<O> {
    type Encode = Vec<u8>;
    type Decode = O;
    type Encoder = RawEncoder;
    type Decoder = ProstDecoder<O>;

    fn encoder(&mut self) -> RawEncoder {
        RawEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<O, O>::default().decoder()
    }
}

impl Encoder for RawEncoder {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&bytes);
        Ok(())
    }
}

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
    let answer = grpc.unary(Request::new(bytes), PathAndQuery::from_static(path), RawCodec::default()).await;
    answer.map(Response::into_inner)
}

/// A stream of messages.
pub(crate) async fn client_streaming<O: Message + Default + 'static>(
    server: &Server,
    path: &'static str,
    messages: Vec<Vec<u8>>,
) -> Result<O, Status> {
    let messages = Request::new(futures::stream::iter(messages));
    let path = PathAndQuery::from_static(path);
    let answer = ready(server).await.client_streaming(messages, path, RawCodec::default()).await;
    answer.map(Response::into_inner)
}

async fn ready(server: &Server) -> Grpc<Channel> {
    let mut grpc = Grpc::new(server.channel.clone());
    grpc.ready().await.unwrap();
    grpc
}
