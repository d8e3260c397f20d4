//! The catalog's upkeep: what services and operations a window adds to its day. Only what is new is written; adding
//! what is there already changes nothing, so runners need not agree.

mod known;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant, is_listed};
use serde_dynamo::{AttributeValue, Item};

pub(super) use known::KnownCatalog;
use known::{Day, KnownService};

use super::Job;
use crate::capacity::Purpose;
use crate::catalog::{self, encode_operation};
use crate::client::{Consistency, Query, RequestError, SortRange, Update};
use crate::keys::{self, Key, attribute};
use crate::log::RecordIndex;
use crate::schema::Table;
use crate::window::WindowItem;

/// Most operations of a service and day, and most bytes of them: names that explode must not make an item that
/// nothing can be added to.
const MOST_OPERATIONS: usize = 2000;
const MOST_OPERATION_BYTES: usize = 200 * 1024;

/// Most that one request adds. Runners that do not know of each other may exceed the most of a service by so much.
const CHUNK_OPERATIONS: usize = 400;
const CHUNK_BYTES: usize = 48 * 1024;

/// Dropped names are told apart up to so many.
const MOST_DROPPED: usize = 100_000;

/// Another runner may move an expiry between our look and our write, but not often.
const MOST_TRIES: usize = 4;

const PARALLEL_SERVICES: usize = 8;
const PAGE_ITEMS: i32 = 200;

/// The services of a window with their operations.
#[derive(Debug, Default)]
pub(super) struct Collected {
    services: BTreeMap<String, Operations>,
}

/// Operations of a service, encoded.
#[derive(Debug, Default)]
struct Operations {
    kept: BTreeSet<Vec<u8>>,
    bytes: usize,
    /// Hashes of those beyond the most that are kept.
    dropped: HashSet<u64>,
}

/// What has to be written about a service.
#[derive(Debug, Default, PartialEq, Eq)]
struct Addition {
    operations: Vec<Vec<u8>>,
    /// Operations that do not fit.
    dropped: u64,
    expiry: u64,
}

impl Collected {
    /// Takes a record into account.
    pub(super) fn add(&mut self, index: &RecordIndex) {
        let names = index.operation_names();
        let mut seen = HashSet::new();
        for entry in index.entries() {
            let Some(service) = entry.service.as_deref().filter(|name| is_listed(name)) else { continue };
            let mut new: Vec<usize> = entry
                .operations
                .iter()
                .copied()
                .filter(|operation| seen.insert((service, *operation)))
                .collect();
            new.sort_unstable();
            if !self.services.contains_key(service) {
                self.services.insert(service.to_owned(), Operations::default());
            }
            let Some(operations) = self.services.get_mut(service) else { continue };
            for operation in new.into_iter().filter_map(|position| names.get(position)) {
                if let Some(name) = operation.name.as_deref().filter(|name| is_listed(name)) {
                    operations.add(encode_operation(name, operation.kind));
                }
            }
        }
    }
}

impl Operations {
    fn add(&mut self, operation: Vec<u8>) {
        if self.kept.contains(&operation) {
            return;
        }
        if self.kept.len() < MOST_OPERATIONS && self.bytes + operation.len() <= MOST_OPERATION_BYTES {
            self.bytes += operation.len();
            self.kept.insert(operation);
        } else if self.dropped.len() < MOST_DROPPED {
            let mut hasher = DefaultHasher::new();
            operation.hash(&mut hasher);
            self.dropped.insert(hasher.finish());
        }
    }

    /// What the known state of the service lacks; `None` if nothing.
    fn beyond(&self, known: Option<&KnownService>, expiry: u64) -> Option<Addition> {
        let Some(known) = known else {
            let operations = self.kept.iter().cloned().collect();
            return Some(Addition { operations, dropped: self.dropped.len() as u64, expiry });
        };
        let mut addition = Addition { dropped: self.dropped.len() as u64, expiry, ..Addition::default() };
        let (mut count, mut bytes) = (known.operation_count(), known.bytes);
        for operation in self.kept.iter().filter(|operation| !known.has(operation)) {
            if count < MOST_OPERATIONS && bytes + operation.len() <= MOST_OPERATION_BYTES {
                count += 1;
                bytes += operation.len();
                addition.operations.push(operation.clone());
            } else {
                addition.dropped += 1;
            }
        }
        let is_new =
            !addition.operations.is_empty() || addition.dropped > known.dropped || expiry > known.expiry;
        is_new.then_some(addition)
    }
}

impl Addition {
    /// The operations in requests' worth; at least one, even if it is empty.
    fn chunks(&self) -> Vec<Vec<Vec<u8>>> {
        let mut chunks = vec![Vec::new()];
        let mut bytes = 0;
        for operation in &self.operations {
            let is_full = chunks.last().is_some_and(|chunk: &Vec<_>| chunk.len() >= CHUNK_OPERATIONS);
            if is_full || bytes + operation.len() > CHUNK_BYTES {
                chunks.push(Vec::new());
                bytes = 0;
            }
            bytes += operation.len();
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(operation.clone());
            }
        }
        chunks
    }
}

/// When the catalog of a window's day expires, as far as this window has a say.
fn expiry(item: &WindowItem) -> u64 {
    let retention = item.terms.expiry.saturating_sub(item.window.end());
    let end_of_day = (u64::from(catalog::day(item.window)) + 1) * catalog::DAY;
    end_of_day.max(item.window.end()).saturating_add(retention)
}

impl Job {
    /// Adds what the window's services and operations are to its day.
    pub(super) async fn write_catalog(
        &self,
        tenant: &Tenant,
        item: &WindowItem,
        collected: &Collected,
        generation: u64,
    ) -> Result<(), StoreError> {
        if collected.services.is_empty() {
            return Ok(());
        }
        let day = Day { number: catalog::day(item.window), tenant: tenant.clone() };
        if !self.catalog.knows(&day, generation) {
            self.load_day(&day, generation).await?;
        }
        let expiry = expiry(item);
        let additions = collected.services.iter().filter_map(|(name, operations)| {
            let addition = self.catalog.with(&day, name, |known| operations.beyond(known, expiry))?;
            Some(self.write_service(&day, name, addition).boxed())
        });
        let additions: Vec<_> = additions.collect();
        let written =
            stream::iter(additions).buffer_unordered(PARALLEL_SERVICES).try_collect::<Vec<()>>().await;
        if written.is_err() {
            // Perhaps the table holds more than is known here.
            self.catalog.forget(&day);
        }
        written.map(drop)
    }

    async fn load_day(&self, day: &Day, generation: u64) -> Result<(), StoreError> {
        let query = Query {
            table: Table::Index,
            purpose: Purpose::JobRead,
            partition: keys::catalog(&day.tenant, day.number),
            sort: SortRange::All,
            // What is missed is added again, which changes nothing.
            consistency: Consistency::Eventual,
            limit: PAGE_ITEMS,
            attributes: None,
        };
        let mut start = None;
        let mut items: Vec<(String, KnownService)> = Vec::new();
        loop {
            let page = self.context.client.page(&query, start, self.deadline()).await?;
            items.extend(page.items.iter().filter_map(|item| {
                let name = catalog::service_name(item).ok()?.to_owned();
                Some((name, self.catalog.of_item(item)))
            }));
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        self.catalog.learn_day(day, generation, items);
        Ok(())
    }

    async fn write_service(&self, day: &Day, name: &str, addition: Addition) -> Result<(), StoreError> {
        let key = Key { partition: keys::catalog(&day.tenant, day.number), sort: name.as_bytes().to_vec() };
        let known_expiry = self.catalog.with(day, name, |known| known.map_or(0, |known| known.expiry));
        let mut expiry = addition.expiry.max(known_expiry);
        for chunk in addition.chunks() {
            let item = self.add_operations(&key, chunk, &mut expiry).await?;
            self.catalog.learn(day, name, &item);
        }
        let known_dropped = self.catalog.with(day, name, |known| known.map_or(0, |known| known.dropped));
        if addition.dropped > known_dropped {
            self.count_dropped(day, name, key, addition.dropped, known_dropped).await?;
        }
        Ok(())
    }

    /// Adds operations to a service's item, which is made if need be. Its expiry is never lowered.
    async fn add_operations(
        &self,
        key: &Key,
        operations: Vec<Vec<u8>>,
        expiry: &mut u64,
    ) -> Result<Item, StoreError> {
        let client = &self.context.client;
        for _ in 0..MOST_TRIES {
            let number = AttributeValue::N(expiry.to_string());
            let mut names = vec![("#expiry", attribute::EXPIRY)];
            let mut values = vec![(":expiry", number)];
            let mut expression = "SET #expiry = :expiry";
            if !operations.is_empty() {
                expression = "ADD #operations :operations SET #expiry = :expiry";
                names.push(("#operations", attribute::OPERATIONS));
                values.push((":operations", AttributeValue::Bs(operations.clone())));
            }
            let update = Update {
                table: Table::Index,
                purpose: Purpose::JobWrite,
                key: key.clone(),
                expression,
                condition: Some("attribute_not_exists(#expiry) OR #expiry <= :expiry"),
                names: &names,
                values,
            };
            match client.update(&update, self.deadline()).await {
                Ok(item) => return Ok(item),
                Err(RequestError::ConditionFailed) => {}
                Err(error) => return Err(error.into()),
            }
            let (table, strong) = (Table::Index, Consistency::Strong);
            let found = client.get(table, key.clone(), strong, Purpose::JobRead, self.deadline()).await?;
            let stored = found.item.and_then(|item| crate::item::number(&item, attribute::EXPIRY).ok());
            *expiry = stored.unwrap_or_default().max(*expiry);
        }
        let message = "a service's expiry in the catalog changes over and over";
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }

    /// Makes it visible that operations are not listed.
    async fn count_dropped(
        &self,
        day: &Day,
        name: &str,
        key: Key,
        dropped: u64,
        known: u64,
    ) -> Result<(), StoreError> {
        metrics::counter!("jaeger_dynamodb_catalog_dropped_total").increment(dropped - known);
        if known == 0 {
            tracing::warn!(service = name, dropped, "a service has too many operations to list them all");
        }
        let update = Update {
            table: Table::Index,
            purpose: Purpose::JobWrite,
            key,
            expression: "SET #dropped = :dropped",
            condition: Some(
                "attribute_exists(#expiry) AND (attribute_not_exists(#dropped) OR #dropped < :dropped)",
            ),
            names: &[("#dropped", attribute::DROPPED), ("#expiry", attribute::EXPIRY)],
            values: vec![(":dropped", AttributeValue::N(dropped.to_string()))],
        };
        match self.context.client.update(&update, self.deadline()).await {
            Ok(item) => self.catalog.learn(day, name, &item),
            // Another runner has counted more.
            Err(RequestError::ConditionFailed) => self.catalog.learn_dropped(day, name, dropped),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
