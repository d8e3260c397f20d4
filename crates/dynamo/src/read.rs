//! The read path: a snapshot of the windows, what was derived from the finished ones, the logs of the others, and the
//! packs that these name.
//!
//! Every window is read from one source for the whole query. Reads of windows and logs are strong, so a query sees
//! every commit that was acknowledged before it began. What never changes is read eventually first, and strongly if
//! something is missing: packs, and the items that a manifest names.

mod budget;
mod catalog;
mod context;
mod dependencies;
mod derived_items;
mod known;
mod packs;
mod plan;
mod pointers;
mod search;
mod segments;
mod snapshot;
pub(crate) mod tail;
mod traces;

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;

pub(crate) use budget::QueryBudget;
pub(crate) use context::QueryContext;
pub(crate) use known::KnownWindows;
pub(crate) use packs::{decoded_spans, pack_keys, report_missing};
use snapshot::{LogWindow, Snapshot};
pub(crate) use tail::Tail;

use crate::capacity::Purpose;
use crate::client::{Client, Consistency, Deadline, Query};
use crate::config::StoreConfig;
use crate::keys::Key;
use crate::log::StoredRecord;
use crate::schema::Table;

/// Responses of a deleted item may come from shortly before its expiry.
const EXPIRY_MARGIN_SECONDS: u64 = 60;

/// Windows of one query whose logs are read at a time.
const PARALLEL_WINDOWS: usize = 4;

/// What reads work with.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) client: Arc<Client>,
    pub(crate) config: StoreConfig,
    pub(crate) tail: Arc<Tail>,
    pub(crate) known: Arc<KnownWindows>,
}

impl Reader {
    /// Begins a query.
    pub(crate) fn query(&self, tenant: &Tenant) -> QueryContext {
        QueryContext::new(tenant.clone(), &self.config)
    }

    /// Calls `visit` with every record that is read from the log: of these windows, newest first, and those of derived
    /// windows that could not be derived.
    async fn for_each_record(
        &self,
        context: &QueryContext,
        log: &[LogWindow],
        snapshot: &Snapshot,
        mut visit: impl FnMut(&Arc<StoredRecord>) + Send,
    ) -> Result<(), StoreError> {
        let mut windows = self.records(context, log);
        while let Some(records) = windows.try_next().await? {
            records.iter().for_each(&mut visit);
        }
        for item in snapshot.derived() {
            self.failed_records(context, item).await?.iter().for_each(&mut visit);
        }
        Ok(())
    }

    /// Calls `visit` with every record of the snapshot that is read from the log.
    async fn for_each_record_of(
        &self,
        context: &QueryContext,
        snapshot: &Snapshot,
        visit: impl FnMut(&Arc<StoredRecord>) + Send,
    ) -> Result<(), StoreError> {
        let log: Vec<_> = snapshot.in_log().collect();
        self.for_each_record(context, &log, snapshot, visit).await
    }

    fn records<'a>(
        &'a self,
        context: &'a QueryContext,
        log: &'a [LogWindow],
    ) -> BoxStream<'a, Result<Vec<Arc<StoredRecord>>, StoreError>> {
        stream::iter(log)
            .map(move |window| async move { self.window_records(context, window).await })
            .buffered(PARALLEL_WINDOWS)
            .boxed()
    }

    /// One item, on the query's account.
    async fn get(
        &self,
        context: &QueryContext,
        table: Table,
        key: Key,
        consistency: Consistency,
        purpose: Purpose,
    ) -> Result<Option<Item>, StoreError> {
        let got = self.client.get(table, key, consistency, purpose, self.deadline()).await?;
        context.budget.spend(got.read_units)?;
        Ok(got.item)
    }

    /// All items of a range, on the query's account.
    async fn all(&self, context: &QueryContext, query: &Query) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self.client.page(query, start, self.deadline()).await?;
            context.budget.spend(page.read_units)?;
            items.extend(page.items);
            start = page.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    fn deadline(&self) -> Deadline {
        self.client.deadline_in(self.config.read_budget)
    }
}
