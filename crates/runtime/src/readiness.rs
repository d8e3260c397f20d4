//! Whether the process can serve, and if not, why.

use std::sync::Arc;

use tokio::sync::watch;

/// Shared by whoever decides and whoever answers. A process is not ready until it says so.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<watch::Sender<State>>);

/// What a probe is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Requests are served.
    Ready,
    /// They are not, for this reason.
    NotReady(&'static str),
}

// === impl Readiness ===

impl Readiness {
    /// Not ready yet, for this reason.
    #[must_use]
    pub fn not_yet(reason: &'static str) -> Self {
        metrics::describe_gauge!("jaeger_dynamodb_ready", "1 while requests are served, else 0");
        measure(false);
        Self(Arc::new(watch::Sender::new(State::NotReady(reason))))
    }

    /// From now on requests are served.
    pub fn ready(&self) {
        measure(true);
        self.0.send_replace(State::Ready);
    }

    /// From now on they are not.
    pub fn not_ready(&self, reason: &'static str) {
        measure(false);
        self.0.send_replace(State::NotReady(reason));
    }

    /// Is ready as long as this is true, and otherwise not, for this reason. Never returns.
    pub async fn follow(&self, mut can_serve: watch::Receiver<bool>, reason: &'static str) {
        while can_serve.changed().await.is_ok() {
            if *can_serve.borrow_and_update() {
                self.ready();
            } else {
                self.not_ready(reason);
            }
        }
        std::future::pending().await
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.borrow().clone()
    }

    /// Follows every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }
}

fn measure(is_ready: bool) {
    metrics::gauge!("jaeger_dynamodb_ready").set(if is_ready { 1.0 } else { 0.0 });
}
