use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dynamo::{Maintenance, WindowReport};
use jaeger_dynamodb_stream::Trigger;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use super::triggers::Told;

/// Derives what it is told of, and regularly what it finds. Any number of them share the work by claims.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) maintenance: Maintenance,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) round_every: Duration,
}

impl Worker {
    /// Works until it is stopped, which it heeds between two pieces of work.
    pub(super) async fn run(&self, mut triggers: Receiver<Told>, stop: CancellationToken) {
        let mut next_round = self.clock.monotonic();
        while !stop.is_cancelled() {
            let until_round = next_round.saturating_sub(self.clock.monotonic());
            let told = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                // A backlog of triggers does not put off the rounds.
                () = self.clock.sleep(until_round) => None,
                Some(told) = triggers.recv() => Some(told),
            };
            match told {
                Some(Told::Window(trigger)) => self.window(&trigger).await,
                Some(Told::Gap) | None => {
                    self.round().await;
                    next_round = self.clock.monotonic() + self.round_every;
                }
            }
        }
    }

    async fn window(&self, trigger: &Trigger) {
        let window = trigger.window;
        match self.maintenance.window(&trigger.tenant, window).await {
            Ok(WindowReport::Parked { reason, .. }) => {
                tracing::error!(%window, reason, "a window fails and is parked")
            }
            Ok(report) => tracing::info!(%window, ?report, "a window was looked at"),
            // The next round finds it.
            Err(error) => tracing::warn!(%window, %error, "a window cannot be looked at now"),
        }
    }

    async fn round(&self) {
        match self.maintenance.round().await {
            Ok(round)
                if round.derived + round.edges + round.merged + round.rolled_up + round.postponed > 0 =>
            {
                tracing::info!(?round, "a round has done something");
            }
            Ok(round) => tracing::debug!(?round, "a round found nothing to do"),
            Err(error) => tracing::warn!(%error, "a round failed"),
        }
    }
}
