//! Bytes of requests that are being received or answered, of all connections together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes may be held, and how many are.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

/// What one request holds of the budget, until the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Hold(Arc<Held>);

#[derive(Debug)]
struct Held {
    budget: Arc<Budget>,
    /// So many bytes are not worth counting.
    free: usize,
    /// The message that was decoded last.
    decoded: AtomicUsize,
    /// What came since, of a message that is not complete yet.
    received: AtomicUsize,
}

/// The budget has no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

// === impl Budget ===

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0) }
    }

    /// Whether there is no room for a single byte.
    pub(crate) fn is_full(&self) -> bool {
        self.used.load(Ordering::Relaxed) >= self.limit
    }

    /// Changes what one holder has. Whoever is alone may have any amount, so that a message of the largest size that is
    /// accepted comes in whatever the budget is.
    fn resize(&self, from: usize, to: usize) -> Result<(), Full> {
        if to <= from {
            self.used.fetch_sub(from - to, Ordering::Relaxed);
            return Ok(());
        }
        let grown = |used: usize| {
            let grown = used.saturating_add(to - from);
            (grown <= self.limit || used == from).then_some(grown)
        };
        let updated = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown);
        updated.map(drop).map_err(|_| Full)
    }
}

// === impl Hold ===

impl Hold {
    /// Holds nothing yet, and counts only what exceeds `free`.
    pub(crate) fn new(budget: &Arc<Budget>, free: usize) -> Self {
        let budget = Arc::clone(budget);
        Self(Arc::new(Held { budget, free, decoded: AtomicUsize::new(0), received: AtomicUsize::new(0) }))
    }

    /// More of a message came.
    pub(crate) fn receive(&self, bytes: usize) -> Result<(), Full> {
        let received = self.0.received.load(Ordering::Relaxed).saturating_add(bytes);
        self.0.change(self.0.decoded.load(Ordering::Relaxed), received)
    }

    /// What came makes a message of so many bytes, without compression.
    pub(crate) fn decode(&self, bytes: usize) -> Result<(), Full> {
        self.0.change(bytes, 0)
    }

    /// The message that was decoded last is held by somebody else.
    pub(crate) fn release_decoded(&self) {
        // What becomes smaller always has room.
        let _ = self.0.change(0, self.0.received.load(Ordering::Relaxed));
    }

    /// Whether a part of a message came and not the rest.
    pub(crate) fn is_within_message(&self) -> bool {
        self.0.received.load(Ordering::Relaxed) > 0
    }
}

// === impl Held ===

impl Held {
    /// One task receives and decodes a request, so there are no two changes at a time.
    fn change(&self, decoded: usize, received: usize) -> Result<(), Full> {
        self.budget.resize(self.counted(), decoded.saturating_add(received).saturating_sub(self.free))?;
        self.decoded.store(decoded, Ordering::Relaxed);
        self.received.store(received, Ordering::Relaxed);
        Ok(())
    }

    fn counted(&self) -> usize {
        let all = self.decoded.load(Ordering::Relaxed).saturating_add(self.received.load(Ordering::Relaxed));
        all.saturating_sub(self.free)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.budget.resize(self.counted(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_budget_is_refused_until_somebody_gives_back() {
        let budget = Arc::new(Budget::new(100));
        let (one, other) = (Hold::new(&budget, 0), Hold::new(&budget, 0));
        assert_eq!((one.receive(60), other.receive(40), other.receive(1)), (Ok(()), Ok(()), Err(Full)));
        assert!(budget.is_full());
        drop(one);
        assert_eq!(other.receive(60), Ok(()));
        drop(other);
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn who_is_alone_may_have_more_than_the_budget() {
        let budget = Arc::new(Budget::new(100));
        let one = Hold::new(&budget, 0);
        assert_eq!((one.receive(70), one.receive(70), one.decode(1000)), (Ok(()), Ok(()), Ok(())));
        let other = Hold::new(&budget, 0);
        assert_eq!(other.receive(1), Err(Full));
        drop(one);
        assert_eq!((other.receive(1), other.decode(1000)), (Ok(()), Ok(())));
    }

    #[test]
    fn a_message_counts_as_large_as_it_is_without_compression() {
        let budget = Arc::new(Budget::new(100));
        let (one, other) = (Hold::new(&budget, 0), Hold::new(&budget, 0));
        assert_eq!((other.receive(10), one.receive(10), one.decode(91)), (Ok(()), Ok(()), Err(Full)));
        assert_eq!(one.decode(90), Ok(()));
        assert!(budget.is_full() && !one.is_within_message());
        one.release_decoded();
        assert_eq!(other.receive(90), Ok(()));
    }

    #[test]
    fn free_bytes_are_not_counted() {
        let budget = Arc::new(Budget::new(100));
        let (one, other) = (Hold::new(&budget, 0), Hold::new(&budget, 50));
        assert_eq!((one.receive(100), other.receive(50), other.receive(1)), (Ok(()), Ok(()), Err(Full)));
    }
}
