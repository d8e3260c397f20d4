//! Counts and latencies of every RPC, from its request to the end of its answer, however it ends: the status of a
//! stream comes last, in its trailers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use jaeger_dynamodb_core::Clock;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Counts RPCs as `jaeger_dynamodb_rpcs_total` and their seconds as `jaeger_dynamodb_rpc_duration_seconds`.
#[derive(Debug, Clone)]
pub struct RpcMetricsLayer {
    clock: Arc<dyn Clock>,
}

/// A service whose RPCs are counted.
#[derive(Debug, Clone)]
pub struct RpcMetrics<S> {
    inner: S,
    clock: Arc<dyn Clock>,
}

/// An RPC that is going on; it is counted when this is dropped. One that has no status by then was given up by its
/// client.
struct Observation {
    method: &'static str,
    clock: Arc<dyn Clock>,
    began: Duration,
    code: Option<Code>,
}

/// An answer on its way.
struct ObservedBody {
    inner: Body,
    observation: Observation,
}

/// The RPCs that are counted by name; others would let a client make up any number of time series.
pub(crate) const METHODS: [&str; 22] = [
    "jaeger.storage.v1.SpanWriterPlugin/WriteSpan",
    "jaeger.storage.v1.SpanWriterPlugin/Close",
    "jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream",
    "jaeger.storage.v1.SpanReaderPlugin/GetTrace",
    "jaeger.storage.v1.SpanReaderPlugin/GetServices",
    "jaeger.storage.v1.SpanReaderPlugin/GetOperations",
    "jaeger.storage.v1.SpanReaderPlugin/FindTraces",
    "jaeger.storage.v1.SpanReaderPlugin/FindTraceIDs",
    "jaeger.storage.v1.ArchiveSpanWriterPlugin/WriteArchiveSpan",
    "jaeger.storage.v1.ArchiveSpanReaderPlugin/GetArchiveTrace",
    "jaeger.storage.v1.DependenciesReaderPlugin/GetDependencies",
    "jaeger.storage.v1.PluginCapabilities/Capabilities",
    "jaeger.storage.v2.TraceReader/GetTraces",
    "jaeger.storage.v2.TraceReader/GetServices",
    "jaeger.storage.v2.TraceReader/GetOperations",
    "jaeger.storage.v2.TraceReader/FindTraces",
    "jaeger.storage.v2.TraceReader/FindTraceIDs",
    "jaeger.storage.v2.TraceReader/FindTraceSummaries",
    "jaeger.storage.v2.TraceReader/FindSpans",
    "jaeger.storage.v2.DependencyReader/GetDependencies",
    "jaeger.storage.v2.Capabilities/GetCapabilities",
    "opentelemetry.proto.collector.trace.v1.TraceService/Export",
];

// === impl RpcMetricsLayer ===

impl RpcMetricsLayer {
    /// Measures by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl<S> Layer<S> for RpcMetricsLayer {
    type Service = RpcMetrics<S>;

    fn layer(&self, inner: S) -> RpcMetrics<S> {
        RpcMetrics { inner, clock: Arc::clone(&self.clock) }
    }
}

// === impl RpcMetrics ===

impl<S> Service<Request<Body>> for RpcMetrics<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut observation = Observation::begin(request.uri().path(), &self.clock);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            // An error before the first message has its status in the headers.
            observation.see(answer.headers());
            Ok(answer.map(|inner| Body::new(ObservedBody { inner, observation })))
        })
    }
}

// === impl ObservedBody ===

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            self.observation.see(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// === impl Observation ===

impl Observation {
    fn begin(path: &str, clock: &Arc<dyn Clock>) -> Self {
        let path = path.trim_start_matches('/');
        let method = METHODS.into_iter().find(|method| *method == path).unwrap_or("other");
        Self { method, clock: Arc::clone(clock), began: clock.monotonic(), code: None }
    }

    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.code = Some(status.code());
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let took = self.clock.monotonic().saturating_sub(self.began);
        let code = self.code.unwrap_or(Code::Cancelled);
        metrics::counter!("jaeger_dynamodb_rpcs_total", "method" => self.method, "code" => format!("{code:?}"))
            .increment(1);
        metrics::histogram!("jaeger_dynamodb_rpc_duration_seconds", "method" => self.method).record(took);
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation").field("method", &self.method).field("code", &self.code).finish()
    }
}

#[cfg(test)]
mod tests {
    use jaeger_dynamodb_proto::FILE_DESCRIPTOR_SET;
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_method_of_a_service_is_counted_by_name() {
        let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file;
        let mut all: Vec<_> = files
            .iter()
            .flat_map(|file| file.service.iter().map(move |service| (file.package(), service)))
            .flat_map(|(package, service)| {
                let name = format!("{package}.{}", service.name());
                service.method.iter().map(move |method| format!("{name}/{}", method.name()))
            })
            .collect();
        all.sort_unstable();
        let mut counted = METHODS.to_vec();
        counted.sort_unstable();
        assert_eq!(counted, all);
    }
}
