//! Services and operations: the catalog of the days whose windows are derived, and the logs of the others.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{Operation, SpanKind, StoreError, Tenant};
use serde_dynamo::Item;

use super::{QueryContext, Reader, Snapshot};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::catalog::{CatalogService, day, service_name};
use crate::client::{Consistency, Query, SortRange};
use crate::item::is_expired;
use crate::keys::{self, Key, attribute};
use crate::schema::Table;

/// Items in a page: most hold a few hundred bytes, some a few hundred kilobytes.
const PAGE_ITEMS: i32 = 256;

impl Reader {
    /// The names of all services.
    pub(crate) async fn service_names(&self, tenant: &Tenant) -> Result<BTreeSet<String>, StoreError> {
        let context = &self.query(tenant);
        let snapshot = self.snapshot(context).await?;
        let days = days(&snapshot).into_iter().map(|day| async move { self.services_of(context, day).await });
        let days: Vec<_> = stream::iter(days).buffered(self.config.read_concurrency).try_collect().await?;
        let mut names: BTreeSet<String> = days.into_iter().flatten().collect();
        self.for_each_record_of(context, &snapshot, |record| {
            for name in record.record.index.service_names() {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
            }
        })
        .await?;
        Ok(names)
    }

    /// The operations of a service.
    pub(crate) async fn operations(
        &self,
        tenant: &Tenant,
        service: &str,
    ) -> Result<BTreeSet<Operation>, StoreError> {
        let context = &self.query(tenant);
        let snapshot = self.snapshot(context).await?;
        let days = days(&snapshot)
            .into_iter()
            .map(|day| async move { self.operations_of(context, day, service).await });
        let days: Vec<_> = stream::iter(days).buffered(self.config.read_concurrency).try_collect().await?;
        let operation = |name: &str, kind: SpanKind| Operation {
            name: name.to_owned(),
            span_kind: kind.as_str().to_owned(),
        };
        let mut operations: BTreeSet<_> =
            days.iter().flatten().map(|(name, kind)| operation(name, *kind)).collect();
        self.for_each_record_of(context, &snapshot, |record| {
            operations
                .extend(record.record.index.operations_of(service).map(|(name, kind)| operation(name, kind)));
        })
        .await?;
        Ok(operations)
    }

    async fn services_of(&self, context: &QueryContext, day: u32) -> Result<Vec<String>, StoreError> {
        let query = Query {
            table: Table::Index,
            purpose: Purpose::Catalog,
            partition: keys::catalog(&context.tenant, day),
            sort: SortRange::All,
            // Nothing says how many items there are, so that a stale read would not be noticed.
            consistency: Consistency::Strong,
            limit: PAGE_ITEMS,
            attributes: Some(&[attribute::SORT, attribute::EXPIRY]),
        };
        let items = self.all(context, &query).await?;
        let names = items
            .iter()
            .filter(|item| !self.has_expired(item))
            .map(|item| service_name(item).map(str::to_owned));
        names.collect::<Result<_, _>>().map_err(damaged)
    }

    async fn operations_of(
        &self,
        context: &QueryContext,
        day: u32,
        service: &str,
    ) -> Result<Vec<(String, SpanKind)>, StoreError> {
        let key = Key { partition: keys::catalog(&context.tenant, day), sort: service.as_bytes().to_vec() };
        let item = self.get(context, Table::Index, key, Consistency::Strong, Purpose::Catalog).await?;
        let Some(item) = item.filter(|item| !self.has_expired(item)) else { return Ok(Vec::new()) };
        let service = CatalogService::parse(&item).map_err(damaged)?;
        if service.dropped > 0 {
            tracing::warn!(
                service = service.name,
                day,
                dropped = service.dropped,
                "a service has more operations than the catalog keeps"
            );
        }
        Ok(service.operations)
    }

    fn has_expired(&self, item: &Item) -> bool {
        is_expired(item, self.client.service_time().at_least())
    }
}

/// The days under which the derived windows are listed.
fn days(snapshot: &Snapshot) -> BTreeSet<u32> {
    snapshot.derived().map(|item| day(item.window)).collect()
}

fn damaged(error: DecodeError) -> StoreError {
    StoreError::new(jaeger_dynamodb_core::StoreErrorKind::Damaged, "an item of the catalog cannot be read")
        .with_source(error)
}
