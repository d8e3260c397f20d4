//! One stream of spans: what comes while a batch is written makes the next batch.

use std::sync::Arc;

use futures::{FutureExt, Stream, StreamExt};
use jaeger_dynamodb_core::Tenant;
use jaeger_dynamodb_proto::convert::spans_from_v1;
use jaeger_dynamodb_proto::jaeger::api_v2::Span;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::unconstrained;
use tonic::Status;

use crate::service::receipts::Receipt;
use crate::service::refused::Refused;
use crate::service::{Ingest, Stopping};

/// Spans of one stream that wait, and spans of one batch.
const MOST_SPANS: usize = 1000;

/// Where the spans of a stream go.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) ingest: Ingest,
    pub(super) tenant: Tenant,
    /// One permit for each byte that may be held.
    pub(super) room: Arc<Semaphore>,
    pub(super) stopping: Stopping,
}

/// A span that was received and is not durable yet.
#[derive(Debug)]
struct Received {
    span: Span,
    held: Held,
}

/// Given back when the span is durable.
#[derive(Debug)]
struct Held {
    _receipt: Receipt,
    _room: Option<OwnedSemaphorePermit>,
}

impl Intake {
    /// Writes what the stream brings. However it ends, all that was received is written before this returns, unless
    /// the store fails.
    ///
    /// A span that is refused does not keep the others from being written, since the client hears of an error only
    /// after it has sent more; the stream then ends in an error that tells how many were refused.
    pub(super) async fn run(
        self,
        inbound: impl Stream<Item = Result<WriteSpanRequest, Status>> + Unpin + Send,
    ) -> Result<(), Status> {
        let (waiting, received) = mpsc::channel(MOST_SPANS);
        // An error of the store ends the reading at once; an end of the reading lets the writing finish. The reading
        // stops by itself where there is no room; tokio's budget would make small batches of what is there.
        let reading = unconstrained(async { Ok(self.read(inbound, waiting).await) });
        let (end, refused) = tokio::try_join!(reading, self.write(received))?;
        end?;
        refused.none()
    }

    /// Reads until the stream ends, breaks, or the server stops.
    async fn read(
        &self,
        inbound: impl Stream<Item = Result<WriteSpanRequest, Status>> + Unpin,
        waiting: mpsc::Sender<Received>,
    ) -> Result<(), Status> {
        let mut inbound = inbound.take_until(self.stopping.clone().told().boxed());
        while let Some(message) = inbound.next().await {
            // Without a span it is one without a trace id, which is refused.
            let span = message?.span.unwrap_or_default();
            let received = self.receive(span).await;
            if waiting.send(received).await.is_err() {
                return Err(Status::internal("nobody writes the stream's spans"));
            }
        }
        match inbound.take_result() {
            Some(()) => Err(Status::unavailable("the server stops")),
            None => Ok(()),
        }
    }

    async fn receive(&self, span: Span) -> Received {
        let receipt = self.ingest.receipt();
        let bytes = span.encoded_len().min(super::ROOM);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes.try_into().unwrap_or(u32::MAX)).await;
        Received { span, held: Held { _receipt: receipt, _room: room.ok() } }
    }

    async fn write(&self, mut received: mpsc::Receiver<Received>) -> Result<Refused, Status> {
        let mut refused = Refused::default();
        let mut batch = Vec::new();
        while received.recv_many(&mut batch, MOST_SPANS).await > 0 {
            let (spans, _until_durable): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|received| (received.span, received.held)).unzip();
            refused.merge(self.ingest.keep(&self.tenant, spans_from_v1(spans)).await?);
        }
        Ok(refused)
    }
}

#[cfg(test)]
mod tests;
