//! Putting a contribution: its parts first, then the item that names them, which the first one keeps.

use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};
use serde_dynamo::AttributeValue;

use super::super::Job;
use crate::capacity::Purpose;
use crate::client::{Consistency, RequestError, Update};
use crate::dependencies::{Chunk, EPOCH_SECONDS, Head, Level, What, chunks};
use crate::item::{bytes, item};
use crate::keys::{self, DependencyPart, Key, Run, attribute};
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

impl Job {
    /// Puts a contribution, unless everything was purged in the meantime.
    pub(in crate::job) async fn put_contribution(
        &self,
        place: &Contribution<'_>,
        edges: &Edges,
        generation: u64,
    ) -> Result<Written, StoreError> {
        let present = self.context.generation.read().await;
        if *present != generation {
            return Ok(Written::Lost);
        }
        let run = Run(self.context.client.random_bytes());
        let mut calls = chunks(edges, What::Calls).into_iter();
        let first = calls.next().unwrap_or(Chunk(Vec::new()));
        let call_parts = self.put_parts(place, run, calls, DependencyPart::Calls).await?;
        let latencies = chunks(edges, What::Latencies).into_iter();
        let latency_parts = self.put_parts(place, run, latencies, DependencyPart::Latencies).await?;
        self.put_head(place, Head { run, call_parts, latency_parts, first }.encode()).await
    }

    async fn put_parts(
        &self,
        place: &Contribution<'_>,
        run: Run,
        chunks: impl Iterator<Item = Chunk>,
        part: impl Fn(u16) -> DependencyPart,
    ) -> Result<u16, StoreError> {
        let mut count = 0_u16;
        for chunk in chunks {
            let key = keys::dependency_part(place.tenant, &place.sort, run, part(count));
            let item = item(key, place.expiry, [(attribute::CONTENT, chunk.0)]);
            self.context.client.put(Table::Dependencies, item, Purpose::EdgesWrite, self.deadline()).await?;
            count = count.checked_add(1).ok_or_else(|| {
                StoreError::new(StoreErrorKind::LimitExceeded, "a window has more edges than can be stored")
            })?;
        }
        Ok(count)
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
