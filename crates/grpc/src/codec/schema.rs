//! Which fields of requests with spans are texts and which are messages; the rest is nobody's business here. A test
//! holds the tables against the descriptors of the `.proto` files.

mod api_v2;
mod otlp;

pub(super) use api_v2::WRITE_SPAN_REQUEST;
pub(super) use otlp::EXPORT_REQUEST;

/// The fields of a message that matter, by number.
#[derive(Debug)]
pub(crate) struct Schema(pub(super) &'static [(u64, Field)]);

#[derive(Debug)]
pub(crate) enum Field {
    Text,
    Message(&'static Schema),
}

/// A message without texts, itself and below.
pub(super) static NO_TEXTS: Schema = Schema(&[]);
