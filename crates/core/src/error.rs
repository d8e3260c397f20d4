//! What a store answers when it cannot do what it was asked.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What the caller must do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Mend the request: it will never succeed as it is.
    InvalidRequest,
    /// Do without: the store does not offer this.
    Unsupported,
    /// Send it again later: the store is at its limit, nothing of the request was kept for certain.
    Overloaded,
    /// Send it again: the storage service did not answer, or not in time.
    Unavailable,
    /// Ask for less: the answer would pass a configured limit.
    LimitExceeded,
    /// Call the operator: stored data is missing or cannot be read.
    Damaged,
    /// Report it: a fault of this program or of its set-up.
    Internal,
}

/// An error of a store: its kind says what to do, its message what happened.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error of this kind. The message is lower case, without a full stop.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, source: None }
    }

    /// Shorthand for [`StoreErrorKind::InvalidRequest`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::InvalidRequest, message)
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds how long the caller should wait before it tries again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What the caller must do.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// How long to wait before trying again, where the store knows.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Overloaded | StoreErrorKind::Unavailable)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
