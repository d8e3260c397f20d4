//! Sums of contributions over four hours of windows, and over days, made once all of their windows are done: then they
//! are final like what they sum up. Until then readers take the smaller pieces; so they do for good where the sums would
//! take too much memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jaeger_dynamodb_core::edges::{EdgeBucket, Edges};
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};
use serde_dynamo::Item;

use super::edges::{Contribution, Written};
use super::{Job, RoundReport};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::dependencies::{Head, PART_IS_MISSING, What, merge_chunks};
use crate::item::{bytes, is_expired, sort_key};
use crate::keys::{self, DependencyPart, Key, attribute};
use crate::period::{Level, epochs};
use crate::queries::{heads_query, windows_query};
use crate::window::WindowItem;

/// How often a period whose windows are not all done is looked at, in seconds.
const LOOK_AGAIN: u64 = 60;

/// A period whose contributions are summed up: a level above windows, and its start.
pub(super) type Period = (Level, u64);

/// Bytes that an edge takes with its latencies, about.
const EDGE_BYTES: usize = 1024;

/// The windows of a period, all of which are done.
#[derive(Debug, Default)]
struct DoneWindows {
    /// When the last of them expires; zero if none is left.
    expiry: u64,
    /// The starts of the four hours that they lie in.
    hours: BTreeSet<u64>,
}

/// Contributions added up.
#[derive(Debug, Default)]
struct Sum {
    edges: Edges<Arc<str>>,
    /// The starts of what they are of.
    starts: BTreeSet<u64>,
}

/// What came of looking at a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Summed,
    /// Somebody else has done it, or nobody ever will.
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
        let Some(windows) = self.done_windows(tenant, period, generation).await? else {
            return Ok(Step::Wait);
        };
        if windows.expiry <= self.now() {
            return Ok(Step::Done);
        }
        let below = if level == Level::Day { Level::FourHours } else { Level::Window };
        let place = |bucket| level.bucket(bucket);
        let Some(sum) = self.sum(tenant, below, start..start + level.seconds(), place).await? else {
            tracing::warn!(level = ?level, start, "edges are not rolled up: they take too much memory");
            return Ok(Step::Done);
        };
        if level == Level::Day && !windows.hours.is_subset(&sum.starts) {
            return Ok(Step::Wait);
        }
        let sort = start.to_be_bytes().to_vec();
        let place = Contribution { tenant, level, sort, expiry: windows.expiry };
        // One without edges is put too: it says that there is nothing more to look for.
        let written = self.put_contribution(place, &sum.edges, generation).await?;
        Ok(if written == Written::First { Step::Summed } else { Step::Done })
    }

    /// The period's windows, if all of them are done.
    async fn done_windows(
        &self,
        tenant: &Tenant,
        (level, start): Period,
        generation: u64,
    ) -> Result<Option<DoneWindows>, StoreError> {
        let [first, end] = [start, start + level.seconds()].map(|start| start.to_be_bytes().to_vec());
        let query = windows_query(tenant, SortRange::Between(first, end), Purpose::EdgesRead);
        let items = self.context.client.all(&query, self.deadline()).await?;
        // One that cannot be read is no window that anybody could do.
        let mut items: Vec<_> = items.iter().filter_map(|item| WindowItem::parse(item).ok()).collect();
        items.retain(|item| !item.is_expired_at(self.now()));
        if !items.iter().all(|item| item.has_edges) {
            self.learn_windows(tenant, generation, &items);
            return Ok(None);
        }
        let mut windows = DoneWindows::default();
        for item in items {
            windows.expiry = windows.expiry.max(item.terms.expiry);
            windows.hours.insert(Level::FourHours.floor(item.window.start()));
        }
        Ok(Some(windows))
    }

    /// The sum of all contributions of a level whose windows begin in the range; `None` if it takes too much memory.
    async fn sum(
        &self,
        tenant: &Tenant,
        level: Level,
        starts: Range<u64>,
        place: impl Fn(EdgeBucket) -> EdgeBucket,
    ) -> Result<Option<Sum>, StoreError> {
        let mut sum = Sum::default();
        for (epoch, starts) in epochs(&starts) {
            let heads = heads_query(tenant, level, epoch, &starts, Consistency::Strong);
            let Some(heads) = self.contents(heads).await? else { return Ok(None) };
            let Some(parts) = self.parts(tenant, level, epoch, &starts).await? else { return Ok(None) };
            for head in heads.iter().filter(|head| !is_expired(head, self.now())) {
                let start = sort_key(head).and_then(keys::start_of).ok();
                let Some(start) = start.filter(|start| starts.contains(start)) else { continue };
                // A sum without it would be wrong for ever; readers say that it is damaged.
                let edges = whole(tenant, head, &parts, &place).map_err(|error| {
                    StoreError::new(StoreErrorKind::Damaged, "a contribution of edges cannot be read")
                        .with_source(error)
                })?;
                sum.edges.add(&edges);
                sum.starts.insert(start);
                if sum.edges.iter().len().saturating_mul(EDGE_BYTES) > self.memory_bytes / 4 {
                    return Ok(None);
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(Some(sum))
    }

    /// The parts of the contributions of a level, by their keys; `None` if they take too much memory.
    async fn parts(
        &self,
        tenant: &Tenant,
        level: Level,
        epoch: u32,
        starts: &Range<u64>,
    ) -> Result<Option<BTreeMap<Vec<u8>, Vec<u8>>>, StoreError> {
        let some = starts.start.to_be_bytes();
        let anywhere = keys::dependency_part(tenant, &some, keys::Run([0; 8]), DependencyPart::Calls(0));
        let query = Query {
            partition: anywhere.partition,
            ..heads_query(tenant, level, epoch, starts, Consistency::Strong)
        };
        let Some(items) = self.contents(query).await? else { return Ok(None) };
        let content =
            |item: &Item| Some((sort_key(item).ok()?.to_vec(), bytes(item, attribute::CONTENT)?.to_vec()));
        Ok(Some(items.iter().filter_map(content).collect()))
    }

    /// The items of a query; `None` if they take too much memory.
    async fn contents(&self, query: Query) -> Result<Option<Vec<Item>>, StoreError> {
        let query = Query { purpose: Purpose::EdgesRead, ..query };
        let (mut items, mut start, mut taken) = (Vec::new(), None, 0);
        loop {
            let page = self.context.client.page(&query, start, self.deadline()).await?;
            taken += page
                .items
                .iter()
                .filter_map(|item| bytes(item, attribute::CONTENT))
                .map(<[u8]>::len)
                .sum::<usize>();
            items.extend(page.items);
            start = page.next;
            if taken > self.memory_bytes / 8 {
                return Ok(None);
            }
            if start.is_none() {
                return Ok(Some(items));
            }
        }
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

/// A contribution with all of its parts.
fn whole(
    tenant: &Tenant,
    head: &Item,
    parts: &BTreeMap<Vec<u8>, Vec<u8>>,
    place: impl Fn(EdgeBucket) -> EdgeBucket,
) -> Result<Edges, DecodeError> {
    let (sort, head) = (sort_key(head)?, Head::of_item(head)?);
    let mut chunks = vec![head.first.0.as_slice()];
    for part in head.parts(What::Latencies) {
        let Key { sort: key, .. } = keys::dependency_part(tenant, sort, head.run, part);
        chunks.push(parts.get(&key).ok_or(PART_IS_MISSING)?);
    }
    merge_chunks(chunks, |bucket| Some(place(bucket)))
}

#[cfg(test)]
mod tests;
