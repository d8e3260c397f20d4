//! How an Export's bytes become a message: a text that is not UTF-8 must not cost the whole batch.
//!
//! Go's protobuf libraries let such texts through and Jaeger mends only some of them, while prost refuses the
//! message that holds one. So what prost refuses is repaired on the wire and decoded again.

mod repair;
mod schema;

use bytes::Buf;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

/// Codec of `TraceService.Export`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ExportCodec;

/// Decodes export requests, repairing them if need be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RepairingDecoder;

impl Codec for ExportCodec {
    type Encode = ExportTraceServiceResponse;
    type Decode = ExportTraceServiceRequest;
    type Encoder = ProstEncoder<ExportTraceServiceResponse>;
    type Decoder = RepairingDecoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        RepairingDecoder
    }
}

impl Decoder for RepairingDecoder {
    type Item = ExportTraceServiceRequest;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        decode(&bytes).map(Some)
    }
}

fn decode(bytes: &[u8]) -> Result<ExportTraceServiceRequest, Status> {
    ExportTraceServiceRequest::decode(bytes).or_else(|error| {
        let refused =
            |error| Status::invalid_argument(format!("the request is no export of traces: {error}"));
        let Some(repaired) = repair::with_valid_texts(bytes, &schema::EXPORT_REQUEST) else {
            return Err(refused(error));
        };
        metrics::counter!("jaeger_dynamodb_exports_repaired_total").increment(1);
        ExportTraceServiceRequest::decode(repaired.as_slice()).map_err(refused)
    })
}

#[cfg(test)]
mod tests;
