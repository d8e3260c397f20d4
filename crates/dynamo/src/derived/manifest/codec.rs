//! Manifests as bytes. They stand in items that are read often, so they are small: times as differences, groups as gaps.
//!
//! version (1) · run · time of publishing · of a window: lanes with their last sequence, failed records, bits of
//! groups, buckets, slots · of a block: buckets, windows with their runs.

use super::{BlockManifest, BlockMember, FailedRecord, Manifest, PartKey, Slot};
use crate::bytes::{DecodeError, Reader, Writer};
use crate::derived::commit_ref::read_u32;
use crate::keys::{Lane, Run};
use crate::window::Window;

const VERSION: u8 = 1;

const NEXT_WINDOW: u8 = 0;
const ANY_WINDOW: u8 = 1;

/// Most groups have a number of 8 bits; a manifest that says more is damaged.
const MAX_GROUP_BITS: u8 = 16;

impl Manifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = head(self.run, self.published);
        out.put_count(self.lanes.len());
        for (position, lane) in self.lanes.iter().enumerate() {
            out.extend_from_slice(&lane.0);
            let last = self.last_sequences.get(position).copied().flatten();
            out.put_varint(last.map_or(0, |last| u64::from(last) + 1));
        }
        out.put_count(self.failed.len());
        for failed in &self.failed {
            out.put_varint(failed.lane.into());
            out.put_varint(failed.sequence.into());
        }
        out.push(self.group_bits);
        out.put_varint(self.pointer_buckets.into());
        out.put_count(self.slots.len());
        let mut base = 0;
        for slot in &self.slots {
            slot.encode(base, &mut out);
            base = slot.last;
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (run, published) = read_head(&mut reader)?;
        let (mut lanes, mut last_sequences) = (Vec::new(), Vec::new());
        for _ in 0..reader.count()? {
            lanes.push(Lane(reader.array()?));
            last_sequences.push(match reader.varint()? {
                0 => None,
                next => {
                    let last = u32::try_from(next - 1);
                    Some(last.map_err(|_| DecodeError::Invalid("a sequence has more than 32 bits"))?)
                }
            });
        }
        let mut failed = Vec::new();
        for _ in 0..reader.count()? {
            failed.push(FailedRecord { lane: read_u32(&mut reader)?, sequence: read_u32(&mut reader)? });
        }
        let group_bits = reader.byte()?;
        if group_bits > MAX_GROUP_BITS {
            return Err(DecodeError::Invalid("a manifest has more groups than any has"));
        }
        let pointer_buckets = read_u32(&mut reader)?;
        let mut slots: Vec<Slot> = Vec::new();
        for _ in 0..reader.count()? {
            let base = slots.last().map_or(0, |slot| slot.last);
            slots.push(Slot::decode(base, &mut reader)?);
        }
        Ok(Self { run, published, lanes, last_sequences, failed, group_bits, slots, pointer_buckets })
    }
}

impl Slot {
    fn encode(&self, base: i64, out: &mut Vec<u8>) {
        out.put_signed(self.newest.wrapping_sub(base));
        out.put_varint(self.newest.wrapping_sub(self.last).cast_unsigned());
        out.put_varint(self.last.wrapping_sub(self.oldest).cast_unsigned());
        out.put_count(self.parts.len());
        let mut next = 0;
        for (group, parts) in &self.parts {
            out.put_varint(u64::from(*group) - next);
            out.put_count(parts.len());
            let mut newest = self.newest;
            for part in parts {
                out.put_varint(newest.wrapping_sub(part.newest).cast_unsigned());
                out.put_varint(part.part.into());
                newest = part.newest;
            }
            next = u64::from(*group) + 1;
        }
    }

    fn decode(base: i64, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let newest = base.wrapping_add(reader.signed()?);
        let last = newest.wrapping_sub(reader.varint()?.cast_signed());
        let oldest = last.wrapping_sub(reader.varint()?.cast_signed());
        let mut slot = Self { newest, last, oldest, parts: std::collections::BTreeMap::new() };
        let mut next = 0_u64;
        for _ in 0..reader.count()? {
            let group = u16::try_from(reader.varint()?.saturating_add(next))
                .map_err(|_| DecodeError::Invalid("a group has more than 16 bits"))?;
            let mut parts: Vec<PartKey> = Vec::new();
            for _ in 0..reader.count()? {
                let before = parts.last().map_or(newest, |part| part.newest);
                let newest = before.wrapping_sub(reader.varint()?.cast_signed());
                parts.push(PartKey { newest, part: read_u32(reader)? });
            }
            slot.parts.insert(group, parts);
            next = u64::from(group) + 1;
        }
        Ok(slot)
    }
}

impl BlockManifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = head(self.run, self.published);
        out.put_varint(self.pointer_buckets.into());
        out.put_count(self.members.len());
        let mut last: Option<Window> = None;
        for member in &self.members {
            if last.and_then(Window::next) == Some(member.window) {
                out.push(NEXT_WINDOW);
            } else {
                out.push(ANY_WINDOW);
                out.extend_from_slice(&member.window.to_bytes());
            }
            out.extend_from_slice(&member.run.0);
            last = Some(member.window);
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (run, published) = read_head(&mut reader)?;
        let pointer_buckets = read_u32(&mut reader)?;
        let mut members: Vec<BlockMember> = Vec::new();
        for _ in 0..reader.count()? {
            let window = match reader.byte()? {
                NEXT_WINDOW => members
                    .last()
                    .and_then(|last| last.window.next())
                    .ok_or(DecodeError::Invalid("a window follows none"))?,
                ANY_WINDOW => Window::from_bytes(reader.array()?)?,
                _ => return Err(DecodeError::Invalid("a window is named in an unknown way")),
            };
            members.push(BlockMember { window, run: Run(reader.array()?) });
        }
        Ok(Self { run, published, members, pointer_buckets })
    }
}

fn head(run: Run, published: u64) -> Vec<u8> {
    let mut out = vec![VERSION];
    out.extend_from_slice(&run.0);
    out.put_varint(published);
    out
}

fn read_head(reader: &mut Reader<'_>) -> Result<(Run, u64), DecodeError> {
    reader.version(VERSION)?;
    Ok((Run(reader.array()?), reader.varint()?))
}
