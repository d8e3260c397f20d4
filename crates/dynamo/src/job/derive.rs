//! One run over a closed window: from its log to items, the catalog and a manifest.

use std::time::Duration;

use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};

use super::catalog::Collected;
use super::claim::Claim;
use super::pace::Pace;
use super::records::{Position, RawRecord, WindowLog};
use super::writer::RunWriter;
use super::{Job, Outcome};
use crate::bytes::DecodeError;
use crate::derived::{DerivedItem, FailedRecord, Manifest, Plan, Slot, Survey, WindowBuilder};
use crate::item::item;
use crate::keys::{self, Key, PartHalf, Run, attribute};
use crate::window::{Change, Derived, WindowItem, publish};

/// So long after its closing a window is left to servers that know the format of all its records, in seconds.
const NEWER_VERSION_WAIT: u64 = 3600;

/// What is derived and from what.
pub(super) struct WindowRun<'a> {
    pub(super) job: &'a Job,
    pub(super) tenant: &'a Tenant,
    /// Read after the window was closed.
    pub(super) item: &'a WindowItem,
    pub(super) run: Run,
    pub(super) generation: u64,
}

/// What the first pass over the log finds.
#[derive(Default)]
struct Surveyed {
    survey: Survey,
    collected: Collected,
    failed: Vec<(FailedRecord, DecodeError)>,
    record_bytes: usize,
    records: u64,
    has_newer_version: bool,
}

impl WindowRun<'_> {
    pub(super) async fn derive(&self, claim: &mut Claim) -> Result<Outcome, StoreError> {
        let job = self.job;
        let mut log = WindowLog::new(job, self.tenant, self.item);
        let surveyed = self.survey(&mut log).await?;
        let closed_at = self.item.window.end().saturating_add(self.item.terms.grace);
        if surveyed.has_newer_version && job.now() < closed_at.saturating_add(NEWER_VERSION_WAIT) {
            return Ok(Outcome::LeftToNewerVersion);
        }
        self.report_failed(&surveyed);
        let config = &job.context.config;
        let plan = surveyed.survey.plan(job.memory_bytes).with_sizes(config.part_bytes, config.bucket_bytes);
        let half = Duration::from_secs(u64::from(self.item.window.length())) / 2;
        let within = job.longest_run.shorten(half);
        let pace = Pace::new(surveyed.record_bytes, within, job.context.client.clock().monotonic());
        let mut writer = RunWriter::new(job, claim, pace);
        let mut slots = Vec::new();
        for partition in 0..plan.partitions.max(1) {
            let of_partition = self.build(&mut log, &plan, partition, &mut writer).await?;
            if partition == 0 {
                slots = of_partition;
            }
        }
        writer.settle().await?;
        if !self.write_catalog(&surveyed.collected).await? {
            return Ok(Outcome::Lost);
        }
        let manifest = Manifest {
            run: self.run,
            published: job.published(),
            lanes: self.item.lanes.clone(),
            last_sequences: log.last_sequences().to_vec(),
            failed: surveyed.failed.into_iter().map(|(record, _)| record).collect(),
            group_bits: plan.group_bits,
            slots,
            pointer_buckets: plan.pointer_buckets,
        };
        let outcome = self.publish(&manifest).await?;
        tracing::debug!(
            window_start = self.item.window.start(),
            records = surveyed.records,
            record_bytes = surveyed.record_bytes,
            outcome = ?outcome,
            "window derived"
        );
        Ok(outcome)
    }

    async fn survey(&self, log: &mut WindowLog<'_>) -> Result<Surveyed, StoreError> {
        let mut found = Surveyed::default();
        let mut position = Position::default();
        while let Some(records) = log.next(&mut position).await? {
            for raw in records {
                found.add(&raw);
                // A large window must not keep a thread of the server to itself.
                tokio::task::yield_now().await;
            }
        }
        Ok(found)
    }

    /// Writes the items of one partition, and answers with the slots of its parts.
    async fn build(
        &self,
        log: &mut WindowLog<'_>,
        plan: &Plan,
        partition: u32,
        writer: &mut RunWriter<'_>,
    ) -> Result<Vec<Slot>, StoreError> {
        let (lanes, expiry) = (self.item.lanes.clone(), self.item.terms.expiry);
        let mut builder = WindowBuilder::new(plan.clone(), lanes, expiry, partition);
        let mut position = Position::default();
        while let Some(records) = log.next(&mut position).await? {
            for raw in records {
                if let Ok(record) = raw.decode() {
                    for derived in builder.add(&record) {
                        self.put(derived, writer).await?;
                    }
                }
                tokio::task::yield_now().await;
            }
        }
        while let Some(rest) = builder.take_rest() {
            for derived in rest {
                self.put(derived, writer).await?;
            }
            tokio::task::yield_now().await;
        }
        Ok(builder.finish().slots)
    }

    async fn put(&self, derived: DerivedItem, writer: &mut RunWriter<'_>) -> Result<(), StoreError> {
        let (tenant, window, expiry) = (self.tenant, self.item.window, self.item.terms.expiry);
        let item = |key, content| item(key, expiry, [(attribute::CONTENT, content)]);
        match derived {
            DerivedItem::Part { group, newest, part, entries, lists } => {
                let partition = keys::segment(tenant, window, self.run, group);
                for (half, content) in [(PartHalf::Entries, entries), (PartHalf::Lists, lists)] {
                    let sort = keys::part_sort(half, newest, part);
                    writer.put(item(Key { partition: partition.clone(), sort }, content)).await?;
                }
            }
            DerivedItem::Pointers { bucket, parts } => {
                for (part, content) in (0..).zip(parts) {
                    let key = keys::pointers(tenant, window, self.run, bucket, part);
                    writer.put(item(key, content)).await?;
                }
            }
        }
        Ok(())
    }

    /// False if everything was purged in the meantime: nothing of before may come back.
    async fn write_catalog(&self, collected: &Collected) -> Result<bool, StoreError> {
        let generation = self.job.context.generation.read().await;
        if *generation != self.generation {
            return Ok(false);
        }
        self.job.write_catalog(self.tenant, self.item, collected, self.generation).await?;
        Ok(true)
    }

    async fn publish(&self, manifest: &Manifest) -> Result<Outcome, StoreError> {
        let job = self.job;
        let (client, window) = (&job.context.client, self.item.window);
        match publish(client, self.tenant, window, manifest, job.deadline()).await? {
            Change::Made => Ok(Outcome::Derived),
            // Whose manifest it is tells whether an earlier try of the same request has made it.
            Change::NotMade => match job.read_window(self.tenant, window).await? {
                Some(WindowItem { derived: Derived::Done(winner), .. }) if winner.run == self.run => {
                    Ok(Outcome::Derived)
                }
                Some(WindowItem { derived: Derived::NotYet, .. }) => {
                    let text = "a lane was added to the closed window, or its log was ended, in the meantime";
                    Err(StoreError::new(StoreErrorKind::Unavailable, text))
                }
                _ => Ok(Outcome::Lost),
            },
        }
    }

    fn report_failed(&self, surveyed: &Surveyed) {
        metrics::counter!("jaeger_dynamodb_records_failed_total").increment(surveyed.failed.len() as u64);
        let window_start = self.item.window.start();
        for (FailedRecord { lane, sequence }, error) in &surveyed.failed {
            let lane = usize::try_from(*lane).ok().and_then(|lane| self.item.lanes.get(lane));
            tracing::error!(
                error = %error, window_start, lane = ?lane, sequence,
                "a log record cannot be derived; queries look for its spans in the log"
            );
        }
    }
}

impl Surveyed {
    fn add(&mut self, raw: &RawRecord) {
        self.records += 1;
        self.record_bytes += raw.bytes();
        match raw.decode() {
            Ok(record) => {
                self.survey.add(&record, raw.bytes());
                self.collected.add(&record.record.index);
            }
            Err(error) => {
                self.has_newer_version |= matches!(error, DecodeError::UnknownVersion(_));
                self.failed.push((FailedRecord { lane: raw.lane, sequence: raw.place.sequence }, error));
            }
        }
    }
}
