//! A store behind a network: core's traits over the generated clients.

mod message;
pub(crate) mod query;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{
    DependencyLink, DependencyQuery, DependencyReader, FoundTrace, Operation, OperationQuery,
    SearchCapabilities, Span, StoreError, StoreErrorKind, Tenant, TraceChunk, TraceQuery, TraceReader,
    TraceRef, TraceSummary, TraceWriter, otlp,
};
use jaeger_dynamodb_proto::convert::{self, timestamp};
use jaeger_dynamodb_proto::jaeger::storage::v2::capabilities_client::CapabilitiesClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::dependency_reader_client::DependencyReaderClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::trace_reader_client::TraceReaderClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindTraceIDsRequest, FindTraceSummariesRequest, FindTracesRequest, GetCapabilitiesRequest,
    GetDependenciesRequest, GetOperationsRequest, GetServicesRequest, GetTracesRequest,
};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_client::TraceServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};

/// The store that a gRPC server serves through `jaeger.storage.v2` and OTLP. Queries that these cannot carry are
/// [`StoreErrorKind::Unsupported`].
#[derive(Debug, Clone)]
pub struct GrpcStore {
    traces: TraceReaderClient<Channel>,
    exports: TraceServiceClient<Channel>,
    dependencies: DependencyReaderClient<Channel>,
    capabilities: SearchCapabilities,
}

impl GrpcStore {
    /// Connects to the server at this URL and asks what it can search. The client takes messages up to gRPC's usual
    /// 4 MiB, as Jaeger's does.
    ///
    /// # Errors
    /// When the URL is none or the server does not answer.
    pub async fn connect(url: String) -> Result<Self, StoreError> {
        let channel = channel(url).await?;
        let answer =
            CapabilitiesClient::new(channel.clone()).get_capabilities(GetCapabilitiesRequest {}).await;
        let search = answer.map_err(store_error)?.into_inner().search.unwrap_or_default();
        Ok(Self {
            traces: TraceReaderClient::new(channel.clone()),
            dependencies: DependencyReaderClient::new(channel.clone()),
            exports: TraceServiceClient::new(channel),
            capabilities: SearchCapabilities {
                without_service_name: search.without_service_name,
                same_span_conjunction: search.same_span_conjunction,
            },
        })
    }
}

#[async_trait]
impl TraceWriter for GrpcStore {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        let spans = spans.into_iter().map(as_otlp).collect::<Result<Vec<_>, _>>()?;
        let resource_spans = convert::resource_spans(&spans);
        let request = request(tenant, ExportTraceServiceRequest { resource_spans })?;
        let answer = self.exports.clone().export(request).await.map_err(store_error)?.into_inner();
        match answer.partial_success {
            None => Ok(()),
            Some(partial) => Err(StoreError::invalid(partial.error_message)),
        }
    }
}

#[async_trait]
impl DependencyReader for GrpcStore {
    /// Which sources are asked for is the server's choice.
    async fn dependencies(
        &self,
        tenant: &Tenant,
        query: DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError> {
        let asked = GetDependenciesRequest {
            start_time: Some(timestamp(query.start)),
            end_time: Some(timestamp(query.end)),
        };
        let answer = self.dependencies.clone().get_dependencies(request(tenant, asked)?).await;
        let links = answer.map_err(store_error)?.into_inner().dependencies.into_iter();
        Ok(links
            .map(|link| DependencyLink {
                parent: link.parent,
                child: link.child,
                call_count: link.call_count,
                source: link.source,
            })
            .collect())
    }
}

#[async_trait]
impl TraceReader for GrpcStore {
    fn capabilities(&self) -> SearchCapabilities {
        self.capabilities
    }

    fn get_traces(
        &self,
        tenant: &Tenant,
        traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let asked = request(tenant, GetTracesRequest { query: traces.iter().map(query::by_id).collect() });
        let mut client = self.traces.clone();
        messages(async move { client.get_traces(asked?).await.map_err(store_error) })
            .and_then(|message| std::future::ready(message::chunk(message)))
            .boxed()
    }

    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let answer = self.traces.clone().get_services(request(tenant, GetServicesRequest {})?).await;
        Ok(answer.map_err(store_error)?.into_inner().services)
    }

    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        let asked = GetOperationsRequest { service: query.service, span_kind: query.span_kind };
        let answer = self.traces.clone().get_operations(request(tenant, asked)?).await;
        let operations = answer.map_err(store_error)?.into_inner().operations;
        Ok(operations.into_iter().map(|one| Operation { name: one.name, span_kind: one.span_kind }).collect())
    }

    fn find_traces(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let asked = query::parameters(query)
            .and_then(|parameters| request(tenant, FindTracesRequest { query: Some(parameters) }));
        let mut client = self.traces.clone();
        messages(async move { client.find_traces(asked?).await.map_err(store_error) })
            .and_then(|message| std::future::ready(message::chunk(message)))
            .boxed()
    }

    async fn find_trace_ids(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> Result<Vec<FoundTrace>, StoreError> {
        let asked = FindTraceIDsRequest { query: Some(query::parameters(query)?) };
        let answer = self.traces.clone().find_trace_i_ds(request(tenant, asked)?).await;
        answer.map_err(store_error)?.into_inner().trace_ids.into_iter().map(message::found).collect()
    }

    fn find_trace_summaries(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        let asked = query::parameters(query)
            .and_then(|parameters| request(tenant, FindTraceSummariesRequest { query: Some(parameters) }));
        let mut client = self.traces.clone();
        messages(async move { client.find_trace_summaries(asked?).await.map_err(store_error) })
            .map_ok(|message| stream::iter(message.summaries).map(message::summary))
            .try_flatten()
            .boxed()
    }
}

fn as_otlp(span: Span) -> Result<otlp::Span, StoreError> {
    match span {
        Span::Otlp(span) => Ok(span),
        Span::V1(_) => Err(unsupported("a v1 span cannot be exported as it is")),
    }
}

/// A connection to the server at this URL.
pub(crate) async fn channel(url: String) -> Result<Channel, StoreError> {
    let unreachable = |error: tonic::transport::Error| {
        StoreError::new(StoreErrorKind::Unavailable, "no server").with_source(error)
    };
    Endpoint::from_shared(url).map_err(unreachable)?.connect().await.map_err(unreachable)
}

/// The messages of a stream that a call opens.
pub(crate) fn messages<T: Send + 'static>(
    call: impl Future<Output = Result<tonic::Response<Streaming<T>>, StoreError>> + Send + 'static,
) -> impl Stream<Item = Result<T, StoreError>> + Send {
    stream::once(call).map_ok(|answer| answer.into_inner().map_err(store_error)).try_flatten()
}

pub(crate) fn request<T>(tenant: &Tenant, message: T) -> Result<Request<T>, StoreError> {
    let mut request = Request::new(message);
    if *tenant != Tenant::default() {
        let name =
            tenant.as_str().parse().map_err(|_| StoreError::invalid("the tenant fits into no header"))?;
        request.metadata_mut().insert("x-tenant", name);
    }
    Ok(request)
}

pub(crate) fn unsupported(message: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unsupported, message)
}

pub(crate) fn store_error(status: Status) -> StoreError {
    let kind = match status.code() {
        Code::InvalidArgument | Code::PermissionDenied => StoreErrorKind::InvalidRequest,
        Code::Unimplemented => StoreErrorKind::Unsupported,
        Code::Unavailable => StoreErrorKind::Unavailable,
        Code::ResourceExhausted => StoreErrorKind::LimitExceeded,
        Code::DataLoss => StoreErrorKind::Damaged,
        _ => StoreErrorKind::Internal,
    };
    StoreError::new(kind, status.message()).with_source(Arc::new(status))
}
