//! Calls between services, as they are stored: what each window contributes, and sums of that (ADR 0025).
//!
//! A *contribution* is a set of signed sums by edge and time bucket. A window's is one item, put once and final; those of
//! four hours of windows, and of a day of windows, are summed up in one item each once all of their windows are done.
//! A reader takes each window from exactly one of the three, so none is counted twice and none left out.

mod codec;
mod plan;

#[cfg(any(fuzzing, test))]
pub(crate) use codec::merge_chunk;
pub(crate) use codec::{Chunk, What, chunks, merge_chunks};
pub(crate) use plan::{Plan, Wanted};

use serde_dynamo::Item;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::item::bytes;
use crate::keys::{DependencyPart, Run, attribute};

const VERSION: u8 = 1;

/// Of a contribution all counts, or nothing.
pub(crate) const PART_IS_MISSING: DecodeError = DecodeError::Invalid("a part of a contribution is missing");

/// The item of a contribution: the first chunk of its calls, and which other items belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Who wrote it, which is part of the keys of its parts.
    pub(crate) run: Run,
    /// Further chunks of calls, and chunks of latencies: items of their own.
    pub(crate) call_parts: u16,
    pub(crate) latency_parts: u16,
    pub(crate) first: Chunk,
}

impl Head {
    pub(crate) fn of_item(item: &Item) -> Result<Self, DecodeError> {
        let content = bytes(item, attribute::CONTENT);
        Self::decode(content.ok_or(DecodeError::Invalid("a contribution without content"))?)
    }

    /// The items that belong to it, with latencies or without.
    pub(crate) fn parts(&self, what: What) -> impl Iterator<Item = DependencyPart> + use<> {
        let latency_parts = if what == What::Latencies { self.latency_parts } else { 0 };
        let latencies = (0..latency_parts).map(DependencyPart::Latencies);
        (0..self.call_parts).map(DependencyPart::Calls).chain(latencies)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.run.0);
        bytes.put_varint(self.call_parts.into());
        bytes.put_varint(self.latency_parts.into());
        bytes.extend_from_slice(&self.first.0);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let run = Run(reader.array()?);
        let mut parts = || {
            u16::try_from(reader.varint()?)
                .map_err(|_| DecodeError::Invalid("a contribution has too many parts"))
        };
        let (call_parts, latency_parts) = (parts()?, parts()?);
        Ok(Self { run, call_parts, latency_parts, first: Chunk(reader.rest().to_vec()) })
    }
}

#[cfg(test)]
mod tests;
