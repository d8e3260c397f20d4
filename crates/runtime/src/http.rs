//! The small HTTP server beside the gRPC one: probes, metrics, and what a binary adds.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    metrics::Metrics,
    readiness::{Readiness, State},
};

#[cfg(test)]
mod tests;

/// Answers `/live`, `/ready` and `/metrics` from the first moment, other routes once they are added.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    added: Arc<OnceLock<Router>>,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

// === impl HttpServer ===

impl HttpServer {
    /// Starts answering on the listener.
    ///
    /// # Errors
    ///
    /// When the listener has no address.
    pub fn start(listener: TcpListener, readiness: Readiness, metrics: Metrics) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let added = Arc::new(OnceLock::new());
        let stop = CancellationToken::new();
        let routes = routes(readiness, metrics, Arc::clone(&added));
        let serving = axum::serve(listener, routes).with_graceful_shutdown(stop.clone().cancelled_owned());
        Ok(Self { address, added, stop, task: tokio::spawn(serving.into_future()) })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds routes that need what takes time to open. Only the first call has an effect.
    pub fn add_routes(&self, routes: Router) {
        let _ = self.added.set(routes);
    }

    /// Stops accepting, and waits for the requests in flight.
    ///
    /// # Errors
    ///
    /// When the server had failed before.
    pub async fn stop(self) -> io::Result<()> {
        self.stop.cancel();
        self.task.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
    }
}

fn routes(readiness: Readiness, metrics: Metrics, added: Arc<OnceLock<Router>>) -> Router {
    Router::new()
        .route("/live", get(async || "live\n"))
        .route("/ready", get(async move || ready(&readiness)))
        .route("/metrics", get(async move || render(&metrics)))
        .fallback(async move |request: Request| answer_added(added.get().cloned(), request).await)
}

fn ready(readiness: &Readiness) -> Response {
    match readiness.state() {
        State::Ready => "ready\n".into_response(),
        State::NotReady(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

fn render(metrics: &Metrics) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}

async fn answer_added(added: Option<Router>, request: Request) -> Response {
    match added {
        Some(routes) => routes.oneshot(request).await.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
