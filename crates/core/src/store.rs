//! The storage traits. Every store keeps these contracts; the conformance suite holds them against each.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::{
    DependencyLink, DependencyQuery, FoundTrace, Operation, OperationQuery, SearchCapabilities, Span,
    StoreError, Tenant, TraceChunk, TraceQuery, TraceRef, TraceSummary,
};

/// Keeps spans.
#[async_trait]
pub trait TraceWriter: Send + Sync + fmt::Debug {
    /// Keeps the spans, of any traces.
    ///
    /// # Contract
    /// `Ok` means that all spans are durable and that every read that begins afterwards finds them, through any
    /// instance of the store, until they expire. An error leaves open which of them were kept: the caller may
    /// write all of them again, because exact duplicates collapse when read. Spans that share an id but differ
    /// are all kept. No spans is no error.
    ///
    /// # Errors
    /// Retryable ones (see [`StoreError::is_retryable`]) when the store is overloaded or does not answer.
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError>;
}

/// Answers from kept spans.
#[async_trait]
pub trait TraceReader: Send + Sync + fmt::Debug {
    /// What the store can search.
    fn capabilities(&self) -> SearchCapabilities;

    /// The traces of these ids, in the order in which they are asked; unknown ids are left out, and an id that is
    /// asked twice is answered once.
    ///
    /// # Contract
    /// All spans of a trace are in consecutive chunks, each distinct span once, in its native form, unadjusted.
    /// Time hints leave nothing out. Dropping the stream stops the reading. An error ends the stream; what came
    /// before is then part of the answer at most.
    fn get_traces(
        &self,
        tenant: &Tenant,
        traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>>;

    /// The names of all services with spans, sorted, without those that [`is_listed`](crate::is_listed) leaves
    /// out.
    ///
    /// # Errors
    /// When the storage service does not answer or stored data is damaged.
    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError>;

    /// The operations of a service, sorted by name and kind, without those that
    /// [`is_listed`](crate::is_listed) leaves out; none of a service that is not listed itself.
    ///
    /// # Errors
    /// When the storage service does not answer or stored data is damaged.
    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError>;

    /// The whole traces that match, chunked as in [`TraceReader::get_traces`].
    ///
    /// # Contract
    /// A trace matches if one of its spans does, by [`matching`](crate::matching). Traces are ordered by the newest
    /// start among their matching spans, newest first, then by id; those beyond the limit are left out. The
    /// answer is exact or an error, never a part of it passed off as the whole.
    fn find_traces(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>>;

    /// The traces that [`TraceReader::find_traces`] finds, in that order, with their bounds.
    ///
    /// # Errors
    /// As [`TraceReader::find_traces`].
    async fn find_trace_ids(&self, tenant: &Tenant, query: TraceQuery)
    -> Result<Vec<FoundTrace>, StoreError>;

    /// Summaries of the traces that [`TraceReader::find_traces`] finds, in that order, over all of their spans.
    fn find_trace_summaries(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>>;
}

/// Answers who called whom.
#[async_trait]
pub trait DependencyReader: Send + Sync + fmt::Debug {
    /// One link for each pair of services with calls, by [`edges`](crate::edges), sorted by parent and child.
    ///
    /// # Contract
    /// Calls are counted in five minutes of the start of their span; those of every five minutes that the range overlaps
    /// are answered, of the sources that are asked for, summed up. A range that ends before it begins has none. A store
    /// may learn of calls some time after their spans, and may count those that arrive long after, or before, they
    /// start in the nearest five minutes for which it keeps sums.
    ///
    /// # Errors
    /// When the storage service does not answer or stored data is damaged.
    async fn dependencies(
        &self,
        tenant: &Tenant,
        query: DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError>;
}

const _: Option<(&dyn TraceWriter, &dyn TraceReader, &dyn DependencyReader)> = None;
