//! Answers of queries on their way out.
//!
//! Nobody polls a body whose client takes nothing, so a task beside it watches, and takes what the answer holds away:
//! the store's reads, and the slot among the queries. What the connection has buffered of it is released when the
//! client reads on or, if it does not, with the connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use jaeger_dynamodb_core::Clock;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Response};

use crate::connections::Connected;
use crate::refusal::Refusal;

/// What an answer is watched for.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) clock: Arc<dyn Clock>,
    /// The client must take something this often.
    pub(super) slow_after: Duration,
    /// By the clock's monotonic time.
    pub(super) deadline: Option<Duration>,
    pub(super) connection: Option<Connected>,
}

/// An answer that is cut off if its client takes nothing, or does not wait any more.
#[derive(Debug)]
pub(super) struct WatchedBody {
    answer: Arc<Answer>,
    watching: AbortHandle,
}

#[derive(Debug)]
struct Answer {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct State {
    /// Until the answer has ended or is cut off.
    open: Option<(Body, OwnedSemaphorePermit)>,
    /// Why it was cut off, until the client is told.
    cut_off: Option<Status>,
    /// Since when the client is to take what was handed over.
    handed_over: Option<Duration>,
    waker: Option<Waker>,
}

// === impl WatchedBody ===

impl WatchedBody {
    pub(super) fn new(inner: Body, permit: OwnedSemaphorePermit, watch: Watch) -> Self {
        let clock = Arc::clone(&watch.clock);
        let handed_over = Some(clock.monotonic());
        let state = State { open: Some((inner, permit)), cut_off: None, handed_over, waker: None };
        let answer = Arc::new(Answer { state: Mutex::new(state), clock });
        let watching = tokio::spawn(watch.run(Arc::downgrade(&answer))).abort_handle();
        Self { answer, watching }
    }
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut state = self.answer.lock();
        if let Some(status) = state.cut_off.take() {
            return Poll::Ready(Some(trailers(&status)));
        }
        let Some((body, _)) = &mut state.open else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if polled.is_pending() {
            state.handed_over = None;
            state.waker = Some(context.waker().clone());
        }
        let frame = ready!(polled);
        state.handed_over = Some(self.answer.clock.monotonic());
        if !matches!(&frame, Some(Ok(frame)) if frame.is_data()) {
            state.open = None;
        }
        Poll::Ready(frame)
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

fn too_late() -> Status {
    Status::deadline_exceeded("the client's deadline has passed")
}

/// The end of an answer: between two frames no message is torn.
fn trailers(status: &Status) -> Result<Frame<Bytes>, Status> {
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers)?;
    Ok(Frame::trailers(headers))
}

// === impl Watch ===

impl Watch {
    /// The answer, or that it came too late. tonic, which reads the same header, would answer CANCELLED.
    pub(super) async fn until_deadline<E>(
        &self,
        answer: impl Future<Output = Result<Response<Body>, E>>,
    ) -> Result<Response<Body>, E> {
        let Some(deadline) = self.deadline else { return answer.await };
        let timeout = self.clock.sleep(deadline.saturating_sub(self.clock.monotonic()));
        tokio::select! {
            biased;
            answer = answer => answer,
            () = timeout => Ok(too_late().into_http()),
        }
    }

    /// The body, watched, unless all of the answer stands in its headers.
    pub(super) fn over(self, body: Body, permit: OwnedSemaphorePermit) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return body;
        }
        Body::new(WatchedBody::new(body, permit, self))
    }

    async fn run(self, answer: Weak<Answer>) {
        let mut next = self.clock.monotonic() + self.slow_after;
        loop {
            let wake = self.deadline.map_or(next, |deadline| next.min(deadline));
            self.clock.sleep(wake.saturating_sub(self.clock.monotonic())).await;
            let Some(answer) = answer.upgrade() else { return };
            let now = self.clock.monotonic();
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                answer.cut_off(too_late());
                break;
            }
            next = answer.handed_over().unwrap_or(now) + self.slow_after;
            if next <= now {
                answer.cut_off(Refusal::SlowReader.status());
                break;
            }
        }
        self.close_if_not_taken(answer).await;
    }

    async fn close_if_not_taken(self, answer: Weak<Answer>) {
        self.clock.sleep(self.slow_after).await;
        if let (Some(_), Some(connection)) = (answer.upgrade(), self.connection) {
            connection.close();
        }
    }
}

// === impl Answer ===

impl Answer {
    fn handed_over(&self) -> Option<Duration> {
        self.lock().handed_over
    }

    fn cut_off(&self, status: Status) {
        let mut state = self.lock();
        let dropped = state.open.take();
        if dropped.is_some() {
            state.cut_off = Some(status);
        }
        let waker = state.waker.take();
        // What reads hold may be much, and their end may take its time.
        drop(state);
        drop(dropped);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
