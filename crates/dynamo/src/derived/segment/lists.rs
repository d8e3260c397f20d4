//! The inverted lists of a part: for a fingerprint of `key=text` the entries that may hold a span with it.
//!
//! version (1) · number of entries · entries without fingerprints · *pairs*: count, then the fingerprints that few
//! entries have, cut short and sorted · *lists*: length and number of fingerprints, these, entries as [`encode_list`]
//! writes them.
//!
//! Pairs are ids and the like, about two an entry. Which entry each belongs to stands in the other item of the part:
//! a search for what is not there reads only lists, one that finds something reads the entries too. Of these
//! fingerprints 20 bits are kept, where the price of bits and that of wrong candidates meet: a bit less of every pair
//! saves p / 65 536 read units of a part with p pairs; with b bits an absent value finds p / 2^b pairs there, each of
//! which costs about 8 units for the entries and a pack. Lists keep all 24 bits: a wrong one would lead to many entries.

use std::ops::Range;

use jaeger_dynamodb_core::{Predicate, matching};

use super::MAX_ENTRIES;
use super::bits::{decode_list, decode_rising, encode_list, encode_positions, encode_rising};
use super::gather::Gathered;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::log::{DurationRange, Fingerprint, MayMatch, put_list, read_list};

const VERSION: u8 = 1;

/// A list begins with its length and, below it, how many fingerprints it has besides the first; the most that these
/// bits say means that the number follows.
const HEAD_BITS: u32 = 2;
const MANY: usize = 3;

/// The lists of a part's entries. They stay encoded: a search asks for few fingerprints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListsPart {
    entries: usize,
    unindexed: Vec<usize>,
    /// The short fingerprints of pairs, sorted.
    pairs: Vec<u32>,
    lists: Vec<u8>,
}

/// The bytes of lists, and what entries have to say beside them.
#[derive(Debug)]
pub(in crate::derived) struct EncodedLists {
    pub(in crate::derived) lists: Vec<u8>,
    /// For each pair its entry: see [`EntriesPart::encode`](super::EntriesPart::encode).
    pub(in crate::derived) entries_of_pairs: Vec<u8>,
}

impl Gathered {
    /// The lists, for entries that have moved to these positions.
    pub(in crate::derived) fn encode(&self, unindexed: &[usize], positions: &[u32]) -> EncodedLists {
        let position = |entry: u32| {
            usize::try_from(entry).ok().and_then(|entry| positions.get(entry)).copied().unwrap_or(0)
        };
        let mut out = vec![VERSION];
        out.put_count(positions.len());
        put_list(unindexed, &mut out);

        let mut pairs: Vec<_> =
            self.pairs.iter().map(|(bits, entry)| (short(*bits), position(*entry))).collect();
        pairs.sort_unstable();
        let (shorts, entries): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        out.put_count(shorts.len());
        out.put_bytes(&encode_rising(&shorts, SHORT_FINGERPRINTS));

        for list in &self.lists {
            let mut entries: Vec<_> = self.entries_of(list).into_iter().map(position).collect();
            entries.sort_unstable();
            let bytes = encode_list(&entries, positions.len());
            let more = list.fingerprints.len().saturating_sub(1);
            out.put_count(bytes.len() << HEAD_BITS | more.min(MANY));
            if more >= MANY {
                out.put_count(more);
            }
            list.fingerprints.iter().for_each(|bits| put_fingerprint(*bits, &mut out));
            out.extend_from_slice(&bytes);
        }
        EncodedLists { lists: out, entries_of_pairs: encode_positions(&entries, positions.len()) }
    }
}

/// Pairs keep the first 20 of 24 bits.
const SHORT_FINGERPRINTS: usize = 1 << 20;

fn short(bits: u32) -> u32 {
    bits >> 4
}

fn put_fingerprint(bits: u32, out: &mut Vec<u8>) {
    let [_, a, b, c] = bits.to_be_bytes();
    out.extend_from_slice(&[a, b, c]);
}

impl ListsPart {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let entries = reader.index(MAX_ENTRIES + 1)?;
        let unindexed = read_list(entries, &mut reader)?;
        let pair_count = reader.index(usize::MAX)?;
        let pairs = decode_rising(reader.bytes()?, SHORT_FINGERPRINTS, pair_count)?;
        let part = Self { entries, unindexed, pairs, lists: reader.rest().to_vec() };
        part.lists().try_for_each(|list| list.map(|_| ()))?;
        Ok(part)
    }

    /// Whether any entry may match the predicate: `false` is certain. Much cheaper than asking for each entry.
    pub(crate) fn may_match_any(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All(predicates) => predicates.iter().all(|predicate| self.may_match_any(predicate)),
            Predicate::Any(predicates) => predicates.iter().any(|predicate| self.may_match_any(predicate)),
            Predicate::Attribute(condition) => matching::required_pair(condition)
                .is_none_or(|pair| self.may_have(Fingerprint::of(pair.key, pair.text))),
            Predicate::Not(_) | Predicate::Service(_) | Predicate::Operation(_) | Predicate::Duration(_) => {
                self.entries > 0
            }
        }
    }

    fn may_have(&self, fingerprint: Fingerprint) -> bool {
        !self.unindexed.is_empty()
            || !self.pairs_of(fingerprint).is_empty()
            || self.lists().any(|list| list.is_ok_and(|list| list.is_of(fingerprint)))
    }

    /// The numbers of the pairs of this fingerprint.
    pub(super) fn pairs_of(&self, fingerprint: Fingerprint) -> Range<usize> {
        let [a, b, c] = fingerprint.to_bytes();
        let wanted = short(u32::from_be_bytes([0, a, b, c]));
        let start = self.pairs.partition_point(|pair| *pair < wanted);
        start..start + self.pairs.iter().skip(start).take_while(|pair| **pair == wanted).count()
    }

    /// For each entry whether a list has it under the fingerprint, or none could; pairs are not asked.
    pub(super) fn listed(&self, fingerprint: Fingerprint) -> Vec<bool> {
        let mut listed = vec![false; self.entries];
        let mut set = |entry: usize| {
            if let Some(listed) = listed.get_mut(entry) {
                *listed = true;
            }
        };
        self.unindexed.iter().copied().for_each(&mut set);
        for list in self.lists().flatten().filter(|list| list.is_of(fingerprint)) {
            match decode_list(list.entries, self.entries) {
                Ok(entries) => entries.into_iter().for_each(&mut set),
                // Too late to refuse the part; taking all entries for its own loses nothing.
                Err(_) => return vec![true; self.entries],
            }
        }
        listed
    }

    fn lists(&self) -> impl Iterator<Item = Result<List<'_>, DecodeError>> {
        let mut reader = Reader::new(&self.lists);
        std::iter::from_fn(move || (!reader.rest().is_empty()).then(|| List::read(&mut reader)))
    }
}

/// A list as it is stored.
struct List<'a> {
    fingerprints: &'a [u8],
    entries: &'a [u8],
}

impl<'a> List<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let head = reader.index(usize::MAX)?;
        let more = if head & MANY == MANY { reader.count()? } else { head & MANY };
        let fingerprints = reader.take((more + 1).saturating_mul(Fingerprint::BYTES))?;
        Ok(Self { fingerprints, entries: reader.take(head >> HEAD_BITS)? })
    }

    fn is_of(&self, fingerprint: Fingerprint) -> bool {
        let wanted = fingerprint.to_bytes();
        self.fingerprints.chunks_exact(Fingerprint::BYTES).any(|chunk| chunk == wanted)
    }
}

impl MayMatch for ListsPart {
    fn entry_count(&self) -> usize {
        self.entries
    }

    fn of_service(&self, _: &str) -> Vec<bool> {
        vec![true; self.entries]
    }

    fn with_operation(&self, _: &str) -> Vec<bool> {
        vec![true; self.entries]
    }

    fn with_duration(&self, _: DurationRange) -> Vec<bool> {
        vec![true; self.entries]
    }

    /// Which entry a pair belongs to is not known here, so that it may be any.
    fn with_fingerprint(&self, fingerprint: Fingerprint) -> Vec<bool> {
        if self.pairs_of(fingerprint).is_empty() {
            self.listed(fingerprint)
        } else {
            vec![true; self.entries]
        }
    }
}
