//! `jaeger.storage.v1.SpanWriterPlugin`.

use jaeger_dynamodb_proto::convert::spans_from_v1;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_writer_plugin_server::SERVICE_NAME;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    CloseWriterRequest, CloseWriterResponse, WriteSpanRequest, WriteSpanResponse,
};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Request, Response, Status};

use crate::RequestContext;
use crate::service::Ingest;
use crate::service::handwritten::{Call, Methods};

/// Serves `WriteSpan` and `Close`.
#[derive(Debug, Clone)]
pub(crate) struct SpanWriter(Ingest);

impl SpanWriter {
    pub(crate) fn new(ingest: Ingest) -> Self {
        Self(ingest)
    }

    /// A collector that stops calls this, while others go on writing: so it is a flush and closes nothing. It comes
    /// without a tenant.
    async fn close(&self) -> Result<Response<CloseWriterResponse>, Status> {
        self.0.flush().await;
        Ok(Response::new(CloseWriterResponse {}))
    }
}

impl Methods for SpanWriter {
    const SERVICE: &'static str = SERVICE_NAME;

    async fn answer(self, call: Call) -> http::Response<Body> {
        match call.method() {
            "WriteSpan" => call.unary(|request| write(&self.0, request)).await,
            "Close" => call.unary(|_: Request<CloseWriterRequest>| self.close()).await,
            _ => Call::unknown_method(),
        }
    }
}

/// Writes the span of the request, which is durable when this returns. A request without one has a span without a trace
/// id, which is refused.
pub(super) async fn write(
    ingest: &Ingest,
    request: Request<WriteSpanRequest>,
) -> Result<Response<WriteSpanResponse>, Status> {
    let tenant = RequestContext::of(request.metadata())?.tenant;
    let span = request.into_inner().span.unwrap_or_default();
    ingest.keep(&tenant, spans_from_v1(vec![span])).await?.none()?;
    Ok(Response::new(WriteSpanResponse {}))
}
