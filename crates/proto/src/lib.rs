//! The protobuf messages of OTLP's trace signal and of Jaeger's storage APIs, and with the feature `grpc`
//! their services and clients.
//!
//! The modules follow the packages of the `.proto` files in the repository's `proto/`; the code itself is
//! generated (`make protos`) and committed. Written by hand are [`convert`], where the messages meet the core model, and
//! the two messages of [`google_rpc`].
//!
//! ```
//! use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, TracesData};
//! use prost::Message;
//!
//! let data = TracesData { resource_spans: vec![ResourceSpans::default()] };
//! assert_eq!(TracesData::decode(data.encode_to_vec().as_slice())?, data);
//! # Ok::<(), prost::DecodeError>(())
//! ```

pub mod convert;
mod generated;
pub mod google_rpc;

#[cfg(feature = "grpc")]
pub use generated::FILE_DESCRIPTOR_SET;
pub use generated::{jaeger, opentelemetry};
