//! Answers of a store, held against the contracts that need no knowledge of its content.

use std::collections::HashSet;

use futures::TryStreamExt;
use futures::stream::BoxStream;
use jaeger_dynamodb_core::{
    FoundTrace, Operation, OperationQuery, Predicate, SearchCapabilities, Span, StoreError, SummaryBuilder,
    Tenant, TraceChunk, TraceId, TraceQuery, TraceReader, TraceRef, TraceSummary,
};

use super::expect::same;
use crate::fixtures;

/// A trace of an answer: its chunks put together.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    pub(super) id: TraceId,
    pub(super) spans: Vec<Span>,
}

/// What a store answers to one tenant.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    reader: &'a dyn TraceReader,
    tenant: Tenant,
}

impl<'a> Answers<'a> {
    pub(super) fn new(reader: &'a dyn TraceReader, tenant: Tenant) -> Self {
        Self { reader, tenant }
    }

    pub(super) fn capabilities(&self) -> SearchCapabilities {
        self.reader.capabilities()
    }

    /// The traces of these ids.
    pub(super) async fn get(&self, traces: Vec<TraceRef>) -> Result<Vec<Trace>, String> {
        whole_traces("get_traces", self.reader.get_traces(&self.tenant, traces)).await
    }

    /// The spans of the trace of this number, none if it is unknown.
    pub(super) async fn spans_of(&self, trace: u64) -> Result<Vec<Span>, String> {
        let traces = self.get(vec![fixtures::trace_id(trace).into()]).await?;
        Ok(traces.into_iter().flat_map(|trace| trace.spans).collect())
    }

    /// The traces that the query finds, the same by spans, by ids and by summaries.
    pub(super) async fn find(&self, query: &TraceQuery) -> Result<Vec<Trace>, String> {
        let traces =
            whole_traces("find_traces", self.reader.find_traces(&self.tenant, query.clone())).await?;
        let of_spans: Vec<_> = traces.iter().filter_map(|trace| FoundTrace::of(&trace.spans)).collect();
        let ids = self.reader.find_trace_ids(&self.tenant, query.clone()).await;
        let ids = ids.map_err(|error| format!("find_trace_ids failed: {error}"))?;
        same("ids and bounds, compared to what find_traces found,", &ids, &of_spans)?;
        let of_spans: Vec<_> = traces.iter().filter_map(|trace| summary_of(&trace.spans)).collect();
        same("summaries, compared to what find_traces found,", &self.summaries(query).await?, &of_spans)?;
        Ok(traces)
    }

    /// The summaries of what the query finds.
    pub(super) async fn summaries(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, String> {
        let summaries = self.reader.find_trace_summaries(&self.tenant, query.clone());
        summaries.try_collect().await.map_err(|error| format!("find_trace_summaries failed: {error}"))
    }

    /// The ids that the predicate finds at any time, newest first.
    pub(super) async fn found(&self, predicate: &Predicate) -> Result<Vec<TraceId>, String> {
        let query = TraceQuery { predicate: predicate.clone(), ..TraceQuery::default() };
        Ok(self.find(&query).await?.into_iter().map(|trace| trace.id).collect())
    }

    pub(super) async fn services(&self) -> Result<Vec<String>, String> {
        self.reader.services(&self.tenant).await.map_err(|error| format!("services failed: {error}"))
    }

    pub(super) async fn operations(&self, service: &str, span_kind: &str) -> Result<Vec<Operation>, String> {
        let query = OperationQuery { service: service.to_owned(), span_kind: span_kind.to_owned() };
        self.reader
            .operations(&self.tenant, query)
            .await
            .map_err(|error| format!("operations failed: {error}"))
    }
}

/// The summary of spans among which there are no duplicates.
fn summary_of(spans: &[Span]) -> Option<TraceSummary> {
    let mut summary = SummaryBuilder::default();
    spans.iter().for_each(|span| summary.add(span));
    summary.finish()
}

/// Puts the chunks of each trace together, which must be consecutive.
async fn whole_traces(
    call: &str,
    mut chunks: BoxStream<'static, Result<TraceChunk, StoreError>>,
) -> Result<Vec<Trace>, String> {
    let mut traces: Vec<Trace> = Vec::new();
    let mut begun = HashSet::new();
    while let Some(chunk) = chunks.try_next().await.map_err(|error| format!("{call} failed: {error}"))? {
        let id = chunk.trace_id();
        match traces.last_mut().filter(|trace| trace.id == id) {
            Some(trace) => trace.spans.extend(chunk.into_spans()),
            None if begun.insert(id) => traces.push(Trace { id, spans: chunk.into_spans() }),
            None => return Err(format!("{call}: the chunks of trace {id} are not consecutive")),
        }
    }
    Ok(traces)
}
