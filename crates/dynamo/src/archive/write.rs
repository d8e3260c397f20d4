//! Archiving.

use std::collections::HashSet;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{Span, StoreError, StoreErrorKind, Tenant};
use serde_dynamo::{AttributeValue, Item};

use super::Archive;
use super::assembly::items;
use crate::capacity::Purpose;
use crate::client::Deadline;
use crate::keys::{Digest, attribute};
use crate::schema::Table;

/// One trace is one partition, which takes 1 000 write units a second: a trace of 10 000 spans needs 10 seconds at
/// least, and several times as much if its spans are larger than a KB.
const BUDGET: Duration = Duration::from_secs(60);

/// At 8 ms a put these are just what one partition takes; more would only be throttled.
const PARALLEL_PUTS: usize = 8;

impl Archive {
    /// Makes the spans durable, each distinct one once.
    pub(super) async fn write(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        let deadline = self.client.deadline_in(BUDGET);
        let expiry = self.expiry()?;
        let mut seen = HashSet::new();
        let distinct = spans.into_iter().filter_map(|span| {
            let digest = Digest::of_span(&span);
            seen.insert(digest).then_some((digest, span))
        });
        let puts = distinct
            .flat_map(|(digest, span)| items(tenant, digest, span))
            .map(|item| self.put(item, expiry, deadline));
        stream::iter(puts).buffer_unordered(PARALLEL_PUTS).try_collect().await
    }

    /// When what is archived now expires, Unix seconds.
    fn expiry(&self) -> Result<Option<u64>, StoreError> {
        let Some(retention) = self.config.archive_retention else { return Ok(None) };
        match self.client.service_seconds() {
            0 => Err(StoreError::new(
                StoreErrorKind::Internal,
                "the storage service's responses carry no Date, without which nothing can be kept for a given time",
            )),
            now => Ok(Some(now.saturating_add(retention.as_secs()))),
        }
    }

    async fn put(&self, mut item: Item, expiry: Option<u64>, deadline: Deadline) -> Result<(), StoreError> {
        let purpose = Purpose::ArchiveWrite;
        match expiry {
            Some(expiry) => {
                let number = AttributeValue::N(expiry.to_string());
                item.inner_mut().insert(attribute::EXPIRY.to_owned(), number);
                self.client.put_to_keep_until(expiry, Table::Archive, item, purpose, deadline).await?;
            }
            None => {
                self.client.put(Table::Archive, item, purpose, deadline).await?;
            }
        }
        Ok(())
    }
}
