//! The store: core's traits on DynamoDB.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::{
    Clock, DependencyLink, DependencyQuery, DependencyReader, FoundTrace, Operation, OperationQuery,
    SearchCapabilities, Span, StoreError, StoreErrorKind, SummaryBuilder, Tenant, TraceChunk, TraceQuery,
    TraceReader, TraceRef, TraceSummary, TraceWriter, is_listed,
};
use serde_dynamo::AttributeValue;
use tokio::sync::RwLock;

use crate::archive::ArchiveStore;
use crate::capacity::{CapacityMeter, Purpose};
use crate::client::{Client, Consistency};
use crate::commit::{Committers, WriterContext};
use crate::config::StoreConfig;
use crate::counters;
use crate::item::{lasting_item, number};
use crate::job::{JobMode, Maintenance};
use crate::keys::{self, attribute};
use crate::pack;
use crate::purge;
use crate::read::{KnownWindows, Reader, Tail};
use crate::schema::{self, LAYOUT_VERSION, Table};

const OPEN_BUDGET: Duration = Duration::from_secs(30);

/// Traces on DynamoDB, or on the embedded engine through the same SDK.
#[derive(Debug)]
pub struct DynamoStore {
    client: Arc<Client>,
    reader: Arc<Reader>,
    committers: Committers,
    context: Arc<WriterContext>,
}

/// What a store is made with, beside its settings.
#[derive(Debug)]
pub struct StoreParts {
    /// The SDK's client, with its own retries off: the store does its own, inside a budget.
    pub client: aws_sdk_dynamodb::Client,
    /// Time for timeouts, backoff and linger.
    pub clock: Arc<dyn Clock>,
    /// Seeds lane ids and jitter; `None` takes a seed from the operating system.
    pub seed: Option<u64>,
}

impl DynamoStore {
    /// Opens the store: creates missing tables if the settings say so, verifies all of them, and checks the layout's
    /// version.
    ///
    /// # Errors
    /// When settings contradict each other, tables are missing or different, the layout has another version, or the
    /// service does not answer.
    pub async fn open(parts: StoreParts, config: StoreConfig) -> Result<Self, StoreError> {
        config.validate().map_err(|error| StoreError::new(StoreErrorKind::Internal, error.to_string()))?;
        counters::start();
        let random = parts.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let client = Arc::new(Client::new(parts.client, parts.clock, random, &config));
        if config.create_tables {
            schema::create_missing(&client, config.streams).await?;
        }
        schema::verify(&client, config.streams).await?;
        check_layout(&client).await?;
        let tail = Arc::new(Tail::new(config.tail_cache_bytes));
        let known = Arc::new(KnownWindows::default());
        let context = Arc::new(WriterContext {
            client: Arc::clone(&client),
            config: config.clone(),
            tail: Arc::clone(&tail),
            known: Arc::clone(&known),
            generation: RwLock::new(0),
        });
        Ok(Self {
            reader: Arc::new(Reader { client: Arc::clone(&client), config, tail, known }),
            committers: Committers::new(Arc::clone(&context)),
            client,
            context,
        })
    }

    /// What the store's requests have cost so far.
    #[must_use]
    pub fn capacity(&self) -> Arc<CapacityMeter> {
        Arc::clone(self.client.capacity())
    }

    /// How long ago the storage service answered anything at all. That it throttles is an answer.
    #[must_use]
    pub fn unanswered_for(&self) -> Duration {
        self.client.unanswered_for()
    }

    /// Asks the storage service for one small item, half a read request unit, again and again until it is there or the
    /// time is over.
    ///
    /// # Errors
    /// When the service did not answer, or throttled, or refused.
    pub async fn check(&self, within: Duration) -> Result<(), StoreError> {
        let deadline = self.client.deadline_in(within);
        let purpose = Purpose::Administration;
        let asked = self.client.get(Table::Windows, keys::meta(), Consistency::Eventual, purpose, deadline);
        Ok(asked.await.map(drop)?)
    }

    /// Derives, in rounds, what is read instead of the log, for these tenants.
    #[must_use]
    pub fn maintenance(&self, mode: JobMode, tenants: Vec<Tenant>) -> Maintenance {
        Maintenance::new(Arc::clone(&self.context), mode, tenants)
    }

    /// All that is known of the calls between services in a range: of each source, with errors and latencies. What is
    /// counted by whole days, or four hours, is in the first bucket of these.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn edges(&self, tenant: &Tenant, query: &DependencyQuery) -> Result<Edges, StoreError> {
        self.reader.edges(tenant, query).await
    }

    /// The archive beside the store: traces that are kept apart, for as long as they are wanted.
    #[must_use]
    pub fn archive(&self) -> ArchiveStore {
        ArchiveStore::new(Arc::clone(&self.client), self.context.config.clone())
    }

    /// Takes no more spans, and returns once those that were taken are durable or refused. The archive has no queue
    /// and is not waited for: its writes run in the calls that asked for them.
    pub async fn close(&self) {
        self.committers.close().await;
    }

    /// Deletes everything, of all tenants, but archived traces (unless `and_archive`); for tests. Spans that are being
    /// written are finished first.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn purge(&self, and_archive: bool) -> Result<(), StoreError> {
        self.committers.settle().await;
        let mut generation = self.context.generation.write().await;
        *generation += 1;
        let outcome = purge::purge(&self.client, and_archive).await;
        self.context.tail.clear();
        self.context.known.clear();
        outcome
    }
}

/// Writes the layout's version into an empty store, and refuses one of another version.
async fn check_layout(client: &Client) -> Result<(), StoreError> {
    let deadline = client.deadline_in(OPEN_BUDGET);
    let found = client
        .get(Table::Windows, keys::meta(), Consistency::Strong, Purpose::Administration, deadline)
        .await?;
    let Some(found) = found.item else {
        let mut meta = lasting_item(keys::meta(), []);
        meta.inner_mut().insert(attribute::LAYOUT.to_owned(), AttributeValue::N(LAYOUT_VERSION.to_string()));
        client.put(Table::Windows, meta, Purpose::Administration, deadline).await?;
        return Ok(());
    };
    match number(&found, attribute::LAYOUT) {
        Ok(LAYOUT_VERSION) => Ok(()),
        Ok(other) => Err(StoreError::new(
            StoreErrorKind::Internal,
            format!(
                "the tables hold layout {other}, this program reads and writes layout {LAYOUT_VERSION}: use the version of the program that wrote them, or another table prefix"
            ),
        )),
        Err(error) => Err(StoreError::new(StoreErrorKind::Damaged, "the layout's version cannot be read")
            .with_source(error)),
    }
}

#[async_trait]
impl TraceWriter for DynamoStore {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        spans.iter().try_for_each(pack::check)?;
        self.committers.write(tenant, spans).await
    }
}

#[async_trait]
impl TraceReader for DynamoStore {
    fn capabilities(&self) -> SearchCapabilities {
        SearchCapabilities { without_service_name: true, same_span_conjunction: true }
    }

    fn get_traces(
        &self,
        tenant: &Tenant,
        traces: Vec<TraceRef>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let mut asked = HashSet::new();
        let ids = traces.into_iter().map(|trace| trace.trace_id).filter(|id| asked.insert(*id)).collect();
        Arc::clone(&self.reader).traces(tenant, ids)
    }

    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let names = self.reader.service_names(tenant).await?;
        Ok(names.into_iter().filter(|name| is_listed(name)).collect())
    }

    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        if !is_listed(&query.service) {
            return Ok(Vec::new());
        }
        let operations: BTreeSet<_> = self.reader.operations(tenant, &query.service).await?;
        let is_wanted = |operation: &Operation| {
            is_listed(&operation.name)
                && (query.span_kind.is_empty() || operation.span_kind == query.span_kind)
        };
        Ok(operations.into_iter().filter(is_wanted).collect())
    }

    fn find_traces(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        Arc::clone(&self.reader).matching_traces(tenant, query)
    }

    async fn find_trace_ids(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> Result<Vec<FoundTrace>, StoreError> {
        let mut chunks = self.find_traces(tenant, query);
        let mut traces: Vec<FoundTrace> = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            let Some(bounds) = FoundTrace::of(chunk.spans()) else { continue };
            match traces.last_mut() {
                Some(trace) if trace.trace_id == bounds.trace_id => *trace = trace.widened(bounds),
                _ => traces.push(bounds),
            }
        }
        Ok(traces)
    }

    fn find_trace_summaries(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        let chunks = self.find_traces(tenant, query).peekable();
        stream::try_unfold(Box::pin(chunks), |mut chunks| async move {
            let Some(first) = chunks.try_next().await? else { return Ok(None) };
            let id = first.trace_id();
            let mut summary = SummaryBuilder::default();
            first.spans().iter().for_each(|span| summary.add(span));
            let is_same = |next: &Result<TraceChunk, StoreError>| {
                next.as_ref().is_ok_and(|chunk| chunk.trace_id() == id)
            };
            while let Some(chunk) = chunks.as_mut().next_if(is_same).await {
                chunk?.spans().iter().for_each(|span| summary.add(span));
            }
            Ok(summary.finish().map(|summary| (summary, chunks)))
        })
        .boxed()
    }
}

#[async_trait]
impl DependencyReader for DynamoStore {
    async fn dependencies(
        &self,
        tenant: &Tenant,
        query: DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError> {
        self.reader.dependencies(tenant, &query).await
    }
}
