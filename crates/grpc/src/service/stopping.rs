//! The end of a server, as its open streams see it.

use tokio::sync::watch;

/// Tells that the server stops.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Stopping is told by sending true.
    pub(crate) fn new(told: watch::Receiver<bool>) -> Self {
        Self(told)
    }

    /// Waits until the server stops.
    pub(crate) async fn told(mut self) {
        if self.0.wait_for(|stops| *stops).await.is_err() {
            // Nobody is left who could tell.
            std::future::pending().await
        }
    }
}
