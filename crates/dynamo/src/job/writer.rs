//! Writing what a run derives: some items at a time, at the run's pace, with its claim kept.

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, TryStreamExt};
use jaeger_dynamodb_core::StoreError;
use serde_dynamo::Item;

use super::Job;
use super::claim::Claim;
use super::pace::Pace;
use crate::capacity::Purpose;
use crate::client::RequestError;
use crate::schema::Table;
use crate::size::item_bytes;

const PARALLEL_PUTS: usize = 8;

/// Puts items of one run into the index.
pub(super) struct RunWriter<'a> {
    job: &'a Job,
    claim: &'a mut Claim,
    pace: Pace,
    puts: FuturesUnordered<BoxFuture<'a, Result<(), RequestError>>>,
}

impl<'a> RunWriter<'a> {
    pub(super) fn new(job: &'a Job, claim: &'a mut Claim, pace: Pace) -> Self {
        Self { job, claim, pace, puts: FuturesUnordered::new() }
    }

    /// Takes an item to be put, and waits for earlier ones while there are too many.
    pub(super) async fn put(&mut self, item: Item) -> Result<(), StoreError> {
        let job = self.job;
        let delay = self.pace.delay(item_bytes(&item), job.context.client.clock().monotonic());
        if !delay.is_zero() {
            // Nobody would look after the requests in flight during the wait.
            self.settle().await?;
            job.context.client.clock().sleep(delay).await;
        }
        while self.puts.len() >= PARALLEL_PUTS {
            self.puts.try_next().await?;
        }
        job.renew_if_due(self.claim).await;
        let put = async move {
            job.context.client.put(Table::Index, item, Purpose::JobWrite, job.deadline()).await.map(drop)
        };
        self.puts.push(put.boxed());
        Ok(())
    }

    /// Returns once every item is durable.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        while self.puts.try_next().await?.is_some() {}
        Ok(())
    }
}
