use std::time::Duration;

use jaeger_dynamodb_embedded::{EmbeddedEngine, EmbeddedError};
use tokio::time::{MissedTickBehavior, interval};

/// The engine reads every item to find the expired ones, and spans are kept for days.
const PERIOD: Duration = Duration::from_secs(3600);

/// Does what DynamoDB does by itself, as long as the engine is open.
pub(super) async fn delete_expired_regularly(engine: EmbeddedEngine) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once, when requests wait for the start to end.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        match engine.delete_expired().await {
            Ok(items) => tracing::info!(items, "deleted expired items"),
            Err(EmbeddedError::Closed) => return,
            Err(error) => tracing::warn!(%error, "cannot delete expired items"),
        }
    }
}
