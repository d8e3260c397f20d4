//! What happens when, in a simulation.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Things that are due, the earliest first; of those at one time, what was planned first.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    due: BinaryHeap<Reverse<Due<T>>>,
    planned: u64,
}

#[derive(Debug)]
struct Due<T> {
    at: u64,
    order: u64,
    what: T,
}

// === impl Agenda ===

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Self { due: BinaryHeap::new(), planned: 0 }
    }

    pub(crate) fn plan(&mut self, at: u64, what: T) {
        self.planned += 1;
        self.due.push(Reverse(Due { at, order: self.planned, what }));
    }

    /// When the next thing is due.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.due.peek().map(|Reverse(due)| due.at)
    }

    /// Takes the next thing, and when it is due.
    pub(crate) fn take_next(&mut self) -> Option<(u64, T)> {
        self.due.pop().map(|Reverse(due)| (due.at, due.what))
    }
}

// === impl Due ===

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Due<T> {}
