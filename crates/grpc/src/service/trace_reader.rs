//! `jaeger.storage.v2.TraceReader`.

mod answer;

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use jaeger_dynamodb_core::{OperationQuery, StoreError, TraceChunk, TraceQuery, TraceReader};
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindSpansRequest, FindSpansResponse, FindTraceIDsRequest, FindTraceIDsResponse,
    FindTraceSummariesRequest, FindTraceSummariesResponse, FindTracesRequest, GetOperationsRequest,
    GetOperationsResponse, GetServicesRequest, GetServicesResponse, GetTracesRequest, trace_reader_server,
};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use tonic::{Request, Response, Status};

use super::{Answers, answers, within};
use crate::query::InvalidQuery;
use crate::{RequestContext, chunking, query, status};

/// Answers searches.
#[derive(Debug)]
pub(crate) struct Traces {
    reader: Arc<dyn TraceReader>,
    max_outbound_bytes: usize,
}

impl Traces {
    pub(crate) fn new(reader: Arc<dyn TraceReader>, max_outbound_bytes: usize) -> Self {
        Self { reader, max_outbound_bytes }
    }

    fn searchable(&self, query: TraceQuery) -> Result<TraceQuery, InvalidQuery> {
        query::searchable(query, self.reader.capabilities())
    }

    fn traces_data(&self, chunks: BoxStream<'static, Result<TraceChunk, StoreError>>) -> Answers<TracesData> {
        let limit = self.max_outbound_bytes;
        answers(chunks, move |chunk| chunking::messages(chunk, limit))
    }
}

#[async_trait]
impl trace_reader_server::TraceReader for Traces {
    type GetTracesStream = Answers<TracesData>;
    type FindSpansStream = Answers<FindSpansResponse>;
    type FindTracesStream = Answers<TracesData>;
    type FindTraceSummariesStream = Answers<FindTraceSummariesResponse>;

    async fn get_traces(
        &self,
        request: Request<GetTracesRequest>,
    ) -> Result<Response<Answers<TracesData>>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let traces = query::v2::trace_refs(&request.into_inner().query)?;
        Ok(Response::new(self.traces_data(self.reader.get_traces(&tenant, traces))))
    }

    async fn get_services(
        &self,
        request: Request<GetServicesRequest>,
    ) -> Result<Response<GetServicesResponse>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let services = self.reader.services(&tenant).await.map_err(|error| status::of_store_error(&error))?;
        within(GetServicesResponse { services }, self.max_outbound_bytes).map(Response::new)
    }

    async fn get_operations(
        &self,
        request: Request<GetOperationsRequest>,
    ) -> Result<Response<GetOperationsResponse>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let GetOperationsRequest { service, span_kind } = request.into_inner();
        let operations = self.reader.operations(&tenant, OperationQuery { service, span_kind }).await;
        let operations = operations.map_err(|error| status::of_store_error(&error))?;
        within(answer::operations(operations), self.max_outbound_bytes).map(Response::new)
    }

    async fn find_spans(
        &self,
        _: Request<FindSpansRequest>,
    ) -> Result<Response<Answers<FindSpansResponse>>, Status> {
        Err(Status::unimplemented("a search for single spans is not supported"))
    }

    async fn find_traces(
        &self,
        request: Request<FindTracesRequest>,
    ) -> Result<Response<Answers<TracesData>>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let query = self.searchable(query::v2::of_traces(request.into_inner().query)?)?;
        Ok(Response::new(self.traces_data(self.reader.find_traces(&tenant, query))))
    }

    async fn find_trace_i_ds(
        &self,
        request: Request<FindTraceIDsRequest>,
    ) -> Result<Response<FindTraceIDsResponse>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let query = self.searchable(query::v2::of_first_page(request.into_inner().query)?)?;
        let found = self.reader.find_trace_ids(&tenant, query).await;
        let found = found.map_err(|error| status::of_store_error(&error))?;
        within(answer::trace_ids(&found), self.max_outbound_bytes).map(Response::new)
    }

    /// One summary a message, each as soon as it is known.
    async fn find_trace_summaries(
        &self,
        request: Request<FindTraceSummariesRequest>,
    ) -> Result<Response<Answers<FindTraceSummariesResponse>>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let query = self.searchable(query::v2::of_first_page(request.into_inner().query)?)?;
        let limit = self.max_outbound_bytes;
        let summaries = self.reader.find_trace_summaries(&tenant, query).map(move |summary| match summary {
            Ok(summary) => Ok(answer::summary(summary, limit)),
            Err(error) => Err(status::of_store_error(&error)),
        });
        Ok(Response::new(summaries.boxed()))
    }
}
