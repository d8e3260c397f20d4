//! Connections: how many there may be, and for how long one may do nothing at all.

mod connection;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::Stream;
use jaeger_dynamodb_core::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::refusal::Refusal;

pub use connection::{Connected, Connection};

/// A listener that has failed is asked again after this: out of file descriptors, for example.
const PAUSE: Duration = Duration::from_millis(200);

const LOG_EVERY: Duration = Duration::from_secs(60);

/// The connections of a process, whatever address they came to.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    most: usize,
    free: Arc<Semaphore>,
    refused: Seldom,
    failed: Seldom,
}

/// When something was logged last.
#[derive(Debug, Default)]
struct Seldom(Mutex<Option<Duration>>);

// === impl Connections ===

impl Connections {
    /// At most so many at a time.
    #[must_use]
    pub fn new(most: usize, clock: Arc<dyn Clock>) -> Self {
        let free = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Shared { clock, most, free, refused: Seldom::default(), failed: Seldom::default() }))
    }

    /// The connections that a listener accepts, without end and without errors: what cannot be accepted now is tried
    /// again. One too many is closed at once.
    pub fn accept(&self, listener: TcpListener) -> impl Stream<Item = io::Result<Connection>> + Send + use<> {
        futures::stream::unfold((self.clone(), listener), async |(connections, listener)| {
            let connection = connections.next(&listener).await;
            Some((Ok(connection), (connections, listener)))
        })
    }

    async fn next(&self, listener: &TcpListener) -> Connection {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    if let Some(connection) = self.admit(stream) {
                        return connection;
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    if self.0.failed.is_due(&*self.0.clock) {
                        tracing::warn!(%error, "cannot accept connections now");
                    }
                    self.0.clock.sleep(PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream) -> Option<Connection> {
        // A small answer must not wait for the acknowledgement of the one before; a connection that refuses is closing.
        let _ = stream.set_nodelay(true);
        match Arc::clone(&self.0.free).try_acquire_owned() {
            Ok(permit) => Some(Connection::new(stream, permit, &*self.0.clock)),
            Err(_) => {
                Refusal::Connections.count(1);
                if self.0.refused.is_due(&*self.0.clock) {
                    tracing::warn!(
                        connections = self.0.most,
                        "closing new connections, there are as many as may be"
                    );
                }
                None
            }
        }
    }
}

/// Its client went away before it was accepted.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

// === impl Seldom ===

impl Seldom {
    fn is_due(&self, clock: &dyn Clock) -> bool {
        let now = clock.monotonic();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.saturating_sub(last) >= LOG_EVERY);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}
