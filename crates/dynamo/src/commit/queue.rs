//! Spans waiting for a commit, and the lanes that commit them. Natural batching: an idle lane commits a lone request
//! at once; whatever arrives meanwhile shares the next commit.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use jaeger_dynamodb_core::{Span, StoreError, StoreErrorKind, Tenant};
use tokio::sync::{Notify, oneshot};

use super::WriterContext;
use super::lane::LaneWriter;
use super::prepare::{Form, Load, cut};
use crate::config::StoreConfig;

/// A lane without work for this long ends; the next request opens another.
const IDLE: Duration = Duration::from_secs(60);

/// How long a refused client should wait: enough for a queue to empty.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The queues of all tenants.
#[derive(Debug)]
pub(crate) struct Committers {
    context: Arc<WriterContext>,
    queues: Mutex<HashMap<Tenant, Arc<Queue>>>,
}

/// Spans of one request that go into one commit.
#[derive(Debug)]
struct Piece {
    spans: Vec<Span>,
    form: Form,
    load: Load,
    /// By the process's monotonic clock.
    arrived: Duration,
    done: oneshot::Sender<Outcome>,
}

type Outcome = Result<(), (StoreErrorKind, String)>;

#[derive(Debug)]
pub(super) struct Queue {
    tenant: Tenant,
    context: Arc<WriterContext>,
    state: Mutex<State>,
    arrived: Notify,
    left: Notify,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Of all pieces together.
    waiting: Load,
    lanes: usize,
    idle_lanes: usize,
    /// Pieces that the last commit took: more than one means that requests come faster than commits.
    last_taken: usize,
    is_closed: bool,
}

/// What a lane does next.
enum Work {
    Batch(Batch),
    /// Requests come fast: wait for more of them.
    Linger,
    Nothing,
    End,
}

/// What a lane commits at a time.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) spans: Vec<Span>,
    waiting: Vec<oneshot::Sender<Outcome>>,
}

// === impl Committers ===

impl Committers {
    pub(crate) fn new(context: Arc<WriterContext>) -> Self {
        Self { context, queues: Mutex::default() }
    }

    /// Commits the spans and returns once all of them are durable and findable.
    pub(crate) async fn write(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        let pending = self.queue(tenant).push(spans)?;
        for outcome in pending {
            match outcome.await {
                Ok(Ok(())) => {}
                Ok(Err((kind, message))) => {
                    return Err(StoreError::new(kind, message).with_retry_after(RETRY_AFTER));
                }
                Err(_) => {
                    return Err(StoreError::new(
                        StoreErrorKind::Unavailable,
                        "the store was stopped while it wrote",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Returns once nothing waits and nothing is in flight.
    pub(crate) async fn settle(&self) {
        let queues: Vec<_> = self.lock().values().cloned().collect();
        for queue in queues {
            queue.wait_until(|state| state.pieces.is_empty() && state.lanes == state.idle_lanes).await;
        }
    }

    /// Takes no more spans, commits those that wait, and returns when all lanes have ended.
    pub(crate) async fn close(&self) {
        let queues: Vec<_> = self.lock().values().cloned().collect();
        for queue in queues {
            queue.lock().is_closed = true;
            queue.arrived.notify_waiters();
            queue.arrived.notify_one();
            queue.wait_until(|state| state.lanes == 0).await;
        }
    }

    fn queue(&self, tenant: &Tenant) -> Arc<Queue> {
        let mut queues = self.lock();
        let queue = queues.entry(tenant.clone()).or_insert_with(|| {
            Arc::new(Queue {
                tenant: tenant.clone(),
                context: Arc::clone(&self.context),
                state: Mutex::default(),
                arrived: Notify::new(),
                left: Notify::new(),
            })
        });
        Arc::clone(queue)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tenant, Arc<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Committers {
    /// Lets the lanes commit what waits and end.
    fn drop(&mut self) {
        for queue in self.lock().values() {
            queue.lock().is_closed = true;
            queue.arrived.notify_waiters();
            queue.arrived.notify_one();
        }
    }
}

// === impl Queue ===

impl Queue {
    fn push(self: &Arc<Self>, spans: Vec<Span>) -> Result<Vec<oneshot::Receiver<Outcome>>, StoreError> {
        let runs = cut(spans);
        let load = runs.iter().fold(Load::default(), |sum, (_, _, load)| sum.plus(*load));
        let now = self.context.client.clock().monotonic();
        let mut abandoned = Vec::new();
        let mut state = self.lock();
        if state.is_closed {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is shutting down"));
        }
        if state.has_no_room(load, now, &self.context.config).is_some() {
            state.leave_abandoned_to(&mut abandoned);
        }
        if let Some(why) = state.has_no_room(load, now, &self.context.config) {
            metrics::counter!("jaeger_dynamodb_writes_refused_total").increment(1);
            return Err(StoreError::new(StoreErrorKind::Overloaded, why).with_retry_after(RETRY_AFTER));
        }
        state.waiting = state.waiting.plus(load);
        let mut pending = Vec::with_capacity(runs.len());
        for (spans, form, load) in runs {
            let (done, outcome) = oneshot::channel();
            pending.push(outcome);
            state.pieces.push_back(Piece { spans, form, load, arrived: now, done });
        }
        if !pending.is_empty() {
            self.wake_or_open_lane(&mut state);
        }
        Ok(pending)
    }

    /// Another lane is opened only while a full commit waits that no lane takes: few lanes make large commits.
    fn wake_or_open_lane(self: &Arc<Self>, state: &mut State) {
        if state.idle_lanes > 0 {
            self.arrived.notify_one();
            return;
        }
        let is_needed = state.lanes == 0 || !state.waiting.fits_a_commit();
        if is_needed && state.lanes < self.context.config.max_lanes {
            state.lanes += 1;
            tokio::spawn(Arc::clone(self).run_lane());
        }
    }

    async fn run_lane(self: Arc<Self>) {
        let mut lane = LaneWriter::new(self.tenant.clone(), Arc::clone(&self.context));
        while let Some(batch) = self.next_batch().await {
            // A fault of ours in one commit must not take the lane, and with it every later request, along.
            let outcome = match AssertUnwindSafe(lane.commit(batch.spans)).catch_unwind().await {
                Ok(outcome) => outcome.map_err(|error| (error.kind(), error.to_string())),
                Err(_) => {
                    lane = LaneWriter::new(self.tenant.clone(), Arc::clone(&self.context));
                    Err((StoreErrorKind::Internal, "a commit panicked".to_owned()))
                }
            };
            if let Err((kind, message)) = &outcome {
                tracing::warn!(kind = ?kind, error = %message, "commit failed");
                metrics::counter!("jaeger_dynamodb_commits_failed_total").increment(1);
            }
            for waiting in batch.waiting {
                // A caller that has gone away does not mind.
                let _ = waiting.send(outcome.clone());
            }
            self.left.notify_waiters();
        }
        self.left.notify_waiters();
    }

    /// Waits for work; `None` ends the lane.
    async fn next_batch(self: &Arc<Self>) -> Option<Batch> {
        loop {
            match self.look_for_work() {
                Work::Batch(batch) => return Some(batch),
                Work::Linger => {
                    self.context.client.clock().sleep(self.context.config.linger).await;
                    self.lock().last_taken = 0;
                }
                Work::End => return None,
                Work::Nothing => {
                    self.left.notify_waiters();
                    let was_woken = tokio::select! {
                        biased;
                        () = self.arrived.notified() => true,
                        () = self.context.client.clock().sleep(IDLE) => false,
                    };
                    let mut state = self.lock();
                    state.idle_lanes -= 1;
                    if !was_woken && state.pieces.is_empty() {
                        state.lanes -= 1;
                        return None;
                    }
                }
            }
        }
    }

    fn look_for_work(self: &Arc<Self>) -> Work {
        let mut abandoned = Vec::new();
        let mut state = self.lock();
        state.leave_abandoned_to(&mut abandoned);
        if !state.pieces.is_empty() {
            let may_linger = state.last_taken > 1 && !self.context.config.linger.is_zero();
            return if may_linger {
                Work::Linger
            } else {
                Work::Batch(self.take(&mut state, &mut abandoned))
            };
        }
        if state.is_closed {
            state.lanes -= 1;
            // The next idle lane is woken, so that it ends too.
            self.arrived.notify_one();
            return Work::End;
        }
        state.last_taken = 0;
        state.idle_lanes += 1;
        Work::Nothing
    }

    fn take(self: &Arc<Self>, state: &mut State, abandoned: &mut Vec<Piece>) -> Batch {
        let mut batch = Batch { spans: Vec::new(), waiting: Vec::new() };
        let mut sum = Load::default();
        let form = state.pieces.front().map(|piece| piece.form);
        while let Some(piece) = state.pieces.front() {
            let with_piece = sum.plus(piece.load);
            if !batch.waiting.is_empty() && (Some(piece.form) != form || !with_piece.fits_a_commit()) {
                break;
            }
            let Some(piece) = state.pieces.pop_front() else { break };
            sum = with_piece;
            state.waiting = state.waiting.minus(piece.load);
            batch.spans.extend(piece.spans);
            batch.waiting.push(piece.done);
            state.leave_abandoned_to(abandoned);
        }
        state.last_taken = batch.waiting.len();
        if !state.pieces.is_empty() {
            self.wake_or_open_lane(state);
        }
        batch
    }

    async fn wait_until(&self, holds: impl Fn(&State) -> bool) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if holds(&self.lock()) {
                return;
            }
            left.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    /// Why nothing more is taken. A request larger than the queue is taken when nothing else waits. And where what came
    /// first has waited long, more would only wait until its client gives up.
    fn has_no_room(&self, load: Load, now: Duration, config: &StoreConfig) -> Option<String> {
        let waited = now.saturating_sub(self.pieces.front()?.arrived);
        if self.waiting.plus(load).bytes > config.max_queued_bytes {
            return Some(format!("{} bytes of spans wait for their commit already", self.waiting.bytes));
        }
        (waited > config.max_queue_wait)
            .then(|| format!("spans wait for their commit for {} s already", waited.as_secs()))
    }

    /// Nobody waits any more for what stands first: its client has gone away or has waited long enough, and sends it
    /// again. Committing it would be work that delays the others, until nobody waits for those either. The spans are
    /// handed out because dropping many takes longer than the state should be locked.
    fn leave_abandoned_to(&mut self, abandoned: &mut Vec<Piece>) {
        while let Some(piece) = self.pieces.pop_front_if(|piece| piece.done.is_closed()) {
            self.waiting = self.waiting.minus(piece.load);
            metrics::counter!("jaeger_dynamodb_writes_abandoned_total").increment(1);
            abandoned.push(piece);
        }
    }
}

#[cfg(test)]
mod tests;
