//! From a signal to an orderly end.

use std::{future::Future, io, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a process that ended by SIGINT.
const IMPATIENT: i32 = 130;

/// Cancels the token at the first SIGTERM or SIGINT. A second one ends the process at once.
///
/// # Errors
///
/// When the system refuses the signal handlers.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        let name = next(&mut terminate, &mut interrupt).await;
        // First, so that it stands before all that comes of it.
        tracing::info!(signal = name, "shutdown requested");
        stop.cancel();
        let name = next(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal = name, "shutdown requested again, exiting without draining");
        std::process::exit(IMPATIENT);
    });
    Ok(token)
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// Gives the work in flight this long to end by itself, then leaves it. Nothing acknowledged is lost
/// by that: clients send again what they got no answer for.
pub async fn drain(deadline: Duration, work: impl Future<Output = ()>) {
    if tokio::time::timeout(deadline, work).await.is_err() {
        let seconds = deadline.as_secs_f64();
        tracing::warn!(deadline_seconds = seconds, "drain deadline passed, leaving requests in flight");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_sigterm_cancels_the_token() {
        let token = on_signal().unwrap();
        assert!(!token.is_cancelled());
        let own_id = std::process::id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &own_id]).status().unwrap();
        assert!(sent.success());
        token.cancelled().await;
    }

    #[tokio::test]
    async fn drain_leaves_what_never_ends() {
        drain(Duration::from_millis(1), std::future::pending()).await;
    }
}
