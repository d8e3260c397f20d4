//! Buckets of pointers as bytes.
//!
//! Parts: version (1) · the first says how many there are · a share of the content. Content, trace by trace: gap to
//! the hash before; then for each pointer a head, the window and the lane if they are not those of the pointer before,
//! the sequence (after one of the same window and lane the difference), and what the head does not say of the packs.
//!
//! A head is the number of the first pack, and below it five bits: last pointer of its hash, window as before, lane as
//! before, and one of four forms of the packs.

use super::{Pointer, PointerBucket};
use crate::bytes::{DecodeError, Reader, Writer};
use crate::derived::commit_ref::{CommitPacks, CommitRef, read_u32};
use crate::derived::trace_hash::TraceHash;
use crate::size::MAX_CONTENT_BYTES;

const VERSION: u8 = 1;
/// Version and number of parts take no more.
const HEAD_BYTES: usize = 8;

/// One pack, an item at the commit's own place.
const ONE_OWN: u64 = 0;
/// One pack, inside the record.
const ONE_INLINE: u64 = 1;
/// Packs at the commit's own place; their number follows.
const SOME_OWN: u64 = 2;
/// Number and places of the packs follow.
const OTHER: u64 = 3;
const FORM: u64 = 3;
const SAME_LANE: u64 = 4;
const SAME_WINDOW: u64 = 8;
const LAST_OF_HASH: u64 = 16;
const FLAG_BITS: u32 = 5;

impl PointerBucket {
    /// The contents of a bucket's items: one, but for a trace with very many pointers.
    pub(crate) fn encode(pointers: &[Pointer]) -> Vec<Vec<u8>> {
        Self::encode_in_parts_of(MAX_CONTENT_BYTES, pointers)
    }

    pub(super) fn encode_in_parts_of(bytes: usize, pointers: &[Pointer]) -> Vec<Vec<u8>> {
        let content = content(pointers);
        let mut shares: Vec<_> = content.chunks(bytes.saturating_sub(HEAD_BYTES).max(1)).collect();
        if shares.is_empty() {
            shares.push(&[]);
        }
        let count = shares.len();
        let part = |(number, share): (usize, &[u8])| {
            let mut part = vec![VERSION];
            if number == 0 {
                part.put_count(count);
            }
            part.extend_from_slice(share);
            part
        };
        shares.into_iter().enumerate().map(part).collect()
    }

    /// How many parts the bucket has, by the content of its first.
    pub(crate) fn part_count(first: &[u8]) -> Result<u16, DecodeError> {
        read_first(&mut Reader::new(first))
    }

    /// The bucket of these parts, which have to be all, in order.
    pub(crate) fn decode<P: AsRef<[u8]>>(parts: &[P]) -> Result<Self, DecodeError> {
        let Some((first, others)) = parts.split_first() else { return Err(DecodeError::Truncated) };
        let mut reader = Reader::new(first.as_ref());
        if usize::from(read_first(&mut reader)?) != parts.len() {
            return Err(DecodeError::Invalid("a bucket has another number of parts"));
        }
        if others.is_empty() {
            return read_content(reader);
        }
        let mut content = reader.rest().to_vec();
        for part in others {
            let mut reader = Reader::new(part.as_ref());
            reader.version(VERSION)?;
            content.extend_from_slice(reader.rest());
        }
        read_content(Reader::new(&content))
    }
}

fn read_first(reader: &mut Reader<'_>) -> Result<u16, DecodeError> {
    reader.version(VERSION)?;
    u16::try_from(reader.varint()?).map_err(|_| DecodeError::Invalid("a bucket claims too many parts"))
}

fn content(pointers: &[Pointer]) -> Vec<u8> {
    let mut sorted: Vec<_> = pointers.iter().collect();
    sorted.sort_by_key(|pointer| pointer.order());
    let mut out = Vec::with_capacity(8 * sorted.len());
    let mut last_hash = 0;
    for group in sorted.chunk_by(|a, b| a.hash == b.hash) {
        let hash = group.first().map_or(last_hash, |pointer| pointer.hash.bits());
        out.put_varint(hash - last_hash);
        last_hash = hash;
        let mut before = Before::default();
        for (number, pointer) in group.iter().enumerate() {
            put_pointer(pointer, &before, number + 1 == group.len(), &mut out);
            before = Before::after(pointer);
        }
    }
    out
}

/// What a pointer may have in common with the one before it.
#[derive(Default)]
struct Before {
    window: u32,
    lane: u32,
    /// None at the beginning of a trace.
    sequence: Option<u32>,
}

impl Before {
    fn after(pointer: &Pointer) -> Self {
        let commit = &pointer.commit;
        Self { window: pointer.window, lane: commit.lane, sequence: Some(commit.sequence) }
    }

    /// From where the sequence of a pointer counts.
    fn base(&self, window: u32, lane: u32) -> u32 {
        let is_same = self.window == window && self.lane == lane;
        self.sequence.filter(|_| is_same).unwrap_or_default()
    }
}

fn put_pointer(pointer: &Pointer, before: &Before, is_last: bool, out: &mut Vec<u8>) {
    let Pointer { window, commit, first_pack, pack_count, .. } = pointer;
    let form = match (&commit.packs, pack_count) {
        (CommitPacks::Own, 1) => ONE_OWN,
        (CommitPacks::Inline, 1) => ONE_INLINE,
        (CommitPacks::Own, _) => SOME_OWN,
        _ => OTHER,
    };
    let flag = |is: bool, flag: u64| if is { flag } else { 0 };
    let flags = form
        | flag(*window == before.window, SAME_WINDOW)
        | flag(commit.lane == before.lane, SAME_LANE)
        | flag(is_last, LAST_OF_HASH);
    out.put_varint(u64::from(*first_pack) << FLAG_BITS | flags);
    if *window != before.window {
        out.put_varint((*window).into());
    }
    if commit.lane != before.lane {
        out.put_varint(commit.lane.into());
    }
    out.put_varint(u64::from(commit.sequence - before.base(*window, commit.lane)));
    if form == SOME_OWN || form == OTHER {
        out.put_varint((*pack_count).into());
    }
    if form == OTHER {
        commit.packs.encode(out);
    }
}

fn read_content(mut reader: Reader<'_>) -> Result<PointerBucket, DecodeError> {
    let mut pointers = Vec::new();
    let mut hash = 0_u64;
    while !reader.rest().is_empty() {
        hash =
            hash.checked_add(reader.varint()?).filter(|hash| *hash >> TraceHash::BITS == 0).ok_or(OUTSIDE)?;
        let mut before = Before::default();
        loop {
            let (pointer, is_last) = read_pointer(TraceHash::from_bits(hash), &before, &mut reader)?;
            before = Before::after(&pointer);
            pointers.push(pointer);
            if is_last {
                break;
            }
        }
    }
    if pointers.is_sorted_by_key(Pointer::order) {
        Ok(PointerBucket { pointers })
    } else {
        Err(DecodeError::Invalid("pointers out of order"))
    }
}

const OUTSIDE: DecodeError = DecodeError::Invalid("a pointer's number is too large");

fn read_pointer(
    hash: TraceHash,
    before: &Before,
    reader: &mut Reader<'_>,
) -> Result<(Pointer, bool), DecodeError> {
    let head = reader.varint()?;
    let first_pack = u32::try_from(head >> FLAG_BITS).map_err(|_| OUTSIDE)?;
    let window = if head & SAME_WINDOW > 0 { before.window } else { read_u32(reader)? };
    let lane = if head & SAME_LANE > 0 { before.lane } else { read_u32(reader)? };
    let sequence = before.base(window, lane).checked_add(read_u32(reader)?).ok_or(OUTSIDE)?;
    let (packs, pack_count) = match head & FORM {
        ONE_OWN => (CommitPacks::Own, 1),
        ONE_INLINE => (CommitPacks::Inline, 1),
        SOME_OWN => (CommitPacks::Own, read_u32(reader)?),
        _ => {
            let count = read_u32(reader)?;
            (CommitPacks::decode(reader)?, count)
        }
    };
    let commit = CommitRef { lane, sequence, packs };
    Ok((Pointer { hash, window, commit, first_pack, pack_count }, head & LAST_OF_HASH > 0))
}
