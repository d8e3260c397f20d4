//! Segments: the entries of a window's records again, by group of services and slot of starts, in parts. A part is two
//! items, its entries and its inverted lists: a search for something rare reads only lists.

mod bits;
mod columns;
mod entries;
mod gather;
mod lists;
#[cfg(test)]
mod tests;

pub(crate) use entries::EntriesPart;
pub(super) use entries::{PartEntry, Shape};
pub(super) use gather::{Gathered, different_fingerprints, pair};
pub(super) use lists::EncodedLists;
pub(crate) use lists::ListsPart;

/// No part has more entries: a damaged count cannot ask for more memory than this.
pub(super) const MAX_ENTRIES: usize = 1 << 20;
