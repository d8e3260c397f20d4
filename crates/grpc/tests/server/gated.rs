//! A store in memory whose writes wait until a test lets them through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use jaeger_dynamodb_core::{
    DependencyLink, DependencyQuery, DependencyReader, FoundTrace, MemoryStore, Operation, OperationQuery,
    SearchCapabilities, Span, StoreError, Tenant, TraceChunk, TraceQuery, TraceReader, TraceRef,
    TraceSummary, TraceWriter,
};
use tokio::sync::watch;

/// Clones are the same store.
#[derive(Debug, Clone)]
pub(crate) struct Gated {
    store: Arc<MemoryStore>,
    open: watch::Sender<bool>,
    /// Writes that have begun.
    begun: watch::Sender<usize>,
    /// Writes that nobody waited for any more.
    abandoned: Arc<AtomicUsize>,
}

struct UnlessDone(Arc<AtomicUsize>);

impl Drop for UnlessDone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Gated {
    pub(crate) fn shut() -> Self {
        Self {
            store: Arc::default(),
            open: watch::Sender::new(false),
            begun: watch::Sender::new(0),
            abandoned: Arc::default(),
        }
    }

    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many writes have begun.
    pub(crate) async fn begun(&self, writes: usize) {
        self.begun.subscribe().wait_for(|begun| *begun >= writes).await.unwrap();
    }
}

#[async_trait]
impl TraceWriter for Gated {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        self.begun.send_modify(|begun| *begun += 1);
        let abandoned = UnlessDone(Arc::clone(&self.abandoned));
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        std::mem::forget(abandoned);
        self.store.write_spans(tenant, spans).await
    }
}

#[async_trait]
impl TraceReader for Gated {
    fn capabilities(&self) -> SearchCapabilities {
        self.store.capabilities()
    }

    fn get_traces(
        &self,
        tenant: &Tenant,
        traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        self.store.get_traces(tenant, traces)
    }

    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        self.store.services(tenant).await
    }

    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        self.store.operations(tenant, query).await
    }

    fn find_traces(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        self.store.find_traces(tenant, query)
    }

    async fn find_trace_ids(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> Result<Vec<FoundTrace>, StoreError> {
        self.store.find_trace_ids(tenant, query).await
    }

    fn find_trace_summaries(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        self.store.find_trace_summaries(tenant, query)
    }
}

#[async_trait]
impl DependencyReader for Gated {
    async fn dependencies(
        &self,
        tenant: &Tenant,
        query: DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError> {
        self.store.dependencies(tenant, query).await
    }
}
