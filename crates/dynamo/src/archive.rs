//! The archive: traces that somebody wants to keep, an item for each span, addressed by its content (ADR 0018).
//!
//! Jaeger writes archived spans and reads archived traces by id; there is nothing else to answer from. So there is no
//! log, no window and no job here: an item's key follows from what it holds, and there is nothing that could close
//! between a put and its answer.
//!
//! # Why nothing acknowledged is lost
//! A write is acknowledged when a put of every item of every span was answered. From then on:
//! - *Nobody replaces an item by something else.* The key holds a digest of the span. Whoever puts the same key puts the
//!   same span: two servers at once, a retry, a put that is executed long after its writer gave up. Batches, and the
//!   grouping of spans into them, leave no trace.
//! - *The parts of a large span are of one kind.* Their keys also hold a digest of the bytes that they are cut from. So
//!   a writer that compresses or cuts differently, another version of the program say, and dies halfway has put other
//!   items, and has replaced no part of a span that is whole. A span that then stands there twice is answered once.
//! - *A write that ends halfway* leaves whole spans, which are as good as any others, and parts, which are not read before
//!   they are complete. The same write again completes them.
//! - *Expiries only grow.* A put with an expiry replaces only items that expire earlier; one without, for ever, replaces
//!   any. So every item lasts as long as the longest promise that was acknowledged for it, whichever put comes last,
//!   whichever part of a span a renewal has reached, and whatever retention the servers are set to. Archiving again
//!   renews the expiry, and never shortens it.
//! - *DynamoDB throttles*, by partition that is by trace: puts are tried again within a budget. What is not done by then
//!   is an error, and everything that was put stays.
//!
//! Reads are strong, so a read that begins after the acknowledgement sees every item.

pub(crate) mod assembly;
mod digest;
mod read;
mod write;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use jaeger_dynamodb_core::{
    DependencyLink, DependencyQuery, DependencyReader, FoundTrace, Operation, OperationQuery,
    SearchCapabilities, Span, StoreError, StoreErrorKind, Tenant, TraceChunk, TraceQuery, TraceReader,
    TraceRef, TraceSummary, TraceWriter,
};

use crate::client::Client;
use crate::config::StoreConfig;
use crate::pack;

/// Archived traces: they are kept when the others expire, and are read by id only.
///
/// Archiving a trace again, as a whole or in part, adds nothing but renews its retention.
#[derive(Debug, Clone)]
pub struct ArchiveStore(Arc<Archive>);

#[derive(Debug)]
struct Archive {
    client: Arc<Client>,
    config: StoreConfig,
}

// === impl ArchiveStore ===

impl ArchiveStore {
    pub(crate) fn new(client: Arc<Client>, config: StoreConfig) -> Self {
        Self(Arc::new(Archive { client, config }))
    }
}

fn unsupported() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unsupported,
        "archived traces are read by id: search, services, operations and dependencies are the main store's",
    )
}

fn unsupported_stream<T: Send + 'static>() -> BoxStream<'static, Result<T, StoreError>> {
    stream::once(async { Err(unsupported()) }).boxed()
}

#[async_trait]
impl TraceWriter for ArchiveStore {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        spans.iter().try_for_each(pack::check)?;
        self.0.write(tenant, spans).await
    }
}

#[async_trait]
impl TraceReader for ArchiveStore {
    fn capabilities(&self) -> SearchCapabilities {
        SearchCapabilities::default()
    }

    fn get_traces(
        &self,
        tenant: &Tenant,
        traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let mut asked = HashSet::new();
        let ids = traces.into_iter().map(|trace| trace.trace_id).filter(|id| asked.insert(*id)).collect();
        Arc::clone(&self.0).traces(tenant, ids)
    }

    async fn services(&self, _: &Tenant) -> Result<Vec<String>, StoreError> {
        Err(unsupported())
    }

    async fn operations(&self, _: &Tenant, _: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        Err(unsupported())
    }

    fn find_traces(&self, _: &Tenant, _: TraceQuery) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        unsupported_stream()
    }

    async fn find_trace_ids(&self, _: &Tenant, _: TraceQuery) -> Result<Vec<FoundTrace>, StoreError> {
        Err(unsupported())
    }

    fn find_trace_summaries(
        &self,
        _: &Tenant,
        _: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        unsupported_stream()
    }
}

#[async_trait]
impl DependencyReader for ArchiveStore {
    async fn dependencies(&self, _: &Tenant, _: DependencyQuery) -> Result<Vec<DependencyLink>, StoreError> {
        Err(unsupported())
    }
}
