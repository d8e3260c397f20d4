//! Counting different things in little memory.

use std::collections::BTreeSet;

/// So many of the smallest hashes are kept: the count is wrong by some 3 %.
const KEPT: usize = 1024;

/// Estimates how many different hashes there were, from how dense the smallest of them are.
#[derive(Debug, Default)]
pub(super) struct DistinctCount {
    smallest: BTreeSet<u64>,
}

impl DistinctCount {
    /// Takes a hash, evenly spread over all numbers.
    pub(super) fn add(&mut self, hash: u64) {
        let is_full = self.smallest.len() >= KEPT;
        if is_full && self.smallest.last().is_some_and(|largest| *largest <= hash) {
            return;
        }
        if self.smallest.insert(hash) && is_full {
            self.smallest.pop_last();
        }
    }

    pub(super) fn estimate(&self) -> usize {
        match self.smallest.last() {
            Some(largest) if self.smallest.len() >= KEPT => {
                let count = (u128::from(u64::MAX) * (KEPT as u128 - 1)) / u128::from((*largest).max(1));
                usize::try_from(count).unwrap_or(usize::MAX)
            }
            _ => self.smallest.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derived::trace_hash::mix;

    #[test]
    fn few_are_counted_exactly_and_many_about() {
        let count = |number: u64| {
            let mut distinct = DistinctCount::default();
            (0..2).for_each(|_| (1..=number).for_each(|number| distinct.add(mix(number))));
            distinct.estimate()
        };
        assert_eq!(count(0), 0);
        assert_eq!(count(1000), 1000);
        assert!((90_000..110_000).contains(&count(100_000)), "{}", count(100_000));
    }
}
