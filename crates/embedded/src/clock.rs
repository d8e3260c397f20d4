//! The clock that answers are dated by.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The service's own clock: every answer carries its time as `Date`.
///
/// Real DynamoDB has a clock of its own, which no client controls. Tests inject one to decide what
/// "the service's time" is.
#[derive(Clone)]
pub struct ServiceClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl ServiceClock {
    /// Reads the time from `now`.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The clock of this machine.
    #[expect(clippy::disallowed_methods, reason = "embedded, the service's clock is the machine's")]
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for ServiceClock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for ServiceClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceClock").finish_non_exhaustive()
    }
}

impl dynoxide::storage_backend::Clock for ServiceClock {
    fn now_unix_secs(&self) -> u64 {
        self.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }
}
