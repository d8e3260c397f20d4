//! Derived items: segments' parts, pointers, the catalog's operations, contributions of edges.

use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::{AttributeCondition, Predicate, TextForm, TraceQuery};

use super::{NOT_COMPRESSED, log, with_names_compressed};
use crate::bytes::{DecodeError, Reader, Writer};
use crate::catalog::{decode_operation, encode_operation};
use crate::compression::compress;
use crate::dependencies::{Head, What, chunks, merge_chunk};
use crate::derived::{EntriesPart, ListsPart, PointerBucket};
use crate::log::MayMatch;

/// So many entries or pointers are followed to their packs.
const MOST_FOLLOWED: usize = 8;

/// The first byte says what follows. It is an error, or something that comes back when it is written again.
pub fn derived_items(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind {
        0 => entries(rest),
        1 => lists(rest),
        2 => bucket(&[rest]),
        3 => bucket(&parts(rest)),
        4 => operation(rest),
        5 => contribution(rest),
        6 => contribution_of_rows(rest),
        _ => {}
    }
}

fn entries(data: &[u8]) {
    let part = match data.split_first() {
        Some((&NOT_COMPRESSED, rest)) => compressed(rest).and_then(|bytes| EntriesPart::decode(&bytes)),
        _ => EntriesPart::decode(data),
    };
    let Ok(part) = part else { return };
    assert_eq!(EntriesPart::decode(&part.encode()).as_ref(), Ok(&part));
    for query in queries() {
        for (entry, _) in part.candidates(&query, None).into_iter().take(MOST_FOLLOWED) {
            part.packs_of_entry(entry, &log());
            part.trace_byte(entry);
        }
    }
}

/// A part whose names are not compressed yet: number of entries, names, rest.
fn compressed(data: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(data);
    with_names_compressed(1, reader.bytes()?, &mut reader)
}

fn lists(data: &[u8]) {
    let Ok(lists) = ListsPart::decode(data) else { return };
    for query in queries() {
        let each = lists.may_match(&query.predicate);
        assert_eq!(each.len(), lists.entry_count());
        assert!(lists.may_match_any(&query.predicate) || !each.contains(&true));
    }
}

fn queries() -> [TraceQuery; 4] {
    let query = |predicate| TraceQuery { predicate, ..TraceQuery::default() };
    let condition = |key: &str, text: &str| {
        let form = TextForm::V2;
        Predicate::Attribute(AttributeCondition { key: key.to_owned(), text: text.to_owned(), form })
    };
    [
        query(Predicate::Service("frontend".to_owned())),
        query(Predicate::Operation("GET /".to_owned())),
        query(condition("http.request.method", "GET")),
        query(Predicate::Any(vec![condition("error", "true"), condition("absent", "value")])),
    ]
}

fn bucket(parts: &[&[u8]]) {
    let Ok(bucket) = PointerBucket::decode(parts) else { return };
    let pointers: Vec<_> = bucket.clone().into_iter().collect();
    assert_eq!(PointerBucket::decode(&PointerBucket::encode(&pointers)), Ok(bucket.clone()));
    for pointer in pointers.iter().take(MOST_FOLLOWED) {
        pointer.packs(&log());
        assert!(bucket.find(pointer.hash).any(|found| found == pointer));
    }
}

/// Shares of a bucket, each with its length before it.
fn parts(data: &[u8]) -> Vec<&[u8]> {
    let mut reader = Reader::new(data);
    std::iter::from_fn(|| reader.bytes().ok()).collect()
}

fn operation(data: &[u8]) {
    if let Ok((name, kind)) = decode_operation(data) {
        assert_eq!(decode_operation(&encode_operation(&name, kind)), Ok((name, kind)));
    }
}

fn contribution(data: &[u8]) {
    let Ok(head) = Head::decode(data) else { return };
    assert_eq!(Head::decode(&head.encode()).as_ref(), Ok(&head));
    edges(&head.first.0);
}

/// The rows of a chunk as they are before they are compressed.
fn contribution_of_rows(data: &[u8]) {
    let mut chunk = Vec::new();
    chunk.put_count(data.len());
    chunk.extend_from_slice(&compress(data, 1));
    edges(&chunk);
}

fn edges(chunk: &[u8]) {
    let mut read = Edges::default();
    if merge_chunk(chunk, &mut read, Some).is_err() {
        assert!(read.is_zero(), "a part of a damaged chunk counts");
        return;
    }
    let mut again = Edges::default();
    for chunk in [What::Calls, What::Latencies].iter().flat_map(|what| chunks(&read, *what)) {
        assert_eq!(merge_chunk(&chunk.0, &mut again, Some), Ok(()));
    }
    assert_eq!(again, read);
}
