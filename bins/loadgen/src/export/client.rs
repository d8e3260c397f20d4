//! A client of `TraceService/Export` for messages that are encoded already: the generated one would need a copy of the
//! whole message for every attempt.

use bytes::{BufMut as _, Bytes};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};
use tonic_prost::ProstCodec;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[derive(Clone, Debug)]
pub(super) struct Client(Grpc<Channel>);

/// Writes bytes as they are.
#[derive(Clone, Copy, Debug)]
struct Encoded;

type Typed = ProstCodec<ExportTraceServiceRequest, ExportTraceServiceResponse>;

// === impl Client ===

impl Client {
    pub(super) fn new(channel: Channel) -> Self {
        Self(Grpc::new(channel))
    }

    pub(super) async fn export(&mut self, message: Bytes) -> Result<ExportTraceServiceResponse, Status> {
        self.0.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let response =
            self.0.unary(Request::new(message), PathAndQuery::from_static(EXPORT), Encoded).await?;
        Ok(response.into_inner())
    }
}

// === impl Encoded ===

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = <Typed as Codec>::Decoder;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self::Decoder {
        Typed::default().decoder()
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}
