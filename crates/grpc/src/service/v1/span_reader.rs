//! `jaeger.storage.v1.SpanReaderPlugin`.

use std::sync::Arc;

use async_trait::async_trait;
use jaeger_dynamodb_core::{Operation, OperationQuery, TraceReader};
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    self as wire, FindTraceIDsRequest, FindTraceIDsResponse, FindTracesRequest, GetOperationsRequest,
    GetOperationsResponse, GetServicesRequest, GetServicesResponse, GetTraceRequest, SpansResponseChunk,
    span_reader_plugin_server,
};
use tonic::{Request, Response, Status};

use super::trace::trace;
use crate::service::{Answers, answers, within};
use crate::{RequestContext, chunking, query, status};

/// Answers searches.
#[derive(Debug)]
pub(crate) struct SpanReader {
    reader: Arc<dyn TraceReader>,
    max_outbound_bytes: usize,
    /// The kind of operations without kind.
    unspecified_kind: String,
}

impl SpanReader {
    pub(crate) fn new(
        reader: Arc<dyn TraceReader>,
        max_outbound_bytes: usize,
        unspecified_kind: String,
    ) -> Self {
        Self { reader, max_outbound_bytes, unspecified_kind }
    }

    /// The kind that the store is asked for, and whether only operations without kind are wanted, for which a store
    /// cannot be asked.
    fn asked_kind(&self, span_kind: String) -> (String, bool) {
        if !span_kind.is_empty() && span_kind == self.unspecified_kind {
            (String::new(), true)
        } else {
            (span_kind, false)
        }
    }

    /// Sorted by the kinds as they are told.
    fn told(&self, mut operations: Vec<Operation>) -> Vec<Operation> {
        for operation in operations.iter_mut().filter(|operation| operation.span_kind.is_empty()) {
            operation.span_kind.clone_from(&self.unspecified_kind);
        }
        operations.sort_unstable();
        operations
    }
}

#[async_trait]
impl span_reader_plugin_server::SpanReaderPlugin for SpanReader {
    type GetTraceStream = Answers<SpansResponseChunk>;
    type FindTracesStream = Answers<SpansResponseChunk>;

    async fn get_trace(
        &self,
        request: Request<GetTraceRequest>,
    ) -> Result<Response<Answers<SpansResponseChunk>>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        trace(self.reader.as_ref(), &tenant, request.get_ref(), self.max_outbound_bytes).map(Response::new)
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
        let (span_kind, without_kind) = self.asked_kind(span_kind);
        let operations = self.reader.operations(&tenant, OperationQuery { service, span_kind }).await;
        let mut operations = operations.map_err(|error| status::of_store_error(&error))?;
        operations.retain(|operation| !without_kind || operation.span_kind.is_empty());
        within(answer(self.told(operations)), self.max_outbound_bytes).map(Response::new)
    }

    async fn find_traces(
        &self,
        request: Request<FindTracesRequest>,
    ) -> Result<Response<Answers<SpansResponseChunk>>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let query = query::v1::of_traces(request.into_inner().query)?;
        let query = query::searchable(query, self.reader.capabilities())?;
        let limit = self.max_outbound_bytes;
        let chunks = self.reader.find_traces(&tenant, query);
        Ok(Response::new(answers(chunks, move |chunk| chunking::v1::messages(chunk, limit))))
    }

    async fn find_trace_i_ds(
        &self,
        request: Request<FindTraceIDsRequest>,
    ) -> Result<Response<FindTraceIDsResponse>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let query = query::v1::of_traces(request.into_inner().query)?;
        let query = query::searchable(query, self.reader.capabilities())?;
        let found = self.reader.find_trace_ids(&tenant, query).await;
        let found = found.map_err(|error| status::of_store_error(&error))?;
        let trace_ids = found.iter().map(|trace| trace.trace_id.as_bytes().to_vec()).collect();
        within(FindTraceIDsResponse { trace_ids }, self.max_outbound_bytes).map(Response::new)
    }
}

/// Clients read the names alone only where they find no operations, so one answer serves old and new ones.
fn answer(operations: Vec<Operation>) -> GetOperationsResponse {
    let mut operation_names: Vec<_> = operations.iter().map(|operation| operation.name.clone()).collect();
    operation_names.dedup();
    let operations =
        operations.into_iter().map(|one| wire::Operation { name: one.name, span_kind: one.span_kind });
    GetOperationsResponse { operation_names, operations: operations.collect() }
}
