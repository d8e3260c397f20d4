//! Requests on their way in.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body::{Frame, SizeHint};
use jaeger_dynamodb_core::Clock;
use tonic::Status;
use tonic::body::Body;

use super::budget::Hold;
use crate::refusal::Refusal;

/// Whoever sends so much of a message within the time that it may stop for is not slow; a byte now and then is.
const PROGRESS: usize = 64 * 1024;

/// A request's body that counts what comes, and gives up a client that stops in the middle of a message.
pub(super) struct CountedBody {
    pub(super) inner: Body,
    pub(super) hold: Hold,
    /// Messages may be any time apart, and each is released when the next is asked for.
    pub(super) is_stream: bool,
    pub(super) slow_after: Duration,
    pub(super) clock: Arc<dyn Clock>,
    /// Runs while too little comes.
    pub(super) slow: Option<BoxFuture<'static, ()>>,
    /// Bytes that came meanwhile.
    pub(super) progress: usize,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_stream {
            self.hold.release_decoded();
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.progress = self.progress.saturating_add(bytes);
                if self.progress >= PROGRESS {
                    self.is_not_slow();
                }
                let counted = self.hold.receive(bytes);
                Poll::Ready(Some(counted.map(|()| frame).map_err(|_| Refusal::InflightBytes.status())))
            }
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => self.poll_slow(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// === impl CountedBody ===

impl CountedBody {
    fn poll_slow(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_stream && !self.hold.is_within_message() {
            self.is_not_slow();
            return Poll::Pending;
        }
        let slow = self.slow.get_or_insert_with(|| self.clock.sleep(self.slow_after));
        slow.poll_unpin(context).map(|()| Some(Err(Refusal::SlowSender.status())))
    }

    fn is_not_slow(&mut self) {
        self.slow = None;
        self.progress = 0;
    }
}
