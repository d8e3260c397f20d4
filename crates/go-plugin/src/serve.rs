//! Serving, from the handshake line to the end.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::pin::pin;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::Server;
use tower::{Service, ServiceExt as _};

use crate::handshake::{Host, line};
use crate::lifecycle::{Lifecycle, orphaned_by};
use crate::protocol;
use crate::socket::SocketError;

/// What ended the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The host asked for it.
    Shutdown,
    /// SIGTERM.
    Terminated,
    /// The host is gone and has not said so.
    HostGone,
}

/// Why serving failed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is no socket to serve on.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The system refuses the signal handlers.
    #[error("cannot handle signals: {0}")]
    Signals(io::Error),
    /// The host cannot be told where to call; most likely it is gone.
    #[error("cannot write the handshake line to stdout: {0}")]
    Announce(io::Error),
    /// The server ended although nothing had ended it.
    #[error("the server ended by itself")]
    Server(#[source] Option<tonic::transport::Error>),
}

/// HTTP/2's windows. h2 ends a connection on which too many small frames wait to be read: each costs 256 bytes less its
/// length, and all together may cost half of the connection's window (`h2`, `proto/streams/counts.rs`). A host has only
/// this one connection, and one that streams small messages faster than they are worked off would lose all its calls.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;

/// After the answer to Shutdown the host gives the process two seconds. Calls in flight get this much of them, the
/// rest is for the caller's way out.
const CALLS_IN_FLIGHT: Duration = Duration::from_millis(500);

// === impl Host ===

impl Host {
    /// Serves `services` until the host says Shutdown or is gone, or SIGTERM comes. Then `flush` gets `flush_within` to
    /// write out what is buffered, while calls go on being answered; only after that Shutdown is answered, streams end,
    /// and calls in flight get half a second. Whoever calls this should end the process at once when it returns: the
    /// host kills it two seconds after the answer.
    ///
    /// `services` are tonic's `Routes`, or these in a tower layer. Paths of the protocol's own services (health,
    /// controller, stdio, broker) do not get to them. The host sends and takes messages of any size: a limit for what is
    /// received, 4 MiB unless set otherwise, is a setting of each service.
    ///
    /// SIGINT is ignored from here on, because Ctrl-C reaches the whole group of processes and the host has calls to
    /// make before it ends.
    ///
    /// # Errors
    /// If the plugin cannot begin to serve. No socket is left behind.
    pub async fn serve<S, F>(
        self,
        services: S,
        flush_within: Duration,
        flush: F,
    ) -> Result<Ending, ServeError>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        F: Future<Output = ()>,
    {
        let terminate = handle_signals().map_err(ServeError::Signals)?;
        let socket = self.socket.open()?;
        let line = line(self.protocol_version, socket.address()?, self.asks_for_multiplexing);
        let lifecycle = Lifecycle::new();
        let services = services.map_request(|request: Request<_>| request.map(Body::new));
        let routes = protocol::routes(lifecycle.clone()).await.into_axum_router().fallback_service(services);
        let server = Server::builder()
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        let mut server = pin!(server.serve_with_incoming_shutdown(
            tonic::service::Routes::from(routes),
            UnixListenerStream::new(socket.listener),
            lifecycle.closing(),
        ));
        announce(&line).map_err(ServeError::Announce)?;
        let life = async {
            let ending = end(terminate, &lifecycle, self.process).await;
            if timeout(flush_within, flush).await.is_err() {
                tracing::warn!(seconds = flush_within.as_secs_f64(), "flushing takes too long, leaving it");
            }
            ending
        };
        let ending = tokio::select! {
            result = &mut server => return Err(ServeError::Server(result.err())),
            ending = life => ending,
        };
        lifecycle.close();
        if timeout(CALLS_IN_FLIGHT, server).await.is_err() {
            tracing::debug!("leaving calls in flight");
        }
        Ok(ending)
    }
}

fn handle_signals() -> io::Result<Signal> {
    // Having a handler at all is what keeps the signal from ending the process.
    let _ignored = signal(SignalKind::interrupt())?;
    signal(SignalKind::terminate())
}

/// The listener is bound by now: who connects at once waits in its queue until the server runs, which is next.
fn announce(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

async fn end(mut terminate: Signal, lifecycle: &Lifecycle, host: u32) -> Ending {
    tokio::select! {
        () = lifecycle.asked() => Ending::Shutdown,
        _ = terminate.recv() => Ending::Terminated,
        () = orphaned_by(host) => Ending::HostGone,
    }
}
