//! One trace by its id, of the primary storage or of the archive.

use std::pin::Pin;

use futures::StreamExt;
use futures::stream;
use jaeger_dynamodb_core::{Tenant, TraceReader};
use jaeger_dynamodb_proto::jaeger::storage::v1::{GetTraceRequest, SpansResponseChunk};
use tonic::Status;

use crate::service::{Answers, answers};
use crate::{chunking, query};

/// The spans of the trace, or an error that says that there is none.
pub(super) fn trace(
    reader: &dyn TraceReader,
    tenant: &Tenant,
    request: &GetTraceRequest,
    max_outbound_bytes: usize,
) -> Result<Answers<SpansResponseChunk>, Status> {
    let Some(asked) = query::v1::trace_ref(request)? else {
        return Ok(stream::iter([Err(not_found())]).boxed());
    };
    let chunks = reader.get_traces(tenant, vec![asked]);
    let messages = answers(chunks, move |chunk| chunking::v1::messages(chunk, max_outbound_bytes));
    Ok(or_not_found(messages))
}

fn or_not_found(messages: Answers<SpansResponseChunk>) -> Answers<SpansResponseChunk> {
    let found = async move {
        let mut messages = messages.peekable();
        let is_empty = Pin::new(&mut messages).peek().await.is_none();
        if is_empty { stream::iter([Err(not_found())]).boxed() } else { messages.boxed() }
    };
    stream::once(found).flatten().boxed()
}

/// Jaeger's clients recognise the text, whatever the code; a stream without spans would be a trace without spans to
/// them, and keep them from asking the archive.
fn not_found() -> Status {
    Status::not_found("trace not found")
}
