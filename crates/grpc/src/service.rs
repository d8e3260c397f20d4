//! The services, each over one storage trait.

mod capabilities;
mod dependency_reader;
mod otlp_ingest;
mod trace_reader;

use prost::Message;
use tonic::Status;

pub(crate) use capabilities::Capabilities;
pub(crate) use dependency_reader::Dependencies;
pub(crate) use otlp_ingest::OtlpIngestServer;
pub(crate) use trace_reader::Traces;

/// The answer if the client can take it: a list that comes in one message can only come whole or not at all.
fn within<M: Message>(answer: M, limit: usize) -> Result<M, Status> {
    let size = answer.encoded_len();
    if size <= limit {
        return Ok(answer);
    }
    Err(Status::resource_exhausted(format!("the answer has {size} bytes, but a message at most {limit}")))
}
