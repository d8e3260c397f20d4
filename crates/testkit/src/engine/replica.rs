//! A second engine that sees every write late, for stale reads.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures::lock::Mutex;
use jaeger_dynamodb_embedded::{Answer, EmbeddedEngine, EmbeddedError};

/// How far eventually consistent reads lag behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleReads {
    /// A stale read sees exactly what had been written this long ago.
    pub lag: Duration,
    /// How many of the eventually consistent reads are stale; the others are fresh.
    pub percent: u8,
    /// Decides which ones.
    pub seed: u64,
}

impl Default for StaleReads {
    /// All of them, by two seconds.
    fn default() -> Self {
        Self { lag: Duration::from_secs(2), percent: 100, seed: 0 }
    }
}

/// Applies the writes of the primary engine in their order, each one `lag` later.
///
/// Right because an engine is deterministic: the same writes in the same order give the same items.
#[derive(Debug)]
pub(crate) struct Replica {
    engine: EmbeddedEngine,
    stale: StaleReads,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pending: VecDeque<Write>,
    rng: fastrand::Rng,
}

#[derive(Debug)]
struct Write {
    due: Duration,
    operation: String,
    body: Bytes,
}

impl Replica {
    pub(crate) fn new(engine: EmbeddedEngine, stale: StaleReads) -> Self {
        let rng = fastrand::Rng::with_seed(stale.seed);
        Self { engine, stale, state: Mutex::new(State { pending: VecDeque::new(), rng }) }
    }

    pub(crate) fn engine(&self) -> &EmbeddedEngine {
        &self.engine
    }

    /// Writes to `primary`, and notes a write that succeeded. The state is locked meanwhile, so that
    /// both engines have one order.
    pub(crate) async fn write(
        &self,
        primary: &EmbeddedEngine,
        operation: &str,
        body: Bytes,
        now: Duration,
    ) -> Result<Answer, EmbeddedError> {
        let mut state = self.state.lock().await;
        let answer = primary.execute(operation, body.clone()).await?;
        if answer.is_success() {
            let due = now.saturating_add(self.stale.lag);
            state.pending.push_back(Write { due, operation: operation.to_owned(), body });
        }
        Ok(answer)
    }

    /// Changes a table in both engines at once: what is pending belongs to the table as it was.
    pub(crate) async fn shape(
        &self,
        primary: &EmbeddedEngine,
        operation: &str,
        body: Bytes,
    ) -> Result<Answer, EmbeddedError> {
        let mut state = self.state.lock().await;
        self.catch_up(&mut state, Duration::MAX).await?;
        self.engine.execute(operation, body.clone()).await?;
        primary.execute(operation, body).await
    }

    /// Reads what had been written `lag` before `now`; `None` if this read is to be fresh.
    pub(crate) async fn read(
        &self,
        operation: &str,
        body: &Bytes,
        now: Duration,
    ) -> Result<Option<Answer>, EmbeddedError> {
        let mut state = self.state.lock().await;
        if state.rng.u8(..100) >= self.stale.percent {
            return Ok(None);
        }
        self.catch_up(&mut state, now).await?;
        self.engine.execute(operation, body.clone()).await.map(Some)
    }

    async fn catch_up(&self, state: &mut State, now: Duration) -> Result<(), EmbeddedError> {
        while state.pending.front().is_some_and(|write| write.due <= now) {
            if let Some(Write { operation, body, .. }) = state.pending.pop_front() {
                self.engine.execute(&operation, body).await?;
            }
        }
        Ok(())
    }
}
