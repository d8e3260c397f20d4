//! Time that a test can hold in its hand.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::UnixNanos;

/// A source of time and of waiting. Nothing else in the workspace reads a clock or sleeps.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock. It decides nothing about durability: for that the storage service's own time counts.
    fn wall(&self) -> UnixNanos;

    /// Time since some fixed start, which never goes back.
    fn monotonic(&self) -> Duration;

    /// A future that is ready once `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

const _: Option<&dyn Clock> = None;
