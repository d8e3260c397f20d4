//! Reading archived traces.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use futures::stream::{self, BoxStream, StreamExt};
use jaeger_dynamodb_core::{Span, SpanDeduplicator, StoreError, Tenant, TraceChunk, TraceId};
use serde_dynamo::Item;

use super::Archive;
use super::assembly::Assembly;
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::item::is_expired;
use crate::keys;
use crate::pack;
use crate::read::QueryBudget;
use crate::schema::Table;

/// Spans of about a KB make a page of a quarter of a MB; the embedded engine reads so many whole items into memory.
const PAGE_ITEMS: i32 = 256;

/// A query that is under way.
struct Reading {
    archive: Arc<Archive>,
    tenant: Tenant,
    budget: QueryBudget,
    ids: std::vec::IntoIter<TraceId>,
    trace: Option<OpenTrace>,
}

/// A trace of which not all pages are read.
struct OpenTrace {
    id: TraceId,
    query: Query,
    /// Where the next page begins, which is not said of the first.
    start: Option<HashMap<String, SdkValue>>,
    assembly: Assembly,
    /// A large span stands there twice if two versions of the program compressed it differently.
    distinct: SpanDeduplicator,
}

impl Archive {
    /// The traces of these ids, which are distinct, in their order, a chunk a page.
    pub(super) fn traces(
        self: Arc<Self>,
        tenant: &Tenant,
        ids: Vec<TraceId>,
    ) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let reading = Reading {
            budget: QueryBudget::new(&self.config),
            archive: self,
            tenant: tenant.clone(),
            ids: ids.into_iter(),
            trace: None,
        };
        let chunks = stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.next_chunk().await?.map(|chunk| (chunk, reading)))
        });
        chunks.boxed()
    }
}

// === impl Reading ===

impl Reading {
    async fn next_chunk(&mut self) -> Result<Option<TraceChunk>, StoreError> {
        loop {
            let mut trace = match self.trace.take() {
                Some(trace) => trace,
                None => match self.ids.next() {
                    Some(id) => OpenTrace::new(&self.tenant, id),
                    None => return Ok(None),
                },
            };
            let deadline = self.archive.client.deadline_in(self.archive.config.read_budget);
            let page = self.archive.client.page(&trace.query, trace.start.take(), deadline).await?;
            self.budget.spend(page.read_units)?;
            let now = self.archive.client.service_time().at_least();
            let spans = trace.spans(page.items.into_iter().filter(|item| !is_expired(item, now)));
            trace.start = page.next;
            if trace.start.is_some() {
                self.trace = Some(trace);
            } else {
                trace.assembly.end();
            }
            if let Some(chunk) = TraceChunk::new(spans) {
                return Ok(Some(chunk));
            }
        }
    }
}

// === impl OpenTrace ===

impl OpenTrace {
    fn new(tenant: &Tenant, id: TraceId) -> Self {
        let query = Query {
            table: Table::Archive,
            purpose: Purpose::ArchiveRead,
            partition: keys::archived_trace(tenant, id),
            sort: SortRange::All,
            consistency: Consistency::Strong,
            limit: PAGE_ITEMS,
            attributes: None,
        };
        Self { id, query, start: None, assembly: Assembly::default(), distinct: SpanDeduplicator::default() }
    }

    /// The spans that these items complete. Damaged ones are reported and left out.
    fn spans(&mut self, items: impl Iterator<Item = Item>) -> Vec<Span> {
        let mut spans = Vec::new();
        for item in items {
            match self.assembly.add(item).and_then(|pack| pack.map_or(Ok(None), |pack| self.span(&pack))) {
                Ok(span) => spans.extend(span),
                Err(error) => {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(error = %error, trace = %self.id, "an archived span cannot be read");
                }
            }
        }
        spans
    }

    /// The span of the pack, if it was not there before.
    fn span(&mut self, pack: &[u8]) -> Result<Option<Span>, DecodeError> {
        let span = pack::decode(pack, |of| of == self.id)?.pop();
        let span = span.ok_or(DecodeError::Invalid("an archived item holds no span of its trace"))?;
        Ok(self.distinct.is_new(&span).then_some(span))
    }
}
