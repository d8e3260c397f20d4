//! Log records, and what is derived from them.

use std::sync::Arc;

use super::{EXPIRY, LANES, NOT_COMPRESSED, log, place, with_names_compressed};
use crate::bytes::{DecodeError, Reader};
use crate::derived::{
    DerivedItem, EntriesPart, ListsPart, Manifest, PartKey, PointerBucket, Survey, TraceHash, WindowBuilder,
};
use crate::keys::Run;
use crate::log::{LogRecord, MayMatch, StoredRecord};

/// Parts and buckets are cut small, so that small records make several.
const PART_BYTES: usize = 1024;
const BUCKET_BYTES: usize = 128;
const MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of a log record are an error, or a record that says the same when it is written again, and of which a window
/// can be derived that leads to the same packs.
pub fn log_record(data: &[u8]) {
    match data.split_first() {
        Some((&NOT_COMPRESSED, rest)) => drop(compressed(rest).map(|bytes| check_bytes(&bytes))),
        _ => check_bytes(data),
    }
}

fn check_bytes(bytes: &[u8]) {
    if let Ok(record) = LogRecord::decode(bytes, place(), EXPIRY) {
        check(record);
    }
}

/// A record whose names are not compressed yet: what stands before them, the names, the rest.
fn compressed(data: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(data);
    with_names_compressed(1, reader.bytes()?, &mut reader)
}

/// The laws of a record that was read.
pub(super) fn check(record: LogRecord) {
    let written = record.encode(place(), EXPIRY);
    let Ok(read) = LogRecord::decode(&written, place(), EXPIRY) else { unreachable!("{record:?}") };
    // Lists may come with entries twice, and are written with each once.
    assert_eq!(LogRecord::decode(&read.encode(place(), EXPIRY), place(), EXPIRY).as_ref(), Ok(&read));
    assert!(
        read.index
            .entries()
            .map(|entry| entry.trace_id)
            .eq(record.index.entries().map(|entry| entry.trace_id))
    );
    assert!(record.index.memory_bytes() > 0 && record.index.stored_bytes() > 0);
    for name in record.index.service_names() {
        record.index.operations_of(name).for_each(drop);
    }
    let stored = StoredRecord { place: place(), record: Arc::new(record) };
    let (manifest, items) = derive(&stored, written.len());
    check_derived(&stored, &manifest, &items);
}

/// Derives a window of one record.
pub(super) fn derive(stored: &StoredRecord, bytes: usize) -> (Manifest, Vec<DerivedItem>) {
    let mut survey = Survey::default();
    survey.add(stored, bytes);
    let plan = survey.plan(MEMORY_BYTES).with_sizes(PART_BYTES, BUCKET_BYTES);
    let (mut items, mut slots) = (Vec::new(), Vec::new());
    for partition in 0..plan.partitions {
        let mut builder = WindowBuilder::new(plan.clone(), LANES.to_vec(), EXPIRY, partition);
        items.extend(builder.add(stored));
        while let Some(rest) = builder.take_rest() {
            items.extend(rest);
        }
        slots.extend(builder.finish().slots);
    }
    let manifest = Manifest {
        run: Run(*b"some run"),
        published: EXPIRY,
        lanes: LANES.to_vec(),
        last_sequences: vec![Some(stored.place.sequence)],
        failed: Vec::new(),
        group_bits: plan.group_bits,
        slots,
        pointer_buckets: plan.pointer_buckets,
    };
    (manifest, items)
}

/// Everything that was made can be read, is named by the manifest, and leads to the packs. Answers with the parts.
pub(super) fn check_derived(
    stored: &StoredRecord,
    manifest: &Manifest,
    items: &[DerivedItem],
) -> Vec<(EntriesPart, ListsPart)> {
    assert_eq!(Manifest::decode(&manifest.encode()).as_ref(), Ok(manifest));
    let (mut made, mut parts, mut buckets) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match item {
            DerivedItem::Part { newest, part, entries, lists, .. } => {
                made.push(PartKey { newest: *newest, part: *part });
                let (Ok(entries), Ok(lists)) = (EntriesPart::decode(entries), ListsPart::decode(lists))
                else {
                    unreachable!("a part was made that cannot be read")
                };
                assert_eq!(entries.entry_count(), lists.entry_count());
                parts.push((entries, lists));
            }
            DerivedItem::Pointers { parts, .. } => buckets.push(PointerBucket::decode(parts)),
        }
    }
    check_named(manifest, made);
    check_pointers(stored, &buckets);
    parts
}

/// The manifest names the parts that were made, and no others.
fn check_named(manifest: &Manifest, mut made: Vec<PartKey>) {
    let mut named: Vec<_> =
        manifest.slots.iter().flat_map(|slot| slot.parts.values().flatten()).copied().collect();
    named.sort_unstable();
    made.sort_unstable();
    assert_eq!(named, made);
}

/// The first and the last pack of every trace are found.
fn check_pointers(stored: &StoredRecord, buckets: &[Result<PointerBucket, DecodeError>]) {
    let count = u32::try_from(buckets.len()).unwrap_or(u32::MAX);
    for (id, packs) in stored.record.index.traces() {
        let hash = TraceHash::of(id);
        let bucket = usize::try_from(hash.bucket(count)).unwrap_or(usize::MAX);
        let Some(Ok(bucket)) = buckets.get(bucket) else { unreachable!("a bucket is missing or damaged") };
        let found: Vec<_> = bucket.find(hash).flat_map(|pointer| pointer.packs(&log())).collect();
        for ordinal in [packs.start, packs.end - 1] {
            if let Some(pack) = stored.pack(ordinal) {
                assert!(found.contains(&pack), "{pack:?} of {id} is not among {found:?}");
            }
        }
    }
}
