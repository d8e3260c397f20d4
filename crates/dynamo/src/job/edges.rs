//! The edges of a closed window: what its spans add to, and take back from, what the windows before it have shown of
//! their traces (ADR 0025).
//!
//! A window contributes the edges over all spans of its traces in the horizon up to and with it, less those without it.
//! So it does not matter in which order windows are worked on, how often, or by how many at once: each contribution is a
//! function of logs that do not change, and the first that is put is final.
//!
//! What a log holds is what the window's manifest says: a record that was put after the window had closed was put again
//! into another, and counts there. So the windows of the horizon, and the window itself, are derived first; of one that
//! cannot be derived the log is ended after a while, and whoever derives it later goes no further.

mod contribution;
mod held;
mod horizon;
mod run;
mod sources;

use futures::FutureExt;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};

pub(super) use contribution::{Contribution, Written};
use run::EdgesRun;

use super::claim::{Claim, Claimed, backoff};
use super::records::WindowLog;
use super::{Job, RoundReport};
use crate::capacity::Purpose;
use crate::client::SortRange;
use crate::keys;
use crate::period::Reach;
use crate::queries::windows_query;
use crate::window::{Change, Window, WindowItem, end_log, mark_edges};

/// So long after its closing the log of a window is ended that is not derived, in seconds.
const DERIVING_MAY_TAKE: u64 = 15 * 60;

/// How often a window is looked at that waits for an earlier one, in seconds.
const LOOK_AGAIN: u64 = 5;

/// What came of looking at the edges of a window.
#[derive(Debug)]
pub(super) enum EdgesStep {
    Counted,
    /// There was nothing to do, or another run was faster.
    Done,
    /// Until then (Unix seconds) it waits for another window, or another runner works on it.
    Wait(u64),
    Parked {
        until: u64,
        reason: String,
    },
}

impl Job {
    /// Counts the edges of all windows that are due, oldest first.
    pub(super) async fn edges_round(
        &self,
        tenant: &Tenant,
        wait: u64,
        report: &mut RoundReport,
    ) -> Result<(), StoreError> {
        let generation = *self.context.generation.read().await;
        let now = self.now();
        for window in self.with_backlog(tenant, generation, |backlog| backlog.due_edges(now, wait)) {
            let started = self.context.client.clock().monotonic();
            let step = self.edges_of(tenant, window, generation).await.unwrap_or_else(|error| {
                count_failure(window, &error);
                EdgesStep::Wait(self.roughly_now() + backoff(0))
            });
            if matches!(step, EdgesStep::Counted) {
                self.count_seconds("edges", started);
                report.edges += 1;
            }
            self.learn_edges(tenant, window, generation, &step);
            self.show_age();
        }
        Ok(())
    }

    pub(super) fn learn_edges(&self, tenant: &Tenant, window: Window, generation: u64, step: &EdgesStep) {
        self.with_backlog(tenant, generation, |backlog| match step {
            EdgesStep::Counted | EdgesStep::Done => {
                backlog.edges.remove(&window);
            }
            EdgesStep::Wait(until) | EdgesStep::Parked { until, .. } => {
                backlog.postpone_edges(window, *until)
            }
        });
    }

    /// A window that is not listed any more when it appears, of a writer that has slept, is met only here.
    pub(super) fn learn_windows(&self, tenant: &Tenant, generation: u64, windows: &[WindowItem]) {
        let now = self.now();
        self.with_backlog(tenant, generation, |backlog| {
            windows.iter().for_each(|item| backlog.learn_window(item, now));
        });
    }

    /// Looks at a closed window and counts its edges if nobody else does and all that is needed is there.
    pub(super) async fn edges_of(
        &self,
        tenant: &Tenant,
        window: Window,
        generation: u64,
    ) -> Result<EdgesStep, StoreError> {
        let Some(item) = self.read_window(tenant, window).await? else { return Ok(EdgesStep::Done) };
        let now = self.now();
        if item.has_edges || item.is_expired_at(now) {
            return Ok(EdgesStep::Done);
        }
        let horizon = self.horizon(tenant, window).await?;
        if let Some(until) = horizon.iter().chain([&item]).filter_map(|item| waits_until(item, now)).max() {
            self.learn_windows(tenant, generation, &horizon);
            return Ok(EdgesStep::Wait(until));
        }
        let mut claim = match self.claim(keys::edges_claim(tenant, window), item.terms.expiry).await? {
            Claimed::Ours(claim) => claim,
            Claimed::Until { until, reason: Some(reason) } => return Ok(EdgesStep::Parked { until, reason }),
            Claimed::Until { until, reason: None } => return Ok(EdgesStep::Wait(until)),
        };
        let run = self.count_edges(tenant, item, horizon, generation, &mut claim);
        match self.guarded(self.limited(run).boxed()).await {
            Ok(Written::First) => {
                metrics::counter!("jaeger_dynamodb_edges_windows_total").increment(1);
                Ok(EdgesStep::Counted)
            }
            Ok(Written::Lost) => Ok(EdgesStep::Done),
            Err(error) => {
                count_failure(window, &error);
                let (until, reason) = (self.park(&claim, &error.to_string()).await, error.to_string());
                Ok(EdgesStep::Parked { until, reason })
            }
        }
    }

    async fn count_edges(
        &self,
        tenant: &Tenant,
        item: WindowItem,
        horizon: Vec<WindowItem>,
        generation: u64,
        claim: &mut Claim,
    ) -> Result<Written, StoreError> {
        let item = self.with_log_end(tenant, item).await?;
        let mut ended = Vec::with_capacity(horizon.len());
        for earlier in horizon {
            ended.push(self.with_log_end(tenant, earlier).await?);
            self.renew_if_due(claim).await;
        }
        EdgesRun { job: self, tenant, item: &item, horizon: ended, generation }.count(claim).await
    }

    /// The closed window with an end to its log, which is fixed now if nothing has fixed it.
    async fn with_log_end(&self, tenant: &Tenant, item: WindowItem) -> Result<WindowItem, StoreError> {
        if !item.is_log_endless() {
            return Ok(item);
        }
        let end = WindowLog::new(self, tenant, &item).end().await?;
        let window = item.window;
        if end_log(&self.context.client, tenant, &item, &end, self.deadline()).await? == Change::Made {
            metrics::counter!("jaeger_dynamodb_logs_ended_total").increment(1);
            tracing::warn!(
                window_start = window.start(),
                "edges are counted from the log of a window that is not derived"
            );
        }
        match self.read_window(tenant, window).await? {
            // It has expired in the meantime, and its log with it.
            None => Ok(item),
            Some(item) if item.is_log_endless() => {
                let text = "a lane was added to a closed window whose log was to be ended";
                Err(StoreError::new(StoreErrorKind::Unavailable, text))
            }
            Some(item) => Ok(item),
        }
    }

    /// The unexpired windows that may hold other spans of the window's traces, earliest first.
    pub(super) async fn horizon(
        &self,
        tenant: &Tenant,
        window: Window,
    ) -> Result<Vec<WindowItem>, StoreError> {
        let reach = Reach::new(self.context.config.dependency_horizon);
        let starts = reach.starts_before(window);
        // A key that an end is a prefix of comes after that end.
        let [first, last] =
            [*starts.start(), starts.end().saturating_add(1)].map(|start| start.to_be_bytes().to_vec());
        let query = windows_query(tenant, SortRange::Between(first, last), Purpose::EdgesRead);
        let now = self.now();
        let items = self.context.client.all(&query, self.deadline()).await?;
        // One that cannot be read is reported whenever windows are listed.
        let items = items.iter().filter_map(|item| WindowItem::parse(item).ok());
        Ok(items.filter(|item| reach.is_before(item.window, window) && !item.is_expired_at(now)).collect())
    }

    /// Notes, once its contribution is durable, that the window has its edges.
    async fn finish_edges(&self, tenant: &Tenant, window: Window) -> Result<Change, StoreError> {
        mark_edges(&self.context.client, tenant, window, self.deadline()).await
    }
}

/// Until when the window has to be waited for, if it has to be.
fn waits_until(item: &WindowItem, now: u64) -> Option<u64> {
    if !item.is_closed_at(now) {
        return Some(item.closes_at());
    }
    let may_still_be_derived = now < item.closes_at().saturating_add(DERIVING_MAY_TAKE);
    (item.is_log_endless() && may_still_be_derived).then_some(now + LOOK_AGAIN)
}

fn count_failure(window: Window, error: &StoreError) {
    metrics::counter!("jaeger_dynamodb_job_failures_total", "work" => "edges").increment(1);
    tracing::warn!(error = %error, window_start = window.start(), "the edges of a window cannot be counted now");
}
