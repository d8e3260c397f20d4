//! Which fields of requests with spans are texts and which are messages; the rest is nobody's business here. A test
//! holds the tables against the descriptors of the `.proto` files.

mod api_v2;
mod otlp;

pub(super) use api_v2::WRITE_SPAN_REQUEST;
pub(super) use otlp::EXPORT_REQUEST;

use jaeger_dynamodb_proto::jaeger::storage::v1::CloseWriterRequest;

/// A kind of message.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Bytes that one takes in memory, without what its fields point to.
    pub(super) size: usize,
    /// The fields that matter, by number.
    pub(super) fields: &'static [(u64, Field)],
}

#[derive(Debug)]
pub(crate) enum Field {
    Text,
    /// Any number of texts.
    Texts,
    Message(&'static Schema),
}

impl Schema {
    const fn of<M>(fields: &'static [(u64, Field)]) -> Self {
        Self { size: size_of::<M>(), fields }
    }
}

pub(super) static CLOSE_WRITER_REQUEST: Schema = Schema::of::<CloseWriterRequest>(&[]);
