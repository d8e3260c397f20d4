//! From pairs of fingerprint and entry to lists, and to the order of entries in which the lists are shortest.

use std::collections::HashMap;
use std::ops::Range;

use crate::log::Fingerprint;

/// So many of the longest lists decide the order of entries.
const ORDERING_LISTS: usize = 128;

/// A fingerprint and an entry, by its number.
pub(in crate::derived) fn pair(fingerprint: Fingerprint, entry: u32) -> u64 {
    u64::from(bits(fingerprint)) << 32 | u64::from(entry)
}

fn bits(fingerprint: Fingerprint) -> u32 {
    let [a, b, c] = fingerprint.to_bytes();
    u32::from_be_bytes([0, a, b, c])
}

/// How many different fingerprints the pairs have.
pub(in crate::derived) fn different_fingerprints(pairs: &[u64]) -> usize {
    let mut seen = vec![0_u64; 1 << (24 - 6)];
    let mut count = 0;
    for pair in pairs {
        let fingerprint = low_half(pair >> 32);
        if let Some(word) = usize::try_from(fingerprint >> 6).ok().and_then(|word| seen.get_mut(word)) {
            let bit = 1 << (fingerprint & 63);
            count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }
    count
}

/// Pairs, sorted out.
#[derive(Debug, Default)]
pub(in crate::derived) struct Gathered {
    /// Pairs whose fingerprint has so few entries that a list would be longer: fingerprint and entry.
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) lists: Vec<SharedList>,
    entries: Vec<u32>,
}

/// A list of entries, and all fingerprints that have just these.
#[derive(Debug)]
pub(super) struct SharedList {
    pub(super) fingerprints: Vec<u32>,
    entries: Range<usize>,
}

impl Gathered {
    /// Sorts the pairs and what they say.
    pub(in crate::derived) fn new(pairs: &mut Vec<u64>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let entries: Vec<u32> = pairs.iter().map(|pair| low_half(*pair)).collect();
        let mut numbers: HashMap<&[u32], usize> = HashMap::new();
        let mut lists: Vec<SharedList> = Vec::new();
        let mut start = 0;
        for group in pairs.chunk_by(|a, b| a >> 32 == b >> 32) {
            let range = start..start + group.len();
            start = range.end;
            let fingerprint = group.first().map_or(0, |pair| low_half(pair >> 32));
            let members = entries.get(range.clone()).unwrap_or_default();
            let number = *numbers.entry(members).or_insert_with(|| {
                lists.push(SharedList { fingerprints: Vec::new(), entries: range });
                lists.len() - 1
            });
            if let Some(list) = lists.get_mut(number) {
                list.fingerprints.push(fingerprint);
            }
        }
        drop(numbers);
        let (short, mut lists): (Vec<_>, Vec<_>) =
            lists.into_iter().partition(SharedList::is_shorter_as_pairs);
        lists.sort_by_key(|list| (std::cmp::Reverse(list.entries.len()), list.entries.start));
        let mut gathered = Self { pairs: Vec::new(), lists, entries };
        for list in short {
            for entry in gathered.entries_of(&list) {
                gathered.pairs.extend(list.fingerprints.iter().map(|fingerprint| (*fingerprint, entry)));
            }
        }
        gathered
    }

    pub(super) fn entries_of(&self, list: &SharedList) -> Vec<u32> {
        self.entries.get(list.entries.clone()).unwrap_or_default().to_vec()
    }

    /// The entries in the order in which lists have long stretches: those with the same lists stand together. Among
    /// these the one with the lowest rank comes first.
    pub(in crate::derived) fn order(&self, ranks: &[impl Ord + Copy]) -> Vec<u32> {
        let mut keys: Vec<(u128, _, u32)> =
            ranks.iter().zip(0..).map(|(rank, entry)| (u128::MAX, *rank, entry)).collect();
        let deciding = self.lists.iter().filter(|list| list.entries.len() < ranks.len());
        for (number, list) in deciding.take(ORDERING_LISTS).enumerate() {
            for entry in self.entries.get(list.entries.clone()).unwrap_or_default() {
                if let Some((key, ..)) = usize::try_from(*entry).ok().and_then(|entry| keys.get_mut(entry)) {
                    *key &= !(1 << (127 - number));
                }
            }
        }
        keys.sort_unstable();
        keys.into_iter().map(|(.., entry)| entry).collect()
    }
}

impl SharedList {
    /// A pair takes 20 bits; a list its fingerprints, some 12 bits for each of few entries, and 3 bytes besides.
    fn is_shorter_as_pairs(&self) -> bool {
        let (fingerprints, entries) = (self.fingerprints.len(), self.entries.len());
        20 * fingerprints * entries <= 24 * fingerprints + 12 * entries + 24
    }
}

fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}
