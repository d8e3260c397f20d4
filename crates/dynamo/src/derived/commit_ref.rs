//! How derived items name a commit and its packs: by position and number, because the rest stands in the window's item.

use crate::bytes::{DecodeError, Reader, Writer};
use crate::keys::{Lane, Place};
use crate::log::{PackAddress, PackRef, PackStorage, StoredRecord};
use crate::window::Window;

const OWN: u8 = 0;
const INLINE: u8 = 1;
const LISTED: u8 = 2;

const PACK_INLINE: u8 = 0;
const PACK_APART: u8 = 1;

/// What turns references to commits into packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogOfRun<'a> {
    pub(crate) window: Window,
    /// The manifest's lanes.
    pub(crate) lanes: &'a [Lane],
    /// When the window expires, Unix seconds.
    pub(crate) expiry: u64,
}

/// A commit of a window's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CommitRef {
    /// Position in the manifest's lanes.
    pub(crate) lane: u32,
    pub(crate) sequence: u32,
    pub(crate) packs: CommitPacks,
}

/// Where the packs of a commit are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CommitPacks {
    /// Each is one item at the commit's own place, and expires with the window.
    Own,
    /// The only one rides inside the record's item.
    Inline,
    /// Anything else: packs in several items, and packs of an earlier window, whose record was put again.
    Listed(Vec<PackRef>),
}

impl CommitRef {
    /// The commit of this record, in the lane at this position of a window with this expiry.
    pub(crate) fn of(record: &StoredRecord, lane: u32, expiry: u64) -> Self {
        let log = &record.record;
        let is_own = log.packs_place == record.place && log.packs.iter().all(is_one_item);
        let packs = if log.packs_expiry == expiry && log.packs == [PackStorage::Inline] {
            CommitPacks::Inline
        } else if log.packs_expiry == expiry && is_own {
            CommitPacks::Own
        } else {
            CommitPacks::Listed(listed(record))
        };
        Self { lane, sequence: record.place.sequence, packs }
    }

    /// The same, with all places written out: for a record of a lane that the window's item does not name.
    pub(crate) fn of_unknown_lane(record: &StoredRecord) -> Self {
        Self { lane: 0, sequence: record.place.sequence, packs: CommitPacks::Listed(listed(record)) }
    }

    /// The pack of this ordinal, which has to be one that the commit has.
    pub(crate) fn pack(&self, log: &LogOfRun<'_>, ordinal: usize) -> Option<PackRef> {
        let place = || {
            let lane = log.lanes.get(usize::try_from(self.lane).ok()?)?;
            Some(Place { window: log.window, lane: *lane, sequence: self.sequence })
        };
        let address = match &self.packs {
            CommitPacks::Listed(packs) => return packs.get(ordinal).copied(),
            CommitPacks::Inline if ordinal > 0 => return None,
            CommitPacks::Inline => PackAddress::Inline(place()?),
            CommitPacks::Own => {
                PackAddress::Apart { place: place()?, ordinal: u16::try_from(ordinal).ok()?, parts: 1 }
            }
        };
        Some(PackRef { address, expiry: log.expiry })
    }

    /// These packs of the commit, as far as it has them.
    pub(crate) fn packs(&self, log: &LogOfRun<'_>, first: u32, count: u32) -> Vec<PackRef> {
        let ordinals = first..first.saturating_add(count);
        ordinals.map_while(|ordinal| self.pack(log, usize::try_from(ordinal).ok()?)).collect()
    }
}

impl CommitPacks {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Own => out.push(OWN),
            Self::Inline => out.push(INLINE),
            Self::Listed(packs) => {
                out.push(LISTED);
                out.put_count(packs.len());
                packs.iter().for_each(|pack| put_pack(*pack, out));
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.byte()? {
            OWN => Ok(Self::Own),
            INLINE => Ok(Self::Inline),
            LISTED => {
                (0..reader.count()?).map(|_| read_pack(reader)).collect::<Result<_, _>>().map(Self::Listed)
            }
            _ => Err(DecodeError::Invalid("the packs of a commit are kept in an unknown way")),
        }
    }
}

fn is_one_item(storage: &PackStorage) -> bool {
    *storage == PackStorage::Parts(1)
}

fn listed(record: &StoredRecord) -> Vec<PackRef> {
    (0..record.record.packs.len()).map_while(|ordinal| record.pack(ordinal)).collect()
}

fn put_pack(pack: PackRef, out: &mut Vec<u8>) {
    match pack.address {
        PackAddress::Inline(place) => {
            out.push(PACK_INLINE);
            place.write(out);
        }
        PackAddress::Apart { place, ordinal, parts } => {
            out.push(PACK_APART);
            place.write(out);
            out.put_varint(ordinal.into());
            out.put_varint(parts.into());
        }
    }
    out.put_varint(pack.expiry);
}

fn read_pack(reader: &mut Reader<'_>) -> Result<PackRef, DecodeError> {
    let address = match reader.byte()? {
        PACK_INLINE => PackAddress::Inline(Place::read(reader)?),
        PACK_APART => PackAddress::Apart {
            place: Place::read(reader)?,
            ordinal: read_u16(reader)?,
            parts: read_u16(reader)?,
        },
        _ => return Err(DecodeError::Invalid("a pack is kept in an unknown way")),
    };
    Ok(PackRef { address, expiry: reader.varint()? })
}

pub(super) fn read_u32(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    u32::try_from(reader.varint()?).map_err(|_| DecodeError::Invalid("a number has more than 32 bits"))
}

fn read_u16(reader: &mut Reader<'_>) -> Result<u16, DecodeError> {
    u16::try_from(reader.varint()?).map_err(|_| DecodeError::Invalid("a number has more than 16 bits"))
}

#[cfg(test)]
mod tests;
