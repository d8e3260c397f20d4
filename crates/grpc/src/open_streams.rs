//! What goes on for as long as a client likes.

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::router::healthy;
use crate::service::Receipts;

/// The streams that would hold up a graceful shutdown, because no client ends them by itself: of those who watch health,
/// and of those who write spans in streams.
#[derive(Debug, Clone)]
pub struct OpenStreams {
    health: HealthReporter,
    stops: watch::Sender<bool>,
    receipts: Receipts,
}

impl OpenStreams {
    pub(crate) fn new(health: HealthReporter, stops: watch::Sender<bool>, receipts: Receipts) -> Self {
        Self { health, stops, receipts }
    }

    /// Ends the streams of all who watch health and answers no check any more. Streams of spans are not read any
    /// further: what they have brought is written, then they end with UNAVAILABLE. Returns without waiting for that.
    pub async fn stop(&mut self) {
        self.stops.send_replace(true);
        for name in healthy().chain([""]) {
            self.health.clear_service_status(name).await;
        }
    }

    /// What health checks are answered from now on, and all who watch are told.
    pub async fn set_serving(&self, is_serving: bool) {
        let status = if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in healthy().chain([""]) {
            self.health.set_service_status(name, status).await;
        }
    }

    /// Waits until every span that was received before this call is durable or refused, those of streams included whose
    /// client is gone. After [`OpenStreams::stop`] and the last request nothing is left to be written then.
    pub async fn written(&self) {
        self.receipts.settled().await;
    }
}
