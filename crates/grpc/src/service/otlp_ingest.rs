//! OTLP's `TraceService`, written by hand because its messages are decoded with a repair that generated servers have
//! no room for.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use jaeger_dynamodb_core::TraceWriter;
use jaeger_dynamodb_proto::convert::{InvalidSpan, spans_from_otlp};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_server::SERVICE_NAME;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::body::Body;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Code, Request, Response, Status};

use crate::codec::ExportCodec;
use crate::{status, tenant};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Serves `Export`.
#[derive(Debug, Clone)]
pub(crate) struct OtlpIngestServer {
    ingest: OtlpIngest,
    max_inbound_bytes: usize,
}

#[derive(Debug, Clone)]
struct OtlpIngest {
    writer: Arc<dyn TraceWriter>,
}

// === impl OtlpIngestServer ===

impl OtlpIngestServer {
    pub(crate) fn new(writer: Arc<dyn TraceWriter>, max_inbound_bytes: usize) -> Self {
        Self { ingest: OtlpIngest { writer }, max_inbound_bytes }
    }
}

impl NamedService for OtlpIngestServer {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for OtlpIngestServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let Self { ingest, max_inbound_bytes } = self.clone();
        Box::pin(async move {
            if request.uri().path() != EXPORT {
                return Ok(Status::unimplemented("the service has no such method").into_http());
            }
            let mut grpc = Grpc::new(ExportCodec)
                .accept_compressed(Gzip)
                .accept_compressed(Zstd)
                .send_compressed(Gzip)
                .send_compressed(Zstd)
                .max_decoding_message_size(max_inbound_bytes);
            Ok(not_worth_retrying(grpc.unary(ingest, request).await))
        })
    }
}

/// tonic answers OUT_OF_RANGE to a message that is too large, which OTLP's clients take as a reason to send the same
/// message again; RESOURCE_EXHAUSTED, without further details, makes them drop it
/// (<https://opentelemetry.io/docs/specs/otlp/#failures>).
fn not_worth_retrying(mut response: http::Response<Body>) -> http::Response<Body> {
    let code = |code: Code| http::HeaderValue::from(i32::from(code));
    if let Some(status) = response.headers_mut().get_mut(Status::GRPC_STATUS)
        && *status == code(Code::OutOfRange)
    {
        *status = code(Code::ResourceExhausted);
    }
    response
}

// === impl OtlpIngest ===

impl UnaryService<ExportTraceServiceRequest> for OtlpIngest {
    type Response = ExportTraceServiceResponse;
    type Future = BoxFuture<Response<ExportTraceServiceResponse>, Status>;

    fn call(&mut self, request: Request<ExportTraceServiceRequest>) -> Self::Future {
        let ingest = self.clone();
        Box::pin(async move { ingest.export(request).await.map(Response::new) })
    }
}

impl OtlpIngest {
    /// Spans with impossible ids are left out and reported. If nothing else came the request fails, because Jaeger's
    /// client does not read the report.
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<ExportTraceServiceResponse, Status> {
        let tenant = tenant::of_request(request.metadata())?;
        let converted = spans_from_otlp(request.into_inner().resource_spans);
        let rejected = converted.rejected;
        count_rejected(&rejected);
        if converted.spans.is_empty() {
            return if rejected.is_empty() {
                Ok(ExportTraceServiceResponse::default())
            } else {
                Err(Status::invalid_argument(reasons(&rejected)))
            };
        }
        let accepted = converted.spans.len();
        let written = self.writer.write_spans(&tenant, converted.spans).await;
        written.map_err(|error| status::of_store_error(&error))?;
        metrics::counter!("jaeger_dynamodb_spans_accepted_total")
            .increment(accepted.try_into().unwrap_or(u64::MAX));
        Ok(ExportTraceServiceResponse { partial_success: partial_success(&rejected) })
    }
}

fn count_rejected(rejected: &[InvalidSpan]) {
    for reason in rejected {
        metrics::counter!("jaeger_dynamodb_spans_rejected_total", "reason" => reason.to_string())
            .increment(1);
    }
}

fn partial_success(rejected: &[InvalidSpan]) -> Option<ExportTracePartialSuccess> {
    (!rejected.is_empty()).then(|| ExportTracePartialSuccess {
        rejected_spans: rejected.len().try_into().unwrap_or(i64::MAX),
        error_message: reasons(rejected),
    })
}

fn reasons(rejected: &[InvalidSpan]) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    for reason in rejected {
        *counts.entry(reason).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().map(|(reason, count)| format!("{count} with {reason}")).collect();
    format!("spans rejected: {}", counts.join(", "))
}
