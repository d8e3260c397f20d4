//! `jaeger.storage.v1.ArchiveSpanReaderPlugin` and `ArchiveSpanWriterPlugin`, which Jaeger asks up to v1.65. Newer ones
//! ask an archive of its own through the plain services.

use std::sync::Arc;

use async_trait::async_trait;
use jaeger_dynamodb_core::TraceReader;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    GetTraceRequest, SpansResponseChunk, WriteSpanRequest, WriteSpanResponse,
    archive_span_reader_plugin_server, archive_span_writer_plugin_server,
};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Request, Response, Status};

use super::trace::trace;
use super::{not_implemented, span_writer};
use crate::RequestContext;
use crate::service::handwritten::{Call, Methods};
use crate::service::{Answers, Ingest};

/// Answers archived traces, if there is an archive.
#[derive(Debug)]
pub(crate) struct ArchiveReader {
    archive: Option<Arc<dyn TraceReader>>,
    max_outbound_bytes: usize,
}

/// Archives spans, if there is an archive.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveWriter(Option<Ingest>);

// === impl ArchiveReader ===

impl ArchiveReader {
    pub(crate) fn new(archive: Option<Arc<dyn TraceReader>>, max_outbound_bytes: usize) -> Self {
        Self { archive, max_outbound_bytes }
    }
}

#[async_trait]
impl archive_span_reader_plugin_server::ArchiveSpanReaderPlugin for ArchiveReader {
    type GetArchiveTraceStream = Answers<SpansResponseChunk>;

    async fn get_archive_trace(
        &self,
        request: Request<GetTraceRequest>,
    ) -> Result<Response<Answers<SpansResponseChunk>>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let archive = self.archive.as_ref().ok_or_else(not_implemented)?;
        trace(archive.as_ref(), &tenant, request.get_ref(), self.max_outbound_bytes).map(Response::new)
    }
}

// === impl ArchiveWriter ===

impl ArchiveWriter {
    pub(crate) fn new(archive: Option<Ingest>) -> Self {
        Self(archive)
    }

    async fn write(&self, request: Request<WriteSpanRequest>) -> Result<Response<WriteSpanResponse>, Status> {
        let archive = self.0.as_ref().ok_or_else(not_implemented)?;
        span_writer::write(archive, request).await
    }
}

impl Methods for ArchiveWriter {
    const SERVICE: &'static str = archive_span_writer_plugin_server::SERVICE_NAME;

    async fn answer(self, call: Call) -> http::Response<Body> {
        match call.method() {
            "WriteArchiveSpan" => call.unary(|request| self.write(request)).await,
            _ => Call::unknown_method(),
        }
    }
}
