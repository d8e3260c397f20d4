//! The services of `jaeger.storage.v1`.

mod archive;
mod capabilities;
mod dependencies_reader;
mod span_reader;
mod span_writer;
mod streaming_writer;
mod trace;

use tonic::Status;

pub(crate) use archive::{ArchiveReader, ArchiveWriter};
pub(crate) use capabilities::Capabilities;
pub(crate) use span_reader::SpanReader;
pub(crate) use span_writer::SpanWriter;
pub(crate) use streaming_writer::StreamingWriter;

/// What Jaeger's own server answers where it has no storage.
fn not_implemented() -> Status {
    Status::unimplemented("not implemented")
}
