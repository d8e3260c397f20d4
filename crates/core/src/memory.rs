//! The executable specification: a store that looks at every span for every question.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use crate::edges::Edges;
use crate::{
    DependencyLink, DependencyQuery, DependencyReader, FoundTrace, Operation, OperationQuery,
    SearchCapabilities, Span, SpanDeduplicator, StoreError, SummaryBuilder, Tenant, TraceChunk, TraceId,
    TraceQuery, TraceReader, TraceRef, TraceSummary, TraceWriter, UnixNanos, is_listed, matching,
};

/// Keeps everything in memory and answers by looking at all of it. Every other store must answer as it does.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore {
    spans: Arc<Mutex<HashMap<Tenant, Vec<Span>>>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn distinct_spans(&self, tenant: &Tenant) -> Vec<Span> {
        let mut distinct = SpanDeduplicator::default();
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.get(tenant).into_iter().flatten().filter(|span| distinct.is_new(span)).cloned().collect()
    }

    fn traces(&self, tenant: &Tenant, ids: &[TraceId]) -> Vec<TraceChunk> {
        let mut by_id: HashMap<TraceId, Vec<Span>> = HashMap::new();
        for span in self.distinct_spans(tenant) {
            by_id.entry(span.trace_id()).or_default().push(span);
        }
        ids.iter().filter_map(|id| by_id.remove(id)).filter_map(TraceChunk::new).collect()
    }

    fn find(&self, tenant: &Tenant, query: &TraceQuery) -> Vec<TraceChunk> {
        let mut newest: HashMap<TraceId, UnixNanos> = HashMap::new();
        for span in self.distinct_spans(tenant) {
            if matching::matches(&span, query) {
                let start = newest.entry(span.trace_id()).or_insert_with(|| span.start());
                *start = span.start().max(*start);
            }
        }
        let mut found: Vec<_> = newest.into_iter().collect();
        found.sort_by_key(|(id, start)| (std::cmp::Reverse(*start), *id));
        let ids: Vec<_> = found.into_iter().map(|(id, _)| id).take(query.limit.get()).collect();
        self.traces(tenant, &ids)
    }
}

#[async_trait]
impl TraceWriter for MemoryStore {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        let mut kept = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(tenant.clone()).or_default().extend(spans);
        Ok(())
    }
}

#[async_trait]
impl TraceReader for MemoryStore {
    fn capabilities(&self) -> SearchCapabilities {
        SearchCapabilities { without_service_name: true, same_span_conjunction: true }
    }

    fn get_traces(
        &self,
        tenant: &Tenant,
        traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let mut asked = HashSet::new();
        let ids: Vec<_> = traces.iter().map(|trace| trace.trace_id).filter(|id| asked.insert(*id)).collect();
        stream::iter(self.traces(tenant, &ids)).map(Ok).boxed()
    }

    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let spans = self.distinct_spans(tenant);
        let names: BTreeSet<_> =
            spans.iter().map(Span::service_name).filter(|name| is_listed(name)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        if !is_listed(&query.service) {
            return Ok(Vec::new());
        }
        let spans = self.distinct_spans(tenant);
        let operations: BTreeSet<_> = spans
            .iter()
            .filter(|span| span.service_name() == query.service && is_listed(span.operation_name()))
            .map(|span| Operation {
                name: span.operation_name().to_owned(),
                span_kind: span.kind().as_str().to_owned(),
            })
            .filter(|operation| query.span_kind.is_empty() || operation.span_kind == query.span_kind)
            .collect();
        Ok(operations.into_iter().collect())
    }

    fn find_traces(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        stream::iter(self.find(tenant, &query)).map(Ok).boxed()
    }

    async fn find_trace_ids(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> Result<Vec<FoundTrace>, StoreError> {
        Ok(self.find(tenant, &query).iter().filter_map(|trace| FoundTrace::of(trace.spans())).collect())
    }

    fn find_trace_summaries(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        let summaries = self.find(tenant, &query).into_iter().filter_map(|trace| {
            let mut summary = SummaryBuilder::default();
            trace.spans().iter().for_each(|span| summary.add(span));
            summary.finish()
        });
        stream::iter(summaries.collect::<Vec<_>>()).map(Ok).boxed()
    }
}

#[async_trait]
impl DependencyReader for MemoryStore {
    async fn dependencies(
        &self,
        tenant: &Tenant,
        query: DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError> {
        Ok(Edges::of_spans(&self.distinct_spans(tenant)).links(&query))
    }
}

#[cfg(test)]
mod tests;
