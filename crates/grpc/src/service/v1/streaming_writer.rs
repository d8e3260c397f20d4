//! `jaeger.storage.v1.StreamingSpanWriterPlugin`.

mod intake;

use std::sync::Arc;

use jaeger_dynamodb_proto::jaeger::storage::v1::streaming_span_writer_plugin_server::SERVICE_NAME;
use jaeger_dynamodb_proto::jaeger::storage::v1::{WriteSpanRequest, WriteSpanResponse};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Request, Response, Status, Streaming};

use super::not_implemented;
use crate::RequestContext;
use crate::service::handwritten::{Call, Methods};
use crate::service::{Ingest, Stopping};
use intake::Intake;

/// Bytes of spans that all streams together hold before they are durable. A stream that finds no room is not read.
const ROOM: usize = 32 * 1024 * 1024;

/// Writes spans that come in streams, if that is enabled.
#[derive(Debug, Clone)]
pub(crate) struct StreamingWriter(Option<Streams>);

#[derive(Debug, Clone)]
struct Streams {
    ingest: Ingest,
    room: Arc<Semaphore>,
    stopping: Stopping,
}

impl StreamingWriter {
    pub(crate) fn disabled() -> Self {
        Self(None)
    }

    pub(crate) fn enabled(ingest: Ingest, stopping: Stopping) -> Self {
        Self(Some(Streams { ingest, room: Arc::new(Semaphore::new(ROOM)), stopping }))
    }

    /// A task of its own reads the stream: tonic drops this call when the client vanishes, and what came before must
    /// be written all the same.
    async fn write(
        &self,
        request: Request<Streaming<WriteSpanRequest>>,
    ) -> Result<Response<WriteSpanResponse>, Status> {
        let Streams { ingest, room, stopping } = self.0.clone().ok_or_else(not_implemented)?;
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let intake = Intake { ingest, tenant, room, stopping };
        let ended = tokio::spawn(intake.run(request.into_inner())).await;
        ended.map_err(|_| Status::internal("the stream could not be written"))??;
        Ok(Response::new(WriteSpanResponse {}))
    }
}

impl Methods for StreamingWriter {
    const SERVICE: &'static str = SERVICE_NAME;

    async fn answer(self, call: Call) -> http::Response<Body> {
        match call.method() {
            "WriteSpanStream" => call.client_streaming(|request| self.write(request)).await,
            _ => Call::unknown_method(),
        }
    }
}
