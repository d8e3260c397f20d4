//! Sums of contributions over four hours of windows, and over days, made once all of their windows are done: then they
//! are final like what they sum up. Until then readers take the smaller pieces.

use std::collections::BTreeMap;
use std::sync::Arc;

use jaeger_dynamodb_core::edges::{EdgeBucket, Edges};
use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;

use super::edges::{Contribution, Written};
use super::{Job, RoundReport};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::dependencies::{Level, epochs, merge_chunk};
use crate::item::{bytes, is_expired, sort_key};
use crate::keys::{self, DependencyPart, Key, attribute};
use crate::queries::windows_query;
use crate::read::{head_of, heads_query};
use crate::window::WindowItem;

/// How often a period whose windows are not all done is looked at, in seconds.
const LOOK_AGAIN: u64 = 60;

/// A period whose contributions are summed up: a level above windows, and its start.
pub(super) type Period = (Level, u64);

/// What came of looking at a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Summed,
    /// Somebody else has done it.
    Done,
    /// Not all of its windows are done.
    Wait,
}

impl Job {
    /// Sums up all periods that are due.
    pub(super) async fn rollup_round(
        &self,
        tenant: &Tenant,
        wait: u64,
        report: &mut RoundReport,
    ) -> Result<(), StoreError> {
        let generation = *self.context.generation.read().await;
        self.list_sums_once(tenant, generation).await?;
        // Four hours first: with the last of its periods a day may become due.
        for level in [Level::FourHours, Level::Day] {
            let now = self.now();
            for period in
                self.with_backlog(tenant, generation, |backlog| backlog.due_periods(level, now, wait))
            {
                let step = self.sum_up(tenant, period, generation).await.unwrap_or_else(|error| {
                    metrics::counter!("jaeger_dynamodb_job_failures_total", "work" => "roll_up").increment(1);
                    tracing::warn!(error = %error, period_start = period.1, "edges cannot be rolled up now");
                    Step::Wait
                });
                if step == Step::Summed {
                    metrics::counter!("jaeger_dynamodb_edges_rolled_up_total").increment(1);
                    report.rolled_up += 1;
                }
                let again = self.roughly_now() + LOOK_AGAIN;
                self.with_backlog(tenant, generation, |backlog| match step {
                    Step::Summed | Step::Done => backlog.finish_period(period),
                    Step::Wait => backlog.postpone_period(period, again),
                });
            }
        }
        Ok(())
    }

    async fn sum_up(&self, tenant: &Tenant, period: Period, generation: u64) -> Result<Step, StoreError> {
        let (level, start) = period;
        let Some(expiry) = self.expiry_if_done(tenant, period).await? else { return Ok(Step::Wait) };
        if expiry <= self.now() {
            return Ok(Step::Done);
        }
        let below = if level == Level::Day { Level::FourHours } else { Level::Window };
        let edges =
            self.sum(tenant, below, start..start + level.seconds(), |bucket| level.bucket(bucket)).await?;
        let place = Contribution { tenant, level, sort: start.to_be_bytes().to_vec(), expiry };
        // One without edges is put too: it says that there is nothing more to look for.
        let written = self.put_contribution(&place, &edges, generation).await?;
        Ok(if written == Written::First { Step::Summed } else { Step::Done })
    }

    /// When the last of the period's windows expires, if all of them are done; zero if none is left.
    async fn expiry_if_done(
        &self,
        tenant: &Tenant,
        (level, start): Period,
    ) -> Result<Option<u64>, StoreError> {
        let [first, end] = [start, start + level.seconds()].map(|start| start.to_be_bytes().to_vec());
        let query = windows_query(tenant, SortRange::Between(first, end), Purpose::EdgesRead);
        let now = self.now();
        let mut expiry = 0;
        for item in self.context.client.all(&query, self.deadline()).await? {
            // One that cannot be read is no window that anybody could do.
            let Ok(item) = WindowItem::parse(&item) else { continue };
            if item.is_expired_at(now) {
                continue;
            }
            if !item.has_edges {
                return Ok(None);
            }
            expiry = expiry.max(item.terms.expiry);
        }
        Ok(Some(expiry))
    }

    /// The sums over all contributions of a level whose windows begin in the range.
    async fn sum(
        &self,
        tenant: &Tenant,
        level: Level,
        starts: std::ops::Range<u64>,
        place: impl Fn(EdgeBucket) -> EdgeBucket,
    ) -> Result<Edges<Arc<str>>, StoreError> {
        let mut edges = Edges::default();
        for (epoch, starts) in epochs(&starts) {
            let heads = heads_query(tenant, level, epoch, &starts, Consistency::Strong);
            let heads = Query { purpose: Purpose::EdgesRead, ..heads };
            let heads = self.context.client.all(&heads, self.deadline()).await?;
            let parts = self.parts(tenant, level, epoch, &starts).await?;
            for head in heads.iter().filter(|head| !is_expired(head, self.now())) {
                let is_inside =
                    sort_key(head).and_then(keys::start_of).is_ok_and(|start| starts.contains(&start));
                if !is_inside {
                    continue;
                }
                if let Err(error) = add(tenant, head, &parts, &place, &mut edges) {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(error = %error, level = ?level, "a contribution of edges cannot be read");
                }
            }
        }
        Ok(edges)
    }

    /// The parts of the contributions of a level, by their keys.
    async fn parts(
        &self,
        tenant: &Tenant,
        level: Level,
        epoch: u32,
        starts: &std::ops::Range<u64>,
    ) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StoreError> {
        let some = starts.start.to_be_bytes();
        let anywhere = keys::dependency_part(tenant, &some, keys::Run([0; 8]), DependencyPart::Calls(0));
        let query = Query {
            partition: anywhere.partition,
            purpose: Purpose::EdgesRead,
            ..heads_query(tenant, level, epoch, starts, Consistency::Strong)
        };
        let items = self.context.client.all(&query, self.deadline()).await?;
        let content =
            |item: &Item| Some((sort_key(item).ok()?.to_vec(), bytes(item, attribute::CONTENT)?.to_vec()));
        Ok(items.iter().filter_map(content).collect())
    }

    /// Learns, the first time, which sums there are already.
    async fn list_sums_once(&self, tenant: &Tenant, generation: u64) -> Result<(), StoreError> {
        if self.with_backlog(tenant, generation, |backlog| backlog.knows_sums) {
            return Ok(());
        }
        let now = self.now();
        let oldest = self.with_backlog(tenant, generation, |backlog| backlog.oldest_period());
        for level in [Level::FourHours, Level::Day] {
            let starts = level.floor(oldest.unwrap_or(now)).saturating_sub(Level::Day.seconds())..now;
            for (epoch, starts) in epochs(&starts) {
                let query = Query {
                    purpose: Purpose::EdgesRead,
                    attributes: Some(&[attribute::SORT, attribute::EXPIRY]),
                    ..heads_query(tenant, level, epoch, &starts, Consistency::Strong)
                };
                let items = self.context.client.all(&query, self.deadline()).await?;
                let starts = items.iter().filter_map(|item| sort_key(item).and_then(keys::start_of).ok());
                self.with_backlog(tenant, generation, |backlog| {
                    starts.for_each(|start| backlog.finish_period((level, start)));
                });
            }
        }
        self.with_backlog(tenant, generation, |backlog| backlog.knows_sums = true);
        Ok(())
    }
}

/// Adds a contribution with all of its parts, or nothing of it.
fn add(
    tenant: &Tenant,
    head: &Item,
    parts: &BTreeMap<Vec<u8>, Vec<u8>>,
    place: impl Fn(EdgeBucket) -> EdgeBucket,
    edges: &mut Edges<Arc<str>>,
) -> Result<(), DecodeError> {
    let (sort, item) = (sort_key(head)?, head_of(head)?);
    let calls = (0..item.call_parts).map(DependencyPart::Calls);
    let latencies = (0..item.latency_parts).map(DependencyPart::Latencies);
    let mut sum = Edges::default();
    merge_chunk(&item.first.0, &mut sum, |bucket| Some(place(bucket)))?;
    for part in calls.chain(latencies) {
        let Key { sort: key, .. } = keys::dependency_part(tenant, sort, item.run, part);
        let content = parts.get(&key).ok_or(DecodeError::Invalid("a part of a contribution is missing"))?;
        merge_chunk(content, &mut sum, |bucket| Some(place(bucket)))?;
    }
    edges.add(&sum);
    Ok(())
}

#[cfg(test)]
mod tests;
