//! Which messages were sent, and which were acknowledged.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::content::SLICE;

/// All messages of a test. They are numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<u64, Fate>>);

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It may be found: there is no answer yet, or none that says that it is kept.
    Sent,
    /// It must be found from now on.
    Acknowledged,
}

// === impl Ledger ===

impl Ledger {
    /// The number of a message that is sent from now on.
    pub(crate) fn next(&self) -> u64 {
        let mut fates = self.lock();
        let number = fates.last_key_value().map_or(0, |(last, _)| last + 1);
        fates.insert(number, Fate::Sent);
        number
    }

    pub(crate) fn acknowledge(&self, number: u64) {
        self.lock().insert(number, Fate::Acknowledged);
    }

    /// The messages of a slice as things stand.
    pub(crate) fn slice(&self, slice: u64) -> BTreeMap<u64, Fate> {
        let numbers = slice * SLICE..(slice + 1) * SLICE;
        self.lock().range(numbers).map(|(number, fate)| (*number, *fate)).collect()
    }

    /// The slices of which something was sent.
    pub(crate) fn slices(&self) -> Range<u64> {
        0..self.sent().div_ceil(SLICE)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.lock().last_key_value().map_or(0, |(last, _)| last + 1)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Fate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
