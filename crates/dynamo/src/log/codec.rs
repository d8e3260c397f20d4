//! Records as bytes.
//!
//! version (1) · tier (1) · place: 0, or 1 with place and expiry of the packs · packs: count, then 0 inline or 1 + parts
//! · names: zstd · traces with their entries · lists of entries with their fingerprints.

use jaeger_dynamodb_core::TraceId;

use super::duration_code::DurationCode;
use super::entry_list::{put_list, read_list};
use super::fingerprint::Fingerprint;
use super::names::{put_names, read_names};
use super::{Entry, LogRecord, PackStorage, RecordIndex, Tier, TraceEntry};
use crate::bytes::{DecodeError, Reader, Writer};
use crate::keys::Place;

const VERSION: u8 = 1;
const TIER_DYNAMODB: u8 = 0;
const OWN_PLACE: u8 = 0;
const EARLIER_PLACE: u8 = 1;

const ENTRY_HAS_ERROR: u64 = 1;
const ENTRY_IS_UNINDEXED: u64 = 2;
const ENTRY_FLAG_BITS: u32 = 2;

/// Most bytes of a record; one that would be larger leaves its fingerprints out.
const MAX_RECORD_BYTES: usize = 380 * 1024;

/// No commit has more packs: a dozen is much (see [`prepare`](crate::commit::prepare)), and every pointer to a commit
/// that was put again names all those of its trace.
const MAX_PACKS: usize = 256;

impl LogRecord {
    /// The record's bytes for the item at `own` place with `expiry`.
    pub(crate) fn encode(&self, own: Place, expiry: u64) -> Vec<u8> {
        let mut out = vec![
            VERSION,
            match self.tier {
                Tier::DynamoDb => TIER_DYNAMODB,
            },
        ];
        if self.packs_place == own && self.packs_expiry == expiry {
            out.push(OWN_PLACE);
        } else {
            out.push(EARLIER_PLACE);
            self.packs_place.write(&mut out);
            out.put_varint(self.packs_expiry);
        }
        out.put_count(self.packs.len());
        for pack in &self.packs {
            out.put_varint(match pack {
                PackStorage::Inline => 0,
                PackStorage::Parts(parts) => u64::from(*parts) + 1,
            });
        }
        let mut with_fingerprints = out.clone();
        self.index.encode(&mut with_fingerprints);
        if with_fingerprints.len() <= MAX_RECORD_BYTES {
            return with_fingerprints;
        }
        self.index.without_fingerprints().encode(&mut out);
        out
    }

    pub(crate) fn decode(bytes: &[u8], own: Place, expiry: u64) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let tier = match reader.byte()? {
            TIER_DYNAMODB => Tier::DynamoDb,
            _ => return Err(DecodeError::Invalid("a record names an unknown tier")),
        };
        let (packs_place, packs_expiry) = match reader.byte()? {
            OWN_PLACE => (own, expiry),
            EARLIER_PLACE => (Place::read(&mut reader)?, reader.varint()?),
            _ => return Err(DecodeError::Invalid("a record's place is neither its own nor another")),
        };
        let mut packs = Vec::new();
        for _ in 0..reader.index(MAX_PACKS + 1)? {
            packs.push(match reader.varint()? {
                0 => PackStorage::Inline,
                parts => PackStorage::Parts(
                    u16::try_from(parts - 1).map_err(|_| DecodeError::Invalid("too many parts"))?,
                ),
            });
        }
        let index = RecordIndex::decode(&mut reader, packs.len())?;
        Ok(Self { packs_place, packs_expiry, tier, packs, index })
    }
}

impl RecordIndex {
    /// Bytes that the index takes in its record.
    pub(crate) fn stored_bytes(&self) -> usize {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes.len()
    }

    fn without_fingerprints(&self) -> Self {
        let entries =
            self.entries.iter().map(|entry| Entry { is_unindexed: true, ..entry.clone() }).collect();
        Self { entries, lists: Vec::new(), fingerprints: Vec::new(), ..self.clone() }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_names(&self.services, &self.operations, out);
        self.encode_traces(out);
        self.encode_lists(out);
    }

    fn encode_traces(&self, out: &mut Vec<u8>) {
        let base = self.entries.iter().map(|entry| entry.start_min).min().unwrap_or_default();
        out.put_signed(base);
        out.put_count(self.traces.len());
        let mut pack = 0;
        for trace in &self.traces {
            out.extend_from_slice(trace.id.as_bytes());
            // Traces are packed in order, so that a trace begins in the last pack of the one before or in the next.
            out.put_count(trace.packs.start - pack);
            out.put_count(trace.packs.len());
            pack = trace.packs.end - 1;
            out.put_count(trace.entries.len());
            for entry in self.entries.get(trace.entries.clone()).unwrap_or_default() {
                entry.encode(base, out);
            }
        }
    }

    fn encode_lists(&self, out: &mut Vec<u8>) {
        let mut members = vec![Vec::new(); self.lists.len()];
        for (fingerprint, list) in &self.fingerprints {
            if let Some(members) = members.get_mut(*list) {
                members.push(*fingerprint);
            }
        }
        out.put_count(self.lists.len());
        for (list, members) in self.lists.iter().zip(members) {
            put_list(list, out);
            out.put_count(members.len());
            members.iter().for_each(|fingerprint| out.extend_from_slice(&fingerprint.to_bytes()));
        }
    }

    fn decode(reader: &mut Reader<'_>, packs: usize) -> Result<Self, DecodeError> {
        let (services, operations) = read_names(reader)?;
        let mut index = Self { services, operations, ..Self::default() };
        index.decode_traces(reader, packs)?;
        index.decode_lists(reader)?;
        Ok(index)
    }

    fn decode_traces(&mut self, reader: &mut Reader<'_>, packs: usize) -> Result<(), DecodeError> {
        let base = reader.signed()?;
        let mut pack = 0;
        for trace in 0..reader.count()? {
            let id =
                TraceId::new(reader.array()?).map_err(|_| DecodeError::Invalid("a trace id of zeros"))?;
            let first = reader.index(packs.saturating_sub(pack))? + pack;
            let end = reader.index(packs + 1 - first)? + first;
            if end == first {
                return Err(DecodeError::Invalid("a trace in no pack"));
            }
            pack = end - 1;
            let entries = self.entries.len();
            for _ in 0..reader.count()? {
                self.entries.push(Entry::decode(
                    trace,
                    base,
                    self.services.len(),
                    self.operations.len(),
                    reader,
                )?);
            }
            self.traces.push(TraceEntry { id, packs: first..end, entries: entries..self.entries.len() });
        }
        if self.traces.is_sorted_by(|a, b| a.id < b.id) {
            Ok(())
        } else {
            Err(DecodeError::Invalid("traces out of order"))
        }
    }

    fn decode_lists(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        for number in 0..reader.count()? {
            self.lists.push(read_list(self.entries.len(), reader)?);
            for _ in 0..reader.count()? {
                self.fingerprints.push((Fingerprint::from_bytes(reader.array()?), number));
            }
        }
        self.fingerprints.sort_unstable();
        Ok(())
    }
}

impl Entry {
    fn encode(&self, base: i64, out: &mut Vec<u8>) {
        let flags = if self.has_error { ENTRY_HAS_ERROR } else { 0 }
            | if self.is_unindexed { ENTRY_IS_UNINDEXED } else { 0 };
        out.put_varint((self.service as u64) << ENTRY_FLAG_BITS | flags);
        out.put_varint(self.start_min.wrapping_sub(base).cast_unsigned());
        out.put_varint(self.start_max.wrapping_sub(self.start_min).cast_unsigned());
        out.extend_from_slice(&[self.duration_min.0, self.duration_max.0]);
        out.put_count(self.operations.len());
        let mut last = 0;
        for operation in &self.operations {
            out.put_count(operation - last);
            last = *operation;
        }
    }

    fn decode(
        trace: usize,
        base: i64,
        services: usize,
        operation_count: usize,
        reader: &mut Reader<'_>,
    ) -> Result<Self, DecodeError> {
        let head = reader.varint()?;
        let service = usize::try_from(head >> ENTRY_FLAG_BITS).unwrap_or(usize::MAX);
        if service >= services {
            return Err(DecodeError::Invalid("a service outside its table"));
        }
        let start_min = base.wrapping_add(reader.varint()?.cast_signed());
        let start_max = start_min.wrapping_add(reader.varint()?.cast_signed());
        let [duration_min, duration_max] = reader.array()?.map(DurationCode);
        let mut operations = Vec::new();
        let mut last = 0;
        for _ in 0..reader.count()? {
            last += reader.index(operation_count.saturating_sub(last))?;
            operations.push(last);
        }
        let (has_error, is_unindexed) = (head & ENTRY_HAS_ERROR != 0, head & ENTRY_IS_UNINDEXED != 0);
        Ok(Self {
            trace,
            service,
            start_min,
            start_max,
            duration_min,
            duration_max,
            operations,
            has_error,
            is_unindexed,
        })
    }
}
