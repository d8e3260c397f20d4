//! Whether the storage answers.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dynamo::DynamoStore;
use tokio::sync::watch;

/// Without an answer for so long nobody is served.
const SILENCE: Duration = Duration::from_secs(10);

/// A store that is in use need not be asked. Three of these fit into the silence.
const ASK_AFTER: Duration = Duration::from_secs(3);

/// Requests have a timeout of their own; this is for asking again within one probe.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A return is noticed within this, whoever got the first answer.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Tells whether the storage answers, as long as it is asked. Asks by itself only when nobody else does.
pub(crate) async fn watch(store: Arc<DynamoStore>, clock: Arc<dyn Clock>, answers: watch::Sender<bool>) {
    let asking = async {
        loop {
            if store.unanswered_for() < ASK_AFTER {
                clock.sleep(LOOK_EVERY).await;
            } else if let Err(error) = store.check(ANSWER_WITHIN).await {
                tracing::debug!(%error, "the storage was asked in vain");
                clock.sleep(LOOK_EVERY).await;
            }
        }
    };
    let telling = async {
        loop {
            tell(&answers, store.unanswered_for());
            clock.sleep(LOOK_EVERY).await;
        }
    };
    tokio::join!(asking, telling);
}

fn tell(answers: &watch::Sender<bool>, unanswered_for: Duration) {
    let answered = unanswered_for < SILENCE;
    let has_turned = answers.send_if_modified(|answers| std::mem::replace(answers, answered) != answered);
    match (has_turned, answered) {
        (true, false) => tracing::warn!(?unanswered_for, "the storage does not answer: not ready"),
        (true, true) => tracing::info!("the storage answers again: ready"),
        (false, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_storage_is_gone_after_a_silence_and_back_with_the_first_answer() {
        let (answers, told) = watch::channel(true);
        let told_after = |silence| {
            tell(&answers, silence);
            *told.borrow()
        };
        assert!(told_after(Duration::ZERO) && told_after(Duration::from_millis(9_999)));
        assert!(!told_after(SILENCE) && !told_after(Duration::from_secs(60)));
        assert!(told_after(Duration::from_millis(1)));
    }
}
