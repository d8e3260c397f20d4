//! Records for tests.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jaeger_dynamodb_core::Span;

use super::LogOfRun;
use crate::keys::{Lane, Place};
use crate::log::{LogRecord, PackRef, PackStorage, RecordBuilder, StoredRecord, Tier};
use crate::pack;
use crate::window::Window;

pub(super) const EXPIRY: u64 = 1_760_600_000;
pub(super) static WINDOW: LazyLock<Window> =
    LazyLock::new(|| Window::around(1_760_000_000, Duration::from_secs(300)));
pub(super) const LANES: [Lane; 3] = [Lane(*b"lane 001"), Lane(*b"lane 002"), Lane(*b"lane 003")];

/// A record, and each of its spans with its pack.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) record: StoredRecord,
    pub(super) spans: Vec<(Span, PackRef)>,
}

pub(super) fn log() -> LogOfRun<'static> {
    LogOfRun { window: *WINDOW, lanes: &LANES, expiry: EXPIRY }
}

pub(super) fn place(lane: usize, sequence: u32) -> Place {
    Place { window: *WINDOW, lane: LANES[lane], sequence }
}

/// The commit of these spans, in packs of about so many uncompressed bytes.
pub(super) fn commit_of(spans: Vec<Span>, place: Place, pack_bytes: usize) -> Commit {
    stored(spans, place, place, EXPIRY, PackStorage::Parts(1), pack_bytes)
}

/// A commit whose packs are at another place, or expire at another time, or are kept in another way.
pub(super) fn stored(
    mut spans: Vec<Span>,
    place: Place,
    packs_place: Place,
    packs_expiry: u64,
    storage: PackStorage,
    pack_bytes: usize,
) -> Commit {
    pack::share_equal_parts(&mut spans);
    spans.sort_by(|a, b| (a.trace_id(), a.service_name()).cmp(&(b.trace_id(), b.service_name())));
    let mut builder = RecordBuilder::default();
    let mut ordinals = Vec::new();
    let (mut pack, mut bytes) = (0, 0);
    for span in &spans {
        let span_bytes = pack::estimated_bytes(span);
        if bytes > 0 && bytes + span_bytes > pack_bytes {
            pack += 1;
            bytes = 0;
        }
        bytes += span_bytes;
        builder.add(span, pack);
        ordinals.push(pack);
    }
    let packs = vec![storage; pack + 1];
    let record =
        LogRecord { packs_place, packs_expiry, tier: Tier::DynamoDb, packs, index: builder.finish() };
    let record = StoredRecord { place, record: Arc::new(record) };
    let packs: Vec<_> = ordinals.iter().map(|ordinal| record.pack(*ordinal).unwrap()).collect();
    Commit { record, spans: spans.into_iter().zip(packs).collect() }
}
