//! The clock of a running process.

use std::sync::LazyLock;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jaeger_dynamodb_core::{Clock, UnixNanos};

/// Time as the operating system tells it, waiting as tokio waits: paused tokio time pauses it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

static START: LazyLock<tokio::time::Instant> = LazyLock::new(tokio::time::Instant::now);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that others take")]
    fn wall(&self) -> UnixNanos {
        let since_1970 =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixNanos(i128::try_from(since_1970.as_nanos()).unwrap_or(i128::MAX))
    }

    fn monotonic(&self) -> Duration {
        START.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that others take")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }
}
