//! Putting a contribution: its parts first, then the item that names them, which the first one keeps.

use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};
use serde_dynamo::AttributeValue;

use super::super::Job;
use crate::capacity::Purpose;
use crate::client::{Consistency, RequestError, Update};
use crate::dependencies::{Chunk, Head, What, chunks};
use crate::item::{bytes, item};
use crate::keys::{self, DependencyPart, Key, Run, attribute};
use crate::period::{EPOCH_SECONDS, Level};
use crate::schema::Table;

/// Whether what was put is what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::job) enum Written {
    First,
    /// Another was there before; both are right.
    Lost,
}

/// Where a contribution is kept, and for how long.
#[derive(Debug)]
pub(in crate::job) struct Contribution<'a> {
    pub(in crate::job) tenant: &'a Tenant,
    pub(in crate::job) level: Level,
    /// The window, or the start of the period.
    pub(in crate::job) sort: Vec<u8>,
    pub(in crate::job) expiry: u64,
}

impl Contribution<'_> {
    fn key(&self) -> Key {
        let start = keys::start_of(&self.sort).unwrap_or_default();
        let epoch = u32::try_from(start / EPOCH_SECONDS).unwrap_or(u32::MAX);
        Key { partition: keys::dependencies(self.tenant, self.level, epoch), sort: self.sort.clone() }
    }
}

/// A contribution that is put piece by piece, so that no more than a piece has to be in memory: parts as they come, then
/// the item that names them.
#[derive(Debug)]
pub(in crate::job) struct Pieces<'a> {
    job: &'a Job,
    place: Contribution<'a>,
    /// Nothing of before a purge may come back.
    generation: u64,
    head: Head,
    is_empty: bool,
}

impl<'a> Pieces<'a> {
    pub(in crate::job) fn new(job: &'a Job, place: Contribution<'a>, generation: u64) -> Self {
        let run = Run(job.context.client.random_bytes());
        let head = Head { run, call_parts: 0, latency_parts: 0, first: Chunk(Vec::new()) };
        Self { job, place, generation, head, is_empty: true }
    }

    pub(in crate::job) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Adds to the sums. What is added to an edge twice is read as the sum of both.
    pub(in crate::job) async fn add(&mut self, edges: &Edges) -> Result<(), StoreError> {
        let present = self.job.context.generation.read().await;
        if *present != self.generation {
            return Ok(());
        }
        self.is_empty &= edges.is_zero();
        for chunk in chunks(edges, What::Calls) {
            // The first needs no item of its own.
            if self.head.first.0.is_empty() {
                self.head.first = chunk;
            } else {
                self.put_part(DependencyPart::Calls(self.head.call_parts), chunk).await?;
                self.head.call_parts = next(self.head.call_parts)?;
            }
        }
        for chunk in chunks(edges, What::Latencies) {
            self.put_part(DependencyPart::Latencies(self.head.latency_parts), chunk).await?;
            self.head.latency_parts = next(self.head.latency_parts)?;
        }
        Ok(())
    }

    async fn put_part(&self, part: DependencyPart, chunk: Chunk) -> Result<(), StoreError> {
        let key = keys::dependency_part(self.place.tenant, &self.place.sort, self.head.run, part);
        let item = item(key, self.place.expiry, [(attribute::CONTENT, chunk.0)]);
        let client = &self.job.context.client;
        client.put(Table::Dependencies, item, Purpose::EdgesWrite, self.job.deadline()).await?;
        Ok(())
    }

    /// Puts the item by which all pieces are seen, unless everything was purged in the meantime.
    pub(in crate::job) async fn finish(self) -> Result<Written, StoreError> {
        let present = self.job.context.generation.read().await;
        if *present != self.generation {
            return Ok(Written::Lost);
        }
        self.job.put_head(&self.place, self.head.encode()).await
    }
}

fn next(count: u16) -> Result<u16, StoreError> {
    count.checked_add(1).ok_or_else(|| {
        StoreError::new(StoreErrorKind::LimitExceeded, "a window has more edges than can be stored")
    })
}

impl Job {
    /// Puts a contribution at once, also one of nothing, unless everything was purged in the meantime.
    pub(in crate::job) async fn put_contribution(
        &self,
        place: Contribution<'_>,
        edges: &Edges,
        generation: u64,
    ) -> Result<Written, StoreError> {
        let mut pieces = Pieces::new(self, place, generation);
        pieces.add(edges).await?;
        pieces.finish().await
    }

    async fn put_head(&self, place: &Contribution<'_>, content: Vec<u8>) -> Result<Written, StoreError> {
        let client = &self.context.client;
        let update = Update {
            table: Table::Dependencies,
            purpose: Purpose::EdgesWrite,
            key: place.key(),
            expression: "SET #content = :content, #expiry = :expiry",
            condition: Some("attribute_not_exists(#content)"),
            names: &[("#content", attribute::CONTENT), ("#expiry", attribute::EXPIRY)],
            values: vec![
                (":content", AttributeValue::B(content.clone())),
                (":expiry", AttributeValue::N(place.expiry.to_string())),
            ],
        };
        match client.update(&update, self.deadline()).await {
            Ok(_) => Ok(Written::First),
            // Perhaps an earlier try of this very request has put it.
            Err(RequestError::ConditionFailed) => {
                let (table, strong) = (Table::Dependencies, Consistency::Strong);
                let found =
                    client.get(table, place.key(), strong, Purpose::EdgesRead, self.deadline()).await?;
                let stored = found.item.as_ref().and_then(|item| bytes(item, attribute::CONTENT));
                Ok(if stored == Some(&content) { Written::First } else { Written::Lost })
            }
            Err(error) => Err(error.into()),
        }
    }
}
