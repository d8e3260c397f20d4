//! A deriver that remembers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jaeger_dynamodb_core::{Clock, StoreError, StoreErrorKind, Tenant};
use jaeger_dynamodb_dependency_lambda::{DeriveError, Deriver};
use jaeger_dynamodb_dynamo::{RoundReport, WindowId, WindowReport, Work};

/// Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct FakeDeriver {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Starts of the windows that were asked for, in order.
    pub(crate) asked: Vec<u64>,
    /// Starts of those that are done.
    pub(crate) done: BTreeSet<u64>,
    /// Starts of those that fail by themselves.
    pub(crate) poison: BTreeSet<u64>,
    /// Starts of those whose item cannot be read.
    pub(crate) damaged: BTreeSet<u64>,
    /// So many calls find no service, and after so many others each.
    pub(crate) outages: Vec<(usize, usize)>,
    /// How long each window takes.
    pub(crate) takes: Duration,
    pub(crate) rounds: usize,
    /// So many invocations find no service at all.
    pub(crate) begins_in_vain: usize,
    /// So many looks find their window still open.
    pub(crate) looks_too_early: usize,
    pub(crate) longest_run: Duration,
    calls: usize,
}

impl FakeDeriver {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Arc::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn is_out(&mut self) -> bool {
        self.calls += 1;
        self.outages.iter().any(|(after, length)| (*after..after + length).contains(&(self.calls - 1)))
    }
}

#[async_trait]
impl Deriver for FakeDeriver {
    async fn begin(&self, longest_run: Duration) -> Result<(), DeriveError> {
        let mut state = self.state();
        state.longest_run = longest_run;
        if state.begins_in_vain == 0 {
            return Ok(());
        }
        state.begins_in_vain -= 1;
        Err(StoreError::new(StoreErrorKind::Unavailable, "nobody answers").into())
    }

    async fn window(&self, _: &Tenant, window: WindowId) -> Result<WindowReport, DeriveError> {
        let takes = {
            let mut state = self.state();
            state.asked.push(window.start());
            if state.is_out() {
                return Err(StoreError::new(StoreErrorKind::Unavailable, "nobody answers").into());
            }
            if state.looks_too_early > 0 {
                state.looks_too_early -= 1;
                return Ok(WindowReport::NotClosedYet { closes_at: window.end() });
            }
            if state.poison.contains(&window.start()) {
                let reason = "it panics".to_owned();
                return Ok(WindowReport::Parked { work: Work::Derive, until: window.end(), reason });
            }
            if state.damaged.contains(&window.start()) {
                return Err(StoreError::new(StoreErrorKind::Damaged, "its item cannot be read").into());
            }
            if state.done.contains(&window.start()) {
                return Ok(WindowReport::AlreadyDone);
            }
            state.takes
        };
        if !takes.is_zero() {
            self.clock.sleep(takes).await;
        }
        self.state().done.insert(window.start());
        Ok(WindowReport::Done { derived: true, edges: true })
    }

    async fn between(&self, _: u64, _: u64) -> Result<Vec<(WindowId, WindowReport)>, DeriveError> {
        if !self.state().takes.is_zero() {
            let takes = self.state().takes;
            self.clock.sleep(takes).await;
        }
        Ok(Vec::new())
    }

    async fn round(&self) -> Result<RoundReport, DeriveError> {
        let mut state = self.state();
        state.rounds += 1;
        if state.is_out() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "nobody answers").into());
        }
        Ok(RoundReport { derived: 2, ..RoundReport::default() })
    }
}
