//! OTLP's `TraceService`.

use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_server::SERVICE_NAME;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Request, Response, Status};

use super::handwritten::{Call, Methods};
use super::ingest::Ingest;
use super::refused::Refused;
use crate::RequestContext;

/// Serves `Export`.
#[derive(Debug, Clone)]
pub(crate) struct OtlpIngest(Ingest);

impl OtlpIngest {
    pub(crate) fn new(ingest: Ingest) -> Self {
        Self(ingest)
    }

    /// Spans with impossible ids are left out and reported. If nothing else came the request fails, because Jaeger's
    /// client does not read the report.
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let came = spans_from_otlp(request.into_inner().resource_spans);
        let none_is_valid = came.spans.is_empty();
        let refused = self.0.keep(&tenant, came).await?;
        if none_is_valid {
            refused.none()?;
        }
        Ok(Response::new(ExportTraceServiceResponse { partial_success: partial_success(&refused) }))
    }
}

impl Methods for OtlpIngest {
    const SERVICE: &'static str = SERVICE_NAME;

    async fn answer(self, call: Call) -> http::Response<Body> {
        match call.method() {
            "Export" => call.unary(|request| self.export(request)).await,
            _ => Call::unknown_method(),
        }
    }
}

fn partial_success(refused: &Refused) -> Option<ExportTracePartialSuccess> {
    refused.none().err().map(|_| ExportTracePartialSuccess {
        rejected_spans: refused.count().try_into().unwrap_or(i64::MAX),
        error_message: refused.to_string(),
    })
}
