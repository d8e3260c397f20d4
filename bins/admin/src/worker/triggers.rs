use jaeger_dynamodb_stream::{Follower, NotForUs, StreamSource, Trigger, Verdict};
use tokio::sync::mpsc::Sender;

/// What the stream tells.
#[derive(Debug)]
pub(super) enum Told {
    /// A window was sealed.
    Window(Trigger),
    /// Something may have been missed.
    Gap,
}

/// Follows the stream until nobody listens any more. Without a stream it waits for one.
pub(super) async fn follow<S: StreamSource>(mut follower: Follower<S>, listener: Sender<Told>) {
    loop {
        let news = follower.next().await;
        if let Some(error) = news.failure {
            tracing::warn!(error = %error, "the stream of windows cannot be read now");
        }
        if news.is_gap && listener.send(Told::Gap).await.is_err() {
            return;
        }
        for change in news.changes {
            match Verdict::of(&change) {
                Verdict::Trigger(trigger) => {
                    if listener.send(Told::Window(trigger)).await.is_err() {
                        return;
                    }
                }
                Verdict::Malformed => tracing::warn!("a record of a sealed window cannot be read"),
                Verdict::NotForUs(
                    NotForUs::Deleted | NotForUs::Foreign | NotForUs::NotSealed | NotForUs::Begun,
                ) => {}
            }
        }
    }
}
