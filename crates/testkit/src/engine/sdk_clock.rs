//! The SDK's time and sleep, taken from a test's clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use futures::future::BoxFuture;
use jaeger_dynamodb_core::Clock;

use super::service::system_time;

#[derive(Clone, Debug)]
pub(crate) struct SdkClock(pub(crate) Arc<dyn Clock>);

impl TimeSource for SdkClock {
    fn now(&self) -> SystemTime {
        system_time(self.0.wall())
    }
}

impl AsyncSleep for SdkClock {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(SyncFuture(Mutex::new(self.0.sleep(duration))))
    }
}

/// The SDK wants a `Sync` future. A mutex that is only ever reached through `&mut` makes one of any.
struct SyncFuture(Mutex<BoxFuture<'static, ()>>);

impl Future for SyncFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx)
    }
}
