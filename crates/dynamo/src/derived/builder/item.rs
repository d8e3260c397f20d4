//! What a builder makes.

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DerivedItem {
    /// A part of the segments: two items.
    Part { group: u16, newest: i64, part: u32, entries: Vec<u8>, lists: Vec<u8> },
    /// A bucket of pointers: an item for each part.
    Pointers { bucket: u32, parts: Vec<Vec<u8>> },
}
