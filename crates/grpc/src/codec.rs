//! How a request with spans becomes a message: a text that is not UTF-8 must not cost the whole request.
//!
//! Go's protobuf libraries let such texts through and Jaeger mends only some of them, while prost refuses the
//! message that holds one. So what prost refuses is repaired on the wire and decoded again.

pub(crate) mod repair;
mod schema;
mod weight;
mod wire;

use std::marker::PhantomData;

use bytes::Buf;
use jaeger_dynamodb_proto::jaeger::storage::v1::{CloseWriterRequest, WriteSpanRequest};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

use schema::Schema;

/// A request that is repaired if need be.
pub(crate) trait Repairable: Message + Default + 'static {
    /// Where its texts are, and how large its parts are in memory.
    const SCHEMA: &'static Schema;

    /// Roughly the memory that the encoded message takes once it is decoded.
    fn decoded_bytes(encoded: &[u8]) -> usize {
        weight::decoded_bytes(encoded, Self::SCHEMA)
    }
}

/// Codec of an RPC with this request and this response.
#[derive(Debug)]
pub(crate) struct RepairingCodec<I, O>(PhantomData<(I, O)>);

/// Decodes requests, repairing them if need be.
#[derive(Debug)]
pub(crate) struct RepairingDecoder<I>(PhantomData<I>);

impl Repairable for ExportTraceServiceRequest {
    const SCHEMA: &'static Schema = &schema::EXPORT_REQUEST;
}

impl Repairable for WriteSpanRequest {
    const SCHEMA: &'static Schema = &schema::WRITE_SPAN_REQUEST;
}

impl Repairable for CloseWriterRequest {
    const SCHEMA: &'static Schema = &schema::CLOSE_WRITER_REQUEST;
}

// === impl RepairingCodec ===

impl<I, O> Default for RepairingCodec<I, O> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<I: Repairable, O: Message + 'static> Codec for RepairingCodec<I, O> {
    type Encode = O;
    type Decode = I;
    type Encoder = ProstEncoder<O>;
    type Decoder = RepairingDecoder<I>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        RepairingDecoder(PhantomData)
    }
}

// === impl RepairingDecoder ===

impl<I: Repairable> Decoder for RepairingDecoder<I> {
    type Item = I;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<I>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        decode(&bytes).map(Some)
    }
}

pub(crate) fn decode<I: Repairable>(bytes: &[u8]) -> Result<I, Status> {
    I::decode(bytes).or_else(|error| {
        let refused = |error| Status::invalid_argument(format!("the request cannot be decoded: {error}"));
        let Some(repaired) = repair::with_valid_texts(bytes, I::SCHEMA) else {
            return Err(refused(error));
        };
        metrics::counter!("jaeger_dynamodb_exports_repaired_total").increment(1);
        I::decode(repaired.as_slice()).map_err(refused)
    })
}

#[cfg(test)]
mod tests;
