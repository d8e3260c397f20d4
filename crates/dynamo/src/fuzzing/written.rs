//! Spans on their way into the store and back.

use std::collections::HashMap;
use std::sync::Arc;

use jaeger_dynamodb_core::{Span, TraceQuery};

use super::questions::questions_about;
use super::records::{check_derived, derive};
use super::{EXPIRY, log, place};
use crate::commit::prepare::{Prepared, cut, prepare};
use crate::derived::{EntriesPart, ListsPart, TraceHash};
use crate::log::{LogRecord, PackRef, PackStorage, StoredRecord, Tier};
use crate::pack;

/// So many spans of a commit are searched for.
const MOST_SEARCHED: usize = 12;

/// What commits of the spans write gives the spans back, and leads to each of them: by its trace's id and by whatever
/// it matches, from the log and from what is derived of it.
pub fn written_spans(spans: Vec<Span>) {
    let storable = spans.into_iter().filter(|span| pack::check(span).is_ok()).collect();
    for (run, ..) in cut(storable) {
        check_commit(run);
    }
}

fn check_commit(spans: Vec<Span>) {
    let written = counted(spans.clone());
    let Prepared { packs, index, .. } = prepare(spans);
    let record = LogRecord {
        packs_place: place(),
        packs_expiry: EXPIRY,
        tier: Tier::DynamoDb,
        packs: vec![PackStorage::Parts(1); packs.len()],
        index,
    };
    let bytes = record.encode(place(), EXPIRY);
    assert_eq!(LogRecord::decode(&bytes, place(), EXPIRY).as_ref(), Ok(&record));
    let stored = StoredRecord { place: place(), record: Arc::new(record) };
    let (manifest, items) = derive(&stored, bytes.len());
    let parts = check_derived(&stored, &manifest, &items);

    let mut read = Vec::new();
    for (ordinal, bytes) in packs.iter().enumerate() {
        let Ok(spans) = pack::decode(bytes, |_| true) else { unreachable!("a pack cannot be read") };
        let Some(pack) = stored.pack(ordinal) else { unreachable!("a pack without a place") };
        for span in spans.iter().take(MOST_SEARCHED) {
            for query in questions_about(span) {
                assert!(is_in_log(&stored, &query, span, pack), "{query:?} misses {span:?} in the log");
                assert!(is_in_parts(&parts, &query, span, pack), "{query:?} misses {span:?} in parts");
            }
        }
        read.extend(spans);
    }
    assert_eq!(counted(read), written);
}

fn counted(spans: Vec<Span>) -> HashMap<Span, usize> {
    let mut counts = HashMap::new();
    spans.into_iter().for_each(|span| *counts.entry(span).or_default() += 1);
    counts
}

fn is_in_log(stored: &StoredRecord, query: &TraceQuery, span: &Span, pack: PackRef) -> bool {
    stored.record.index.candidates(query).any(|(entry, newest)| {
        let trace = stored.record.index.trace_of_entry(entry);
        let is_of_trace = trace.is_some_and(|(id, mut packs)| {
            id == span.trace_id() && packs.any(|ordinal| stored.pack(ordinal) == Some(pack))
        });
        is_of_trace && span.start() <= newest
    })
}

fn is_in_parts(parts: &[(EntriesPart, ListsPart)], query: &TraceQuery, span: &Span, pack: PackRef) -> bool {
    parts.iter().filter(|(_, lists)| lists.may_match_any(&query.predicate)).any(|(entries, lists)| {
        entries.candidates(query, Some(lists)).into_iter().any(|(entry, newest)| {
            entries.trace_byte(entry) == TraceHash::of(span.trace_id()).byte()
                && entries.packs_of_entry(entry, &log()).contains(&pack)
                && span.start() <= newest
        })
    })
}
