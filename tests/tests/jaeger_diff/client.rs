//! What is asked of either server.

use jaeger_dynamodb_core::translate::ToOtlp;
use jaeger_dynamodb_core::{Operation, Span, TraceId, otlp};
use jaeger_dynamodb_proto::convert;
use jaeger_dynamodb_proto::jaeger::storage::v2::trace_reader_client::TraceReaderClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindTraceIDsRequest, FindTraceSummariesRequest, FindTracesRequest, FoundTraceId, GetOperationsRequest,
    GetServicesRequest, GetTraceParams, GetTracesRequest, TraceQueryParameters, TraceSummary,
};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_client::TraceServiceClient;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use jaeger_dynamodb_tests::AnyError;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// Jaeger's memory store sends a trace in one message of any size.
const LARGEST_ANSWER: usize = 64 << 20;

/// A client of one server.
pub(crate) struct Client {
    traces: TraceReaderClient<Channel>,
    exports: TraceServiceClient<Channel>,
}

/// A trace of an answer: its messages put together.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    pub(crate) spans: Vec<otlp::Span>,
}

impl Client {
    pub(crate) async fn connect(url: String) -> Result<Self, AnyError> {
        let channel = Endpoint::from_shared(url)?.connect().await?;
        Ok(Self {
            traces: TraceReaderClient::new(channel.clone()).max_decoding_message_size(LARGEST_ANSWER),
            exports: TraceServiceClient::new(channel),
        })
    }

    pub(crate) async fn export(&self, spans: &[Span]) -> Result<(), AnyError> {
        let resource_spans = convert::resource_spans(&as_otlp(spans.to_vec()));
        let request = ExportTraceServiceRequest { resource_spans };
        match self.exports.clone().export(request).await?.into_inner().partial_success {
            Some(partial) if partial.rejected_spans > 0 => Err(partial.error_message.into()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn services(&self) -> Result<Vec<String>, AnyError> {
        Ok(self.traces.clone().get_services(GetServicesRequest {}).await?.into_inner().services)
    }

    pub(crate) async fn operations(&self, service: &str, kind: &str) -> Result<Vec<Operation>, AnyError> {
        let request = GetOperationsRequest { service: service.to_owned(), span_kind: kind.to_owned() };
        let operations = self.traces.clone().get_operations(request).await?.into_inner().operations;
        Ok(operations.into_iter().map(|one| Operation { name: one.name, span_kind: one.span_kind }).collect())
    }

    pub(crate) async fn get(&self, ids: &[TraceId]) -> Result<Vec<Trace>, AnyError> {
        let by_id =
            |id: &TraceId| GetTraceParams { trace_id: id.as_bytes().to_vec(), ..GetTraceParams::default() };
        let request = GetTracesRequest { query: ids.iter().map(by_id).collect() };
        whole_traces(self.traces.clone().get_traces(request).await?.into_inner()).await
    }

    pub(crate) async fn find(&self, query: &TraceQueryParameters) -> Result<Vec<Trace>, AnyError> {
        let request = FindTracesRequest { query: Some(query.clone()) };
        whole_traces(self.traces.clone().find_traces(request).await?.into_inner()).await
    }

    pub(crate) async fn find_ids(&self, query: &TraceQueryParameters) -> Result<Vec<FoundTraceId>, AnyError> {
        let request = FindTraceIDsRequest { query: Some(query.clone()) };
        Ok(self.traces.clone().find_trace_i_ds(request).await?.into_inner().trace_ids)
    }

    pub(crate) async fn summaries(&self, query: &TraceQueryParameters) -> Result<Vec<TraceSummary>, Status> {
        let request = FindTraceSummariesRequest { query: Some(query.clone()) };
        let mut messages = self.traces.clone().find_trace_summaries(request).await?.into_inner();
        let mut summaries = Vec::new();
        while let Some(message) = messages.message().await? {
            summaries.extend(message.summaries);
        }
        Ok(summaries)
    }
}

/// Puts neighbouring messages of one trace together.
async fn whole_traces(mut messages: Streaming<TracesData>) -> Result<Vec<Trace>, AnyError> {
    let mut traces: Vec<Trace> = Vec::new();
    while let Some(message) = messages.message().await? {
        let converted = convert::spans_from_otlp(message.resource_spans);
        if let Some(reason) = converted.rejected.first() {
            return Err(format!("a span of an answer is broken: {reason}").into());
        }
        let spans = as_otlp(converted.spans);
        let id = spans.first().ok_or("a message without spans")?.trace_id;
        if spans.iter().any(|span| span.trace_id != id) {
            return Err("a message with spans of two traces".into());
        }
        match traces.last_mut().filter(|trace| trace.id == id) {
            Some(trace) => trace.spans.extend(spans),
            None => traces.push(Trace { id, spans }),
        }
    }
    Ok(traces)
}

fn as_otlp(spans: Vec<Span>) -> Vec<otlp::Span> {
    let mut to_otlp = ToOtlp::default();
    spans.into_iter().map(|span| to_otlp.span(span)).collect()
}
