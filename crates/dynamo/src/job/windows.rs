//! A round over a tenant's windows: which there are, which lack their seal, which are to be derived.

use std::time::Duration;

use futures::FutureExt;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};

use super::claim::{Claimed, backoff};
use super::derive::WindowRun;
use super::{Job, JobMode, Outcome, RoundReport, WindowId};
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::item::sort_key;
use crate::keys::{self, Run, attribute};
use crate::queries::{WINDOWS_IN_A_PAGE, windows_query};
use crate::schema::Table;
use crate::window::{Block, Change, Derived, Window, WindowItem, seal};

/// How long windows that close in the meantime may wait for their seal.
const LIST_AGAIN: Duration = Duration::from_secs(30);

/// How often a window is looked at that waits for a newer version of this program, in seconds.
const LOOK_AGAIN: u64 = 60;

/// Windows that others have derived are noticed at this rate, for each round, once they are listed no more.
const MOST_LOOKS: usize = 50;

/// What came of looking at a window.
pub(super) enum Step {
    Ran(Outcome),
    /// It has a manifest, or is gone.
    Done,
    /// Later, Unix seconds.
    Wait(u64),
    /// It has failed, now or earlier, and waits.
    Parked {
        until: u64,
        reason: String,
    },
}

impl Job {
    pub(super) async fn windows_round(
        &self,
        tenant: &Tenant,
        report: &mut RoundReport,
    ) -> Result<(), StoreError> {
        let generation = *self.context.generation.read().await;
        self.list_and_seal(tenant, generation, report).await?;
        if self.mode != JobMode::InProcess {
            self.look_after_others(tenant, generation).await?;
        }
        if let Some(wait) = self.mode.wait() {
            let now = self.now();
            let mut listed = self.context.client.clock().monotonic();
            for window in self.with_backlog(tenant, generation, |backlog| backlog.due_windows(now, wait)) {
                self.work_on(tenant, window, generation).await.count(report);
                self.show_age();
                // Whoever listens for seals does not wait until a backlog is worked off.
                let monotonic = self.context.client.clock().monotonic();
                if monotonic.saturating_sub(listed) > LIST_AGAIN {
                    listed = monotonic;
                    self.list_and_seal(tenant, generation, report).await?;
                }
            }
        }
        self.show_age();
        let now = self.now();
        self.with_backlog(tenant, generation, |backlog| {
            let is_waiting = |pending: &&super::backlog::PendingWindow| pending.retry_at > now;
            report.postponed += backlog.windows.values().filter(is_waiting).count();
            report.not_done += backlog.windows.len();
        });
        Ok(())
    }

    async fn list_and_seal(
        &self,
        tenant: &Tenant,
        generation: u64,
        report: &mut RoundReport,
    ) -> Result<(), StoreError> {
        for window in self.list_windows(tenant, generation).await? {
            self.seal(tenant, window, report).await;
        }
        Ok(())
    }

    /// Reads the windows that are not known to be closed and sealed, and answers with those that lack their seal.
    async fn list_windows(&self, tenant: &Tenant, generation: u64) -> Result<Vec<Window>, StoreError> {
        let reached = self.now();
        let from = self.with_backlog(tenant, generation, |backlog| backlog.listed_before);
        let query = windows_query(tenant, SortRange::From(from.to_be_bytes().to_vec()), Purpose::JobRead);
        let mut windows = Vec::new();
        for item in self.context.client.all(&query, self.deadline()).await? {
            match WindowItem::parse(&item) {
                Ok(item) => windows.push(item),
                Err(error) => {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(error = %error, item = ?item, "a window's item cannot be read");
                }
            }
        }
        let now = self.now();
        Ok(self.with_backlog(tenant, generation, |backlog| backlog.learn(&windows, reached, now)))
    }

    /// Marks a closed window. If that fails, it is listed again and marked in the next round.
    pub(super) async fn seal(&self, tenant: &Tenant, window: Window, report: &mut RoundReport) {
        let trace_parent = self.seal_trace.as_ref().and_then(|trace| trace.traceparent(WindowId(window)));
        match seal(&self.context.client, tenant, window, trace_parent, self.deadline()).await {
            Ok(Change::Made) => {
                metrics::counter!("jaeger_dynamodb_windows_sealed_total").increment(1);
                report.sealed += 1;
            }
            Ok(Change::NotMade) => {}
            Err(error) => {
                tracing::warn!(error = %error, window_start = window.start(), "a window cannot be sealed");
            }
        }
    }

    /// Learns which windows others have derived since they were listed for the last time, oldest first, as far as the
    /// first that is not done.
    async fn look_after_others(&self, tenant: &Tenant, generation: u64) -> Result<(), StoreError> {
        let unlisted = self.with_backlog(tenant, generation, |backlog| backlog.unlisted_windows());
        for window in unlisted.into_iter().take(MOST_LOOKS) {
            let item = self.read_window(tenant, window).await?;
            let is_derived = item.as_ref().is_none_or(|item| item.derived != Derived::NotYet);
            let has_edges = item.is_none_or(|item| item.has_edges);
            if !is_derived && !has_edges {
                break;
            }
            self.with_backlog(tenant, generation, |backlog| {
                backlog.windows.retain(|pending, _| *pending != window || !is_derived);
                backlog.edges.retain(|pending, _| *pending != window || !has_edges);
            });
        }
        Ok(())
    }

    /// The window's item, strongly.
    pub(super) async fn read_window(
        &self,
        tenant: &Tenant,
        window: Window,
    ) -> Result<Option<WindowItem>, StoreError> {
        let (key, strong) = (keys::window(tenant, window), Consistency::Strong);
        let client = &self.context.client;
        let found = client.get(Table::Windows, key, strong, Purpose::JobRead, self.deadline()).await?;
        let Some(item) = found.item else { return Ok(None) };
        WindowItem::parse(&item).map(Some).map_err(|error| {
            StoreError::new(StoreErrorKind::Damaged, "a window's item cannot be read").with_source(error)
        })
    }

    /// Looks at a closed window, derives it if nobody else does, and remembers what came of it.
    pub(super) async fn work_on(&self, tenant: &Tenant, window: Window, generation: u64) -> Step {
        let started = self.context.client.clock().monotonic();
        let step = self.try_window(tenant, window, generation).await.unwrap_or_else(|error| {
            count_failure(window, &error);
            Step::Wait(self.roughly_now() + backoff(0))
        });
        if let Step::Ran(outcome) = &step {
            self.count_seconds("derive", started);
            count_outcome(*outcome);
        }
        self.with_backlog(tenant, generation, |backlog| match &step {
            Step::Ran(Outcome::Derived | Outcome::Lost) | Step::Done => {
                backlog.windows.remove(&window);
            }
            Step::Ran(Outcome::LeftToNewerVersion) => {
                backlog.postpone_window(window, self.now() + LOOK_AGAIN);
            }
            Step::Wait(until) | Step::Parked { until, .. } => backlog.postpone_window(window, *until),
        });
        step
    }

    async fn try_window(&self, tenant: &Tenant, window: Window, generation: u64) -> Result<Step, StoreError> {
        // Read now that it is closed: its lanes are complete.
        let Some(item) = self.read_window(tenant, window).await? else { return Ok(Step::Done) };
        if item.derived != Derived::NotYet || item.is_expired_at(self.now()) {
            return Ok(Step::Done);
        }
        let mut claim = match self.claim(keys::window_claim(tenant, window), item.terms.expiry).await? {
            Claimed::Ours(claim) => claim,
            Claimed::Until { until, reason: Some(reason) } => return Ok(Step::Parked { until, reason }),
            Claimed::Until { until, reason: None } => return Ok(Step::Wait(until)),
        };
        let run = Run(self.context.client.random_bytes());
        let run = WindowRun { job: self, tenant, item: &item, run, generation };
        match self.guarded(self.limited(run.derive(&mut claim)).boxed()).await {
            Ok(Outcome::LeftToNewerVersion) => {
                self.release(&claim).await;
                Ok(Step::Ran(Outcome::LeftToNewerVersion))
            }
            Ok(outcome) => Ok(Step::Ran(outcome)),
            Err(error) => {
                count_failure(window, &error);
                let (until, reason) = (self.park(&claim, &error.to_string()).await, error.to_string());
                Ok(Step::Parked { until, reason })
            }
        }
    }

    /// Learns, the first time, which blocks are merged already.
    pub(super) async fn list_blocks_once(&self, tenant: &Tenant, generation: u64) -> Result<(), StoreError> {
        if self.with_backlog(tenant, generation, |backlog| backlog.knows_blocks) {
            return Ok(());
        }
        let query = Query {
            table: Table::Windows,
            purpose: Purpose::JobRead,
            partition: keys::blocks(tenant),
            sort: SortRange::All,
            consistency: Consistency::Strong,
            limit: WINDOWS_IN_A_PAGE,
            attributes: Some(&[attribute::SORT]),
        };
        let items = self.context.client.all(&query, self.deadline()).await?;
        let block = |item| Window::from_bytes(sort_key(item).ok()?.try_into().ok()?).ok().map(Block);
        self.with_backlog(tenant, generation, |backlog| {
            items.iter().filter_map(block).for_each(|block| backlog.finish_block(block));
            backlog.knows_blocks = true;
        });
        Ok(())
    }
}

impl Step {
    fn count(&self, report: &mut RoundReport) {
        match self {
            Self::Ran(Outcome::Derived) => report.derived += 1,
            Self::Ran(Outcome::Lost) => report.lost += 1,
            Self::Ran(Outcome::LeftToNewerVersion) | Self::Done | Self::Wait(_) | Self::Parked { .. } => {}
        }
    }
}

fn count_outcome(outcome: Outcome) {
    match outcome {
        Outcome::Derived => metrics::counter!("jaeger_dynamodb_windows_derived_total").increment(1),
        Outcome::Lost => {
            metrics::counter!("jaeger_dynamodb_runs_lost_total", "work" => "derive").increment(1);
        }
        Outcome::LeftToNewerVersion => {}
    }
}

fn count_failure(window: Window, error: &StoreError) {
    metrics::counter!("jaeger_dynamodb_job_failures_total", "work" => "derive").increment(1);
    tracing::warn!(error = %error, window_start = window.start(), "a window cannot be derived now");
}
