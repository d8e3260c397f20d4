//! Deriving, until everything is done or the time is up.

use std::collections::HashSet;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Tenant};
use jaeger_dynamodb_dynamo::{WindowId, WindowReport};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Status};
use opentelemetry_sdk::trace::Span;
use serde_json::{Value, json};

use super::Failure;
use super::report::{outcome, parked_reason};
use crate::batch::{Batch, Target};
use crate::budget::Budget;
use crate::deriver::{DeriveError, Deriver};
use crate::tally::Tally;
use crate::telemetry::Telemetry;

/// A range is worked through in steps of so many seconds, so that a deadline loses no more than what one of them told.
const STEP: u64 = 3600;

/// The clocks of the service's front ends are not further apart, and how often to look meanwhile.
const MAY_CLOSE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The work of one invocation.
pub(super) struct Work<'a, D> {
    pub(super) deriver: &'a D,
    pub(super) telemetry: &'a Telemetry,
    pub(super) clock: &'a dyn Clock,
    pub(super) span: &'a Span,
    pub(super) budget: &'a Budget,
    pub(super) tally: &'a mut Tally,
}

/// What came of trying a window.
enum Tried {
    /// This function need not hear of it again: it is done, or parked, or somebody else's, or will be found by the
    /// schedule.
    Settled,
    /// It should come again.
    Left,
}

impl<D: Deriver> Work<'_, D> {
    /// Derives the windows of a batch and answers with the first record that should come again. A window
    /// that fails is parked by the job and does not come again by the stream, so it never blocks a shard.
    pub(super) async fn stream(mut self, batch: Batch) -> Result<Value, Failure> {
        self.tally.records_skipped = batch.skipped;
        self.tally.records_malformed = batch.malformed;
        let mut left: HashSet<Target> = HashSet::new();
        let (mut trouble, mut is_late) =
            if batch.windows.is_empty() { (None, false) } else { self.begin().await };
        for (target, sealed_by) in &batch.windows {
            let (window, tenant) = target;
            // After one failure of the service the others would only wait for it in vain.
            let tried = match &trouble {
                None if !is_late => self.window(tenant, *window, sealed_by.as_deref()).await,
                _ => Ok(Some(Tried::Left)),
            };
            match tried {
                Ok(Some(Tried::Settled)) => continue,
                Ok(Some(Tried::Left)) => {}
                Ok(None) => is_late = true,
                Err(error) => trouble = Some(error),
            }
            left.insert(target.clone());
        }
        self.tally.windows_left = left.len() as u64;
        if let Some(error) = &trouble {
            tracing::warn!(error = %error, windows_left = left.len(), "windows are left to the next try");
        } else if is_late {
            tracing::warn!(
                windows_left = left.len(),
                "the time is up; windows are left to the next invocation"
            );
        }
        let response = batch.response(&left)?;
        Ok(serde_json::to_value(response).unwrap_or_default())
    }

    /// Closes, derives and merges what is due.
    pub(super) async fn schedule(self) -> Result<Value, Failure> {
        let round = async {
            self.deriver.begin(self.budget.longest_run()).await?;
            self.deriver.round().await
        };
        let Some(round) = self.budget.within(round).await else {
            tracing::warn!("the time is up; what is due is left to the next invocation");
            return Ok(json!({"stopped": "deadline"}));
        };
        let round = round?;
        self.tally.windows_done = round.derived as u64;
        self.tally.windows_left = round.not_done.max(round.edges_not_done) as u64;
        self.tally.windows_parked = round.postponed as u64;
        self.tally.oldest_age_seconds = round.oldest_not_done_seconds.unwrap_or_default();
        Ok(json!({
            "sealed": round.sealed, "derived": round.derived, "edges": round.edges, "lost": round.lost,
            "merged": round.merged, "rolled_up": round.rolled_up, "postponed": round.postponed,
            "not_done": round.not_done, "edges_not_done": round.edges_not_done,
        }))
    }

    /// Derives what is not done of a time, and tells of each window.
    pub(super) async fn range(mut self, from: u64, to: u64) -> Result<Value, Failure> {
        let mut windows = Vec::new();
        let mut next = from;
        if let (Some(trouble), _) = self.begin().await {
            return Err(trouble.into());
        }
        while next < to {
            let end = next.saturating_add(STEP).min(to);
            let Some(done) = self.budget.within(self.deriver.between(next, end)).await else {
                tracing::warn!(continue_from = next, "the time is up; later windows are left");
                return Ok(json!({"windows": windows, "stopped": "deadline", "continue_from": next}));
            };
            for (window, report) in done? {
                self.count(window, &report);
                windows.push(json!({"window": window.to_string(), "outcome": outcome(&report)}));
            }
            next = end;
        }
        Ok(json!({ "windows": windows }))
    }

    /// What keeps the work from beginning, and whether the time was up before it began.
    async fn begin(&self) -> (Option<DeriveError>, bool) {
        match self.budget.within(self.deriver.begin(self.budget.longest_run())).await {
            Some(begun) => (begun.err(), false),
            None => (None, true),
        }
    }

    /// Asks for a window until it is closed: the one that sealed it may have asked another front end of the service,
    /// whose clock is a little ahead.
    async fn closed_window(&self, tenant: &Tenant, window: WindowId) -> Result<WindowReport, DeriveError> {
        let ends = self.clock.monotonic().saturating_add(MAY_CLOSE_WITHIN);
        loop {
            let report = self.deriver.window(tenant, window).await?;
            let is_open = matches!(report, WindowReport::NotClosedYet { .. });
            if !is_open || self.clock.monotonic() >= ends {
                return Ok(report);
            }
            self.clock.sleep(LOOK_AGAIN).await;
        }
    }

    /// Nothing if the time is up.
    async fn window(
        &mut self,
        tenant: &Tenant,
        window: WindowId,
        sealed_by: Option<&str>,
    ) -> Result<Option<Tried>, DeriveError> {
        let attributes = vec![
            KeyValue::new("jaeger_dynamodb.window", window.to_string()),
            KeyValue::new("jaeger_dynamodb.tenant", tenant.as_str().to_owned()),
        ];
        let mut span = self.telemetry.window(self.span, sealed_by, attributes);
        let done = self.budget.within(self.closed_window(tenant, window)).await;
        let tried = match done {
            None => {
                span.set_attribute(KeyValue::new("error.type", "timeout"));
                Ok(None)
            }
            Some(Err(error)) => {
                let kind = if error.is_damage() { "damaged" } else { "unavailable" };
                span.set_attribute(KeyValue::new("error.type", kind));
                span.set_status(Status::error(error.to_string()));
                if error.is_damage() {
                    tracing::error!(window = %window, error = %error, "a window cannot be read");
                    self.tally.windows_parked += 1;
                    Ok(Some(Tried::Settled))
                } else {
                    Err(error)
                }
            }
            Some(Ok(report)) => {
                span.set_attribute(KeyValue::new("jaeger_dynamodb.outcome", outcome(&report)));
                if let Some(reason) = parked_reason(&report) {
                    tracing::error!(window = %window, reason, "a window fails and is parked");
                    span.set_status(Status::error(reason.to_owned()));
                }
                self.count(window, &report);
                Ok(Some(Tried::of(&report)))
            }
        };
        span.end();
        tried
    }

    fn count(&mut self, window: WindowId, report: &WindowReport) {
        match report {
            WindowReport::Done { .. } => self.tally.windows_done += 1,
            WindowReport::Parked { .. } => self.tally.windows_parked += 1,
            _ => {}
        }
        let now = u64::try_from(self.clock.wall().secs_floor()).unwrap_or_default();
        let age = Duration::from_secs(now.saturating_sub(window.end())).as_secs();
        self.tally.oldest_age_seconds = self.tally.oldest_age_seconds.max(age);
    }
}

impl Tried {
    fn of(report: &WindowReport) -> Self {
        match report {
            // Whoever sealed it was told another time than this process, and not only by a little.
            WindowReport::NotClosedYet { .. } => Self::Left,
            WindowReport::Done { .. }
            | WindowReport::AlreadyDone
            | WindowReport::HeldByOther { .. }
            | WindowReport::Parked { .. } => Self::Settled,
        }
    }
}
