//! What a store did otherwise than it must.

use std::fmt;

/// The cases in which a store failed. Its `Debug` is as readable as its `Display`, for tests that unwrap it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConformanceFailure {
    ran: usize,
    failures: Vec<CaseFailure>,
}

/// One case that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFailure {
    /// The case.
    pub case: &'static str,
    /// What was expected and what came.
    pub reason: String,
}

impl ConformanceFailure {
    pub(super) fn unless_empty(ran: usize, failures: Vec<CaseFailure>) -> Result<(), Self> {
        if failures.is_empty() { Ok(()) } else { Err(Self { ran, failures }) }
    }

    /// The cases that failed, at least one.
    #[must_use]
    pub fn failures(&self) -> &[CaseFailure] {
        &self.failures
    }
}

impl fmt::Display for ConformanceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cases failed", self.failures.len(), self.ran)?;
        self.failures.iter().try_for_each(|failure| write!(f, "\n- {}: {}", failure.case, failure.reason))
    }
}

impl fmt::Debug for ConformanceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConformanceFailure {}
