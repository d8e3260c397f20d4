//! Merging the pointers of a block's windows into one run, so that a lookup by id reads one bucket instead of 48.

mod member;

use std::time::Duration;

use futures::FutureExt;
use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::AttributeValue;

use self::member::{MemberError, MemberPointers};
use super::claim::{Claim, Claimed};
use super::pace::Pace;
use super::writer::RunWriter;
use super::{Job, Outcome};
use crate::capacity::Purpose;
use crate::client::{Consistency, RequestError, SortRange, Update};
use crate::derived::{BlockManifest, BlockMember, Manifest, PointerBucket, bucket_count};
use crate::item::{bytes, item};
use crate::keys::{self, Run, attribute};
use crate::queries::windows_query;
use crate::schema::Table;
use crate::window::{Block, Derived, Window, WindowItem};

/// So long after its closing a block is merged without the windows that are not done, in seconds.
const LATECOMERS_WAIT: u64 = 3600;

/// How often a block whose windows are not all done is looked at, in seconds.
const LOOK_AGAIN: u64 = 60;

/// Merging less than two windows saves nothing.
const FEWEST_MEMBERS: usize = 2;

/// A bucket of pointers takes so much memory while it is merged, roughly.
const BUCKET_MEMORY: usize = 48 * 1024;

/// What is to be done about a block.
#[derive(Debug)]
pub(super) enum BlockStep {
    Merged,
    /// Another run was faster.
    Lost,
    /// Nothing has to be done about it any more.
    Over,
    /// Later, Unix seconds.
    Wait(u64),
}

/// A window that is merged.
#[derive(Debug, Clone)]
struct Member {
    window: Window,
    run: Run,
    buckets: u32,
    expiry: u64,
}

/// What is merged, by whom.
struct Merge<'a> {
    job: &'a Job,
    tenant: &'a Tenant,
    block: Block,
    generation: u64,
}

impl Job {
    /// Merges a block, if it can be merged now and nobody else does.
    pub(super) async fn merge(
        &self,
        tenant: &Tenant,
        block: Block,
        generation: u64,
    ) -> Result<BlockStep, StoreError> {
        if self.read_block(tenant, block).await?.is_some() {
            return Ok(BlockStep::Over);
        }
        let members = match self.members(tenant, block).await? {
            Ok(members) => members,
            Err(step) => return Ok(step),
        };
        let key = keys::block_claim(tenant, block);
        let mut claim = match self.claim(key, latest_expiry(&members)).await? {
            Claimed::Ours(claim) => claim,
            Claimed::Until { until, .. } => return Ok(BlockStep::Wait(until)),
        };
        let merge = Merge { job: self, tenant, block, generation };
        let outcome = self.guarded(self.limited(merge.run(members, &mut claim)).boxed()).await;
        Ok(match outcome {
            Ok(Outcome::Derived) => BlockStep::Merged,
            Ok(Outcome::Lost | Outcome::LeftToNewerVersion) => BlockStep::Lost,
            Err(error) => {
                metrics::counter!("jaeger_dynamodb_job_failures_total", "work" => "merge").increment(1);
                tracing::warn!(error = %error, block_start = block.0.start(), "a block cannot be merged now");
                BlockStep::Wait(self.park(&claim, &error.to_string()).await)
            }
        })
    }

    /// The windows to merge, if it is time for it.
    async fn members(
        &self,
        tenant: &Tenant,
        block: Block,
    ) -> Result<Result<Vec<Member>, BlockStep>, StoreError> {
        let query = windows_query(
            tenant,
            SortRange::Between(block.0.start().to_be_bytes().to_vec(), block.end().to_be_bytes().to_vec()),
            Purpose::JobRead,
        );
        let items = self.context.client.all(&query, self.deadline()).await?;
        let now = self.now();
        // One that cannot be read is reported whenever windows are listed.
        let windows = items.iter().filter_map(|item| WindowItem::parse(item).ok());
        let windows: Vec<_> =
            windows.filter(|item| Block::of(item.window) == block && !item.is_expired_at(now)).collect();
        Ok(choose(&windows, block, now))
    }

    async fn read_block(&self, tenant: &Tenant, block: Block) -> Result<Option<Vec<u8>>, StoreError> {
        let (key, strong) = (keys::block(tenant, block), Consistency::Strong);
        let client = &self.context.client;
        let found = client.get(Table::Windows, key, strong, Purpose::JobState, self.deadline()).await?;
        Ok(found.item.and_then(|item| bytes(&item, attribute::MANIFEST).map(<[u8]>::to_vec)))
    }
}

/// Which of a block's unexpired windows are merged, if it is time.
fn choose(windows: &[WindowItem], block: Block, now: u64) -> Result<Vec<Member>, BlockStep> {
    let grace = windows.iter().map(|item| item.terms.grace).max().unwrap_or_default();
    let closed_at = block.end().saturating_add(grace);
    if !block.is_closed_at(now, grace) {
        return Err(BlockStep::Wait(closed_at));
    }
    let of_window = |item: &WindowItem, manifest: &Manifest| Member {
        window: item.window,
        run: manifest.run,
        buckets: manifest.pointer_buckets,
        expiry: item.terms.expiry,
    };
    let members: Vec<_> = windows.iter().filter_map(|item| Some(of_window(item, item.manifest()?))).collect();
    let is_late = now >= closed_at.saturating_add(LATECOMERS_WAIT);
    let may_become_more = windows.iter().any(|item| item.derived == Derived::NotYet);
    if members.len() < windows.len() && !is_late {
        return Err(BlockStep::Wait(now + LOOK_AGAIN));
    }
    if members.len() >= FEWEST_MEMBERS {
        Ok(members)
    } else if may_become_more {
        Err(BlockStep::Wait(now + LOOK_AGAIN))
    } else {
        Err(BlockStep::Over)
    }
}

impl<'a> Merge<'a> {
    /// Merges, without the members that cannot be read.
    async fn run(&self, mut members: Vec<Member>, claim: &mut Claim) -> Result<Outcome, StoreError> {
        loop {
            match self.try_run(&members, claim).await {
                Ok(outcome) => return Ok(outcome),
                Err(MemberError::Store(error)) => return Err(error),
                Err(MemberError::Damaged { window, error }) => {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(
                        error = %error, window_start = window.start(),
                        "pointers of a window cannot be merged; they are read by themselves"
                    );
                    members.retain(|member| member.window != window);
                }
            }
        }
    }

    async fn try_run(&self, members: &[Member], claim: &mut Claim) -> Result<Outcome, MemberError> {
        let job = self.job;
        let run = Run(job.context.client.random_bytes());
        let mut readers = self.readers(members).await?;
        let expected = readers.iter().map(MemberPointers::expected);
        let (pointers, size) = expected.fold((0, 0), |sum: (usize, usize), of| (sum.0 + of.0, sum.1 + of.1));
        // What is expected of members that are not read to the end may be wrong; that there is something is not.
        let fewest = u32::from(members.iter().any(|member| member.buckets > 0));
        let buckets = bucket_count(pointers, size).max(fewest);
        let half = Duration::from_secs(self.block.end().saturating_sub(self.block.0.start())) / 2;
        let pace = Pace::new(size, job.longest_run.shorten(half), job.context.client.clock().monotonic());
        let mut writer = RunWriter::new(job, claim, pace);
        let expiry = latest_expiry(members);
        for bucket in 0..buckets {
            let mut merged = Vec::new();
            for reader in &mut readers {
                reader.take_while(|next| next.hash.bucket(buckets) <= bucket, &mut merged).await?;
            }
            // Members are in order of their positions, which sorting keeps within a hash.
            merged.sort_by_key(|pointer| pointer.hash);
            for (part, content) in (0..).zip(PointerBucket::encode(&merged)) {
                let key = keys::merged_pointers(self.tenant, self.block, run, bucket, part);
                writer.put(item(key, expiry, [(attribute::CONTENT, content)])).await?;
            }
            tokio::task::yield_now().await;
        }
        writer.settle().await?;
        let of_member = |member: &Member| BlockMember { window: member.window, run: member.run };
        let manifest = BlockManifest {
            run,
            published: job.published(),
            members: members.iter().map(of_member).collect(),
            pointer_buckets: buckets,
        };
        Ok(self.publish(&manifest, expiry).await?)
    }

    /// The members' pointers, each read as far as its first page, which tells how much there is.
    async fn readers(&self, members: &[Member]) -> Result<Vec<MemberPointers<'a>>, MemberError> {
        let page_items = page_items(self.job.memory_bytes, members.len());
        let mut readers = Vec::with_capacity(members.len());
        for (position, member) in (0..).zip(members) {
            let (place, run) = ((self.job, self.tenant), (member.window, member.run));
            let mut reader = MemberPointers::new(place, run, position, member.buckets, page_items);
            reader.read_page().await?;
            readers.push(reader);
        }
        Ok(readers)
    }

    async fn publish(&self, manifest: &BlockManifest, expiry: u64) -> Result<Outcome, StoreError> {
        // Nothing of before a purge may come back.
        let generation = self.job.context.generation.read().await;
        if *generation != self.generation {
            return Ok(Outcome::Lost);
        }
        let encoded = manifest.encode();
        let update = Update {
            table: Table::Windows,
            purpose: Purpose::JobState,
            key: keys::block(self.tenant, self.block),
            expression: "SET #manifest = :manifest, #expiry = :expiry",
            condition: Some("attribute_not_exists(#manifest)"),
            names: &[("#manifest", attribute::MANIFEST), ("#expiry", attribute::EXPIRY)],
            values: vec![
                (":manifest", AttributeValue::B(encoded.clone())),
                (":expiry", AttributeValue::N(expiry.to_string())),
            ],
        };
        match self.job.context.client.update(&update, self.job.deadline()).await {
            Ok(_) => Ok(Outcome::Derived),
            // Perhaps an earlier try of this very request has made it.
            Err(RequestError::ConditionFailed) => {
                let stored = self.job.read_block(self.tenant, self.block).await?;
                Ok(if stored == Some(encoded) { Outcome::Derived } else { Outcome::Lost })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a block's items expire with.
fn latest_expiry(members: &[Member]) -> u64 {
    members.iter().map(|member| member.expiry).max().unwrap_or_default()
}

/// How many buckets of each member are read at a time.
fn page_items(memory_bytes: usize, members: usize) -> i32 {
    let items = memory_bytes / 2 / BUCKET_MEMORY / members.max(1);
    i32::try_from(items.clamp(4, 1000)).unwrap_or(1000)
}

#[cfg(test)]
mod tests;
