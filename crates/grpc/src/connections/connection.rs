//! One connection.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::task::AtomicWaker;
use jaeger_dynamodb_core::Clock;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use crate::refusal::Refusal;

/// Whoever connects must say within this what HTTP/2 begins with.
const START_WITHIN: Duration = Duration::from_secs(10);

/// The preface, and the head of the SETTINGS that follow it.
const START_BYTES: usize = 24 + 9;

/// A connection that is closed if its client does not begin to speak HTTP/2.
pub struct Connection {
    stream: TcpStream,
    handle: Connected,
    /// Until the client has begun.
    start: Option<Start>,
    _permit: OwnedSemaphorePermit,
}

/// Closes the connection of a request.
#[derive(Debug, Clone, Default)]
pub struct Connected(Arc<Closing>);

#[derive(Debug, Default)]
struct Closing {
    is_closed: AtomicBool,
    waker: AtomicWaker,
}

struct Start {
    missing: usize,
    too_late: BoxFuture<'static, ()>,
}

// === impl Connection ===

impl Connection {
    pub(super) fn new(stream: TcpStream, permit: OwnedSemaphorePermit, clock: &dyn Clock) -> Self {
        metrics::gauge!("jaeger_dynamodb_connections").increment(1);
        let start = Start { missing: START_BYTES, too_late: clock.sleep(START_WITHIN) };
        Self { stream, handle: Connected::default(), start: Some(start), _permit: permit }
    }

    fn poll_start(&mut self, context: &mut Context<'_>, came: usize) -> io::Result<()> {
        let Some(start) = &mut self.start else { return Ok(()) };
        start.missing = start.missing.saturating_sub(came);
        if start.missing == 0 {
            self.start = None;
        } else if start.too_late.poll_unpin(context).is_ready() {
            Refusal::UnstartedConnection.count(1);
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.handle.check(context)?;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().len().saturating_sub(before);
        self.poll_start(context, came)?;
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl tonic::transport::server::Connected for Connection {
    type ConnectInfo = Connected;

    fn connect_info(&self) -> Connected {
        self.handle.clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        metrics::gauge!("jaeger_dynamodb_connections").decrement(1);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("stream", &self.stream).finish_non_exhaustive()
    }
}

// === impl Connected ===

impl Connected {
    /// Closes the connection with all that goes on over it.
    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, Ordering::Release);
        self.0.waker.wake();
    }

    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        self.0.waker.register(context.waker());
        match self.0.is_closed.load(Ordering::Acquire) {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }
}
