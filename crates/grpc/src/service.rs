//! The services, each over one storage trait.

mod capabilities;
mod dependency_reader;
mod handwritten;
mod ingest;
mod otlp_ingest;
mod receipts;
mod refused;
mod stopping;
mod trace_reader;
pub(crate) mod v1;
mod weighing;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jaeger_dynamodb_core::{StoreError, TraceChunk};
use prost::Message;
use tonic::Status;

use crate::status;

pub(crate) use capabilities::Capabilities;
pub(crate) use dependency_reader::Dependencies;
pub(crate) use handwritten::Handwritten;
pub(crate) use ingest::Ingest;
pub(crate) use otlp_ingest::OtlpIngest;
pub(crate) use receipts::Receipts;
pub(crate) use stopping::Stopping;
pub(crate) use trace_reader::Traces;

/// A stream owns the reads behind it: when the client goes away tonic drops the stream and with it the reads.
type Answers<T> = BoxStream<'static, Result<T, Status>>;

/// The messages of a store's answer, which end with its error.
fn answers<T, M>(
    chunks: BoxStream<'static, Result<TraceChunk, StoreError>>,
    messages: impl Fn(TraceChunk) -> M + Send + 'static,
) -> Answers<T>
where
    T: Send + 'static,
    M: Iterator<Item = T> + Send + 'static,
{
    let answers = chunks.flat_map(move |chunk| match chunk {
        Ok(chunk) => stream::iter(messages(chunk).map(Ok)).boxed(),
        Err(error) => stream::iter([Err(status::of_store_error(&error))]).boxed(),
    });
    answers.boxed()
}

/// The answer if the client can take it: a list that comes in one message can only come whole or not at all.
fn within<M: Message>(answer: M, limit: usize) -> Result<M, Status> {
    let size = answer.encoded_len();
    if size <= limit {
        return Ok(answer);
    }
    Err(Status::resource_exhausted(format!("the answer has {size} bytes, but a message at most {limit}")))
}
