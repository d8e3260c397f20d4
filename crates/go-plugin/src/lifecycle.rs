//! From serving to the end: the one state that the protocol's services share with whoever ends the process.

use std::os::unix::process::parent_id;
use std::time::Duration;

use tokio::sync::watch;

/// How far the plugin is on its way to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// The host has asked for the end.
    Asked,
    /// Nothing is buffered any more: answer, and let go of every stream.
    Closing,
}

/// A handle on the phase, shared by clones.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle(watch::Sender<Phase>);

/// A plugin whose host has vanished is gone within this and what its flush takes.
const PARENT_CHECKS: Duration = Duration::from_millis(500);

// === impl Lifecycle ===

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }

    pub(crate) fn ask_for_the_end(&self) {
        self.advance(Phase::Asked);
    }

    pub(crate) fn close(&self) {
        self.advance(Phase::Closing);
    }

    pub(crate) fn asked(&self) -> impl Future<Output = ()> + Send + 'static {
        self.reached(Phase::Asked)
    }

    pub(crate) fn closing(&self) -> impl Future<Output = ()> + Send + 'static {
        self.reached(Phase::Closing)
    }

    fn advance(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let forward = *phase < to;
            *phase = to.max(*phase);
            forward
        });
    }

    fn reached(&self, at_least: Phase) -> impl Future<Output = ()> + Send + 'static {
        let mut phase = self.0.subscribe();
        async move {
            // An error says that nobody is left who could go on serving.
            let _ = phase.wait_for(|phase| *phase >= at_least).await;
        }
    }
}

/// Ends when another process has become this one's parent. `PR_SET_PDEATHSIG` would tell at once, but of the end of the
/// thread that forked, and the Go runtime ends threads while the process lives.
pub(crate) async fn orphaned_by(parent: u32) {
    let mut checks = tokio::time::interval(PARENT_CHECKS);
    while parent_id() == parent {
        checks.tick().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn phases_only_go_forward() {
        let lifecycle = Lifecycle::new();
        assert!(lifecycle.asked().now_or_never().is_none());
        lifecycle.close();
        lifecycle.ask_for_the_end();
        assert!(lifecycle.asked().now_or_never().is_some());
        assert!(lifecycle.closing().now_or_never().is_some());
    }

    #[tokio::test]
    async fn being_asked_is_not_yet_the_end() {
        let lifecycle = Lifecycle::new();
        let (asked, closing) = (lifecycle.asked(), lifecycle.closing());
        lifecycle.ask_for_the_end();
        asked.await;
        assert!(closing.now_or_never().is_none());
    }

    #[tokio::test]
    async fn another_parent_than_at_the_start_is_noticed() {
        orphaned_by(parent_id().wrapping_add(1)).await;
        let same = tokio::time::timeout(Duration::from_millis(20), orphaned_by(parent_id())).await;
        assert!(same.is_err());
    }
}
