//! A store behind a network: core's traits over the generated clients of `jaeger.storage.v1`.

mod query;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{
    DependencyLink, DependencyQuery, DependencyReader, FoundTrace, Operation, OperationQuery,
    SearchCapabilities, Span, StoreError, StoreErrorKind, SummaryBuilder, Tenant, TraceChunk, TraceId,
    TraceQuery, TraceReader, TraceRef, TraceSummary, TraceWriter,
};
use jaeger_dynamodb_proto::convert::{spans_from_v1, timestamp};
use jaeger_dynamodb_proto::jaeger::storage::v1::dependencies_reader_plugin_client::DependenciesReaderPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_reader_plugin_client::SpanReaderPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_writer_plugin_client::SpanWriterPluginClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    FindTraceIDsRequest, FindTracesRequest, GetDependenciesRequest, GetOperationsRequest, GetServicesRequest,
    SpansResponseChunk, WriteSpanRequest,
};
use tonic::transport::Channel;

use crate::grpc_client::{channel, messages, request, store_error, unsupported};

/// The store that a gRPC server serves through `jaeger.storage.v1`. What this cannot carry is
/// [`StoreErrorKind::Unsupported`]: OTLP spans, and queries other than Jaeger's parameters. Bounds and summaries of
/// traces are no part of it: they are taken from the spans that a search answers, as Jaeger's query service does.
#[derive(Debug, Clone)]
pub struct GrpcV1Store {
    reader: SpanReaderPluginClient<Channel>,
    writer: SpanWriterPluginClient<Channel>,
    dependencies: DependenciesReaderPluginClient<Channel>,
}

impl GrpcV1Store {
    /// Connects to the server at this URL. The client takes messages up to gRPC's usual 4 MiB, as Jaeger's does.
    ///
    /// # Errors
    /// When the URL is none or the server does not answer.
    pub async fn connect(url: String) -> Result<Self, StoreError> {
        let channel = channel(url).await?;
        Ok(Self {
            reader: SpanReaderPluginClient::new(channel.clone()),
            writer: SpanWriterPluginClient::new(channel.clone()),
            dependencies: DependenciesReaderPluginClient::new(channel),
        })
    }

    /// The traces that the query finds, whole, in the order in which they come.
    async fn found(&self, tenant: &Tenant, query: TraceQuery) -> Result<Vec<Vec<Span>>, StoreError> {
        let mut chunks = self.find_traces(tenant, query);
        let mut traces: Vec<(TraceId, Vec<Span>)> = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            let id = chunk.trace_id();
            match traces.last_mut() {
                Some((last, spans)) if *last == id => spans.extend(chunk.into_spans()),
                _ => traces.push((id, chunk.into_spans())),
            }
        }
        Ok(traces.into_iter().map(|(_, spans)| spans).collect())
    }

    async fn trace(&self, tenant: &Tenant, trace: &TraceRef) -> Result<Vec<TraceChunk>, StoreError> {
        let asked = request(tenant, query::by_id(trace))?;
        let answer = self.reader.clone().get_trace(asked).await.map_err(store_error)?.into_inner();
        let messages: Result<Vec<_>, _> = answer.try_collect().await;
        match messages {
            Ok(messages) if messages.is_empty() => Err(broken("a trace without spans")),
            Ok(messages) => Ok(messages.into_iter().map(chunks).collect::<Result<Vec<_>, _>>()?.concat()),
            // How Jaeger's clients tell it, too.
            Err(status) if status.message() == "trace not found" => Ok(Vec::new()),
            Err(status) => Err(store_error(status)),
        }
    }
}

#[async_trait]
impl TraceWriter for GrpcV1Store {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        for span in spans {
            let Span::V1(span) = span else { return Err(unsupported("an OTLP span is none of v1")) };
            let writing = request(tenant, WriteSpanRequest { span: Some(span.into()) })?;
            self.writer.clone().write_span(writing).await.map_err(store_error)?;
        }
        Ok(())
    }
}

#[async_trait]
impl DependencyReader for GrpcV1Store {
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
impl TraceReader for GrpcV1Store {
    /// The weakest, since `jaeger.storage.v1` does not tell.
    fn capabilities(&self) -> SearchCapabilities {
        SearchCapabilities::default()
    }

    fn get_traces(
        &self,
        tenant: &Tenant,
        mut traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let mut asked = std::collections::HashSet::new();
        traces.retain(|trace| asked.insert(trace.trace_id));
        let (store, tenant) = (self.clone(), tenant.clone());
        stream::iter(traces)
            .then(move |trace| {
                let (store, tenant) = (store.clone(), tenant.clone());
                async move { store.trace(&tenant, &trace).await }
            })
            .map_ok(|chunks| stream::iter(chunks).map(Ok))
            .try_flatten()
            .boxed()
    }

    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let answer = self.reader.clone().get_services(request(tenant, GetServicesRequest {})?).await;
        Ok(answer.map_err(store_error)?.into_inner().services)
    }

    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        let asked = GetOperationsRequest { service: query.service, span_kind: query.span_kind };
        let answer = self.reader.clone().get_operations(request(tenant, asked)?).await;
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
        let mut client = self.reader.clone();
        messages(async move { client.find_traces(asked?).await.map_err(store_error) })
            .and_then(|message| std::future::ready(chunks(message)))
            .map_ok(|chunks| stream::iter(chunks).map(Ok))
            .try_flatten()
            .boxed()
    }

    async fn find_trace_ids(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> Result<Vec<FoundTrace>, StoreError> {
        let asked = FindTraceIDsRequest { query: Some(query::parameters(query.clone())?) };
        let answer = self.reader.clone().find_trace_i_ds(request(tenant, asked)?).await;
        let ids = answer.map_err(store_error)?.into_inner().trace_ids;
        let traces = self.found(tenant, query).await?;
        let found: Vec<_> = traces.iter().filter_map(FoundTrace::of).collect();
        if found.iter().map(|trace| trace.trace_id.as_bytes().as_slice()).eq(&ids) {
            Ok(found)
        } else {
            Err(broken("other ids than those of the traces that it answered"))
        }
    }

    fn find_trace_summaries(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        let (store, tenant) = (self.clone(), tenant.clone());
        stream::once(async move { store.found(&tenant, query).await })
            .map_ok(|traces| stream::iter(traces.into_iter().filter_map(|spans| summary(&spans)).map(Ok)))
            .try_flatten()
            .boxed()
    }
}

fn summary(spans: &[Span]) -> Option<TraceSummary> {
    let mut summary = SummaryBuilder::default();
    spans.iter().for_each(|span| summary.add(span));
    summary.finish()
}

/// The chunks of a message, which may have spans of several traces.
fn chunks(message: SpansResponseChunk) -> Result<Vec<TraceChunk>, StoreError> {
    if message.spans.is_empty() {
        return Err(broken("a message without spans"));
    }
    let converted = spans_from_v1(message.spans);
    if !converted.rejected.is_empty() {
        return Err(broken("spans with impossible ids"));
    }
    let of_traces = converted.spans.chunk_by(|one, next| one.trace_id() == next.trace_id());
    Ok(of_traces.filter_map(|spans| TraceChunk::new(spans.to_vec())).collect())
}

fn broken(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Internal, format!("the server answered {what}"))
}
