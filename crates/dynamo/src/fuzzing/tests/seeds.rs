//! What the corpora begin with: requests of the load generator and fixtures, and what the store makes of them.

mod requests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::{Span, SpanKind, Tenant, UnixNanos};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_testkit::corpus::add;
use jaeger_dynamodb_testkit::fixtures::{full_otlp_span, full_v1_span, otlp_span, v1_span};
use serde_dynamo::{AttributeValue, Item};

use super::super::records::derive;
use super::super::stored::NAMES;
use super::*;
use crate::catalog::encode_operation;
use crate::commit::prepare::{Prepared, prepare};
use crate::dependencies::{Head, What, chunks};
use crate::derived::{BlockManifest, BlockMember, DerivedItem, Manifest, PointerBucket};
use crate::item::{item, lasting_item};
use crate::keys::{self, ArchivedSort, Digest, Key, Run, attribute};
use crate::log::{LogRecord, PackStorage, StoredRecord, Tier};
use crate::window::LogEnd;

type Inputs = Vec<(&'static str, Vec<Span>)>;

/// Writes all of them.
pub(super) fn write() -> io::Result<()> {
    requests::write()?;
    for (name, spans) in spans() {
        write_contribution(name, &Edges::of_spans(&spans))?;
        let Prepared { packs, index, .. } = prepare(spans);
        for pack in &packs {
            add("pack", name, pack)?;
            add("pack", &format!("{name}-rows"), &rows_of(pack))?;
        }
        let packs_are = vec![PackStorage::Parts(1); packs.len()];
        let record = LogRecord {
            packs_place: place(),
            packs_expiry: EXPIRY,
            tier: Tier::DynamoDb,
            packs: packs_are,
            index,
        };
        let bytes = record.encode(place(), EXPIRY);
        add("log_record", name, &bytes)?;
        add("log_record", &format!("{name}-names"), &record_with_names(&bytes))?;
        let stored = StoredRecord { place: place(), record: Arc::new(record) };
        let (manifest, items) = derive(&stored, bytes.len());
        write_derived(name, &manifest, &items)?;
        write_items(name, &packs, bytes, &manifest)?;
    }
    others()
}

/// As an item, and its rows as the target takes them not compressed.
fn write_contribution(name: &str, edges: &Edges<Arc<str>>) -> io::Result<()> {
    for (half, what) in [("calls", What::Calls), ("latencies", What::Latencies)] {
        for first in chunks(edges, what) {
            let mut reader = Reader::new(&first.0);
            let length = usize::try_from(reader.varint().unwrap()).unwrap();
            let rows = zstd::bulk::decompress(reader.rest(), length).unwrap();
            add("derived_items", &format!("{name}-{half}-rows"), &[&[6], rows.as_slice()].concat())?;
            let head = Head { run: Run(*b"some run"), call_parts: 0, latency_parts: 1, first };
            add("derived_items", &format!("{name}-{half}"), &[&[5], head.encode().as_slice()].concat())?;
        }
    }
    Ok(())
}

/// Little of everything: inputs are tried some hundred times a second.
fn spans() -> Inputs {
    let arrived = |workload: Workload, most: usize| {
        let load = Load {
            spans_per_second: 5,
            duration: Duration::from_secs(60),
            start: UnixNanos::from_secs(1_760_000_000),
        };
        let arrivals = workload.arrivals(load);
        let spans = arrivals.flat_map(|arrival| spans_from_otlp(arrival.request.resource_spans).spans);
        spans.take(most).collect::<Vec<_>>()
    };
    let otlp = |span| vec![Span::Otlp(span)];
    vec![
        ("demo", arrived(Workload::demo(1), 12)),
        ("three", arrived(Workload::three_span_traces(2), 9)),
        ("many", arrived(Workload::many_services(3), 6)),
        ("full", otlp(full_otlp_span(1, 2, "shop"))),
        ("bare", otlp(otlp_span(1, 2, ""))),
        ("v1", vec![Span::V1(full_v1_span(1, 2, "shop")), Span::V1(v1_span(1, 3, "cart"))]),
    ]
}

/// A pack as the target takes it with its rows not compressed.
fn rows_of(pack: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(pack);
    let [_, form] = reader.array().unwrap();
    let mut bytes = vec![NOT_COMPRESSED, form];
    bytes.put_bytes(reader.bytes().unwrap());
    let length = usize::try_from(reader.varint().unwrap()).unwrap();
    bytes.extend(zstd::bulk::decompress(reader.rest(), length).unwrap());
    bytes
}

/// A record, of one pack at its own place, as the target takes it with its names not compressed.
fn record_with_names(record: &[u8]) -> Vec<u8> {
    let (head, rest) = record.split_at(5);
    let mut bytes = vec![NOT_COMPRESSED];
    bytes.put_bytes(&head[1..]);
    put_names_of(rest, &mut bytes);
    bytes
}

fn entries_with_names(part: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(&part[1..]);
    let mut count = Vec::new();
    count.put_varint(reader.varint().unwrap());
    let mut bytes = vec![0, NOT_COMPRESSED];
    bytes.put_bytes(&count);
    put_names_of(reader.rest(), &mut bytes);
    bytes
}

fn put_names_of(rest: &[u8], out: &mut Vec<u8>) {
    let mut reader = Reader::new(rest);
    let length = usize::try_from(reader.varint().unwrap()).unwrap();
    out.put_bytes(&zstd::bulk::decompress(reader.bytes().unwrap(), length).unwrap());
    out.extend_from_slice(reader.rest());
}

fn write_derived(name: &str, manifest: &Manifest, items: &[DerivedItem]) -> io::Result<()> {
    add("manifest", name, &manifest.encode())?;
    let kind = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    for item in items {
        match item {
            DerivedItem::Part { entries, lists, part: 0, .. } => {
                add("derived_items", &format!("{name}-entries"), &kind(0, entries))?;
                add("derived_items", &format!("{name}-names"), &entries_with_names(entries))?;
                add("derived_items", &format!("{name}-lists"), &kind(1, lists))?;
            }
            DerivedItem::Pointers { parts, bucket: 0 } => {
                add("derived_items", &format!("{name}-pointers"), &kind(2, &parts[0]))?;
                let mut both = vec![3];
                let pointers: Vec<_> = PointerBucket::decode(parts).unwrap().into_iter().collect();
                PointerBucket::encode(&pointers).iter().for_each(|part| both.put_bytes(part));
                if name == "demo" {
                    add("derived_items", "demo-pointer-parts", &both)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn write_items(name: &str, packs: &[Vec<u8>], record: Vec<u8>, manifest: &Manifest) -> io::Result<()> {
    let tenant = Tenant::default();
    let window = keys::window(&tenant, place().window);
    let mut of_window = item(window, EXPIRY, [(attribute::MANIFEST, manifest.encode())]);
    let lanes = LANES.iter().map(|lane| lane.0.to_vec()).collect();
    of_window.inner_mut().insert(attribute::LANES.to_owned(), AttributeValue::Bs(lanes));
    of_window.inner_mut().insert(attribute::GRACE.to_owned(), AttributeValue::N("60".to_owned()));
    let mut ended = of_window.clone();
    ended.inner_mut().remove(attribute::MANIFEST);
    let end = LogEnd::new(&manifest.lanes, &manifest.last_sequences).encode();
    ended.inner_mut().insert(attribute::LOG_END.to_owned(), AttributeValue::B(end));
    let content = [(attribute::RECORD, record), (attribute::PACK, packs[0].clone())];
    let of_log = item(keys::record(&tenant, place()), EXPIRY, content);
    let archived = |sort: ArchivedSort, content: &[u8]| {
        let key = Key { partition: Vec::new(), sort: sort.to_bytes() };
        let mut item = lasting_item(key, [(attribute::PACK, content.to_vec())]);
        item.inner_mut().insert(attribute::PARTS.to_owned(), AttributeValue::N("2".to_owned()));
        item
    };
    let (first, second) = packs[0].split_at(packs[0].len() / 2);
    let [span, parts] = [[7; 16], [9; 16]].map(Digest);
    let part = |number, content| archived(ArchivedSort::Part { span, parts, number }, content);
    let of_archive = [archived(ArchivedSort::Whole(span), &packs[0]), part(0, first), part(1, second)];
    add("stored_items", &format!("{name}-window"), &encoded(&[of_window]))?;
    add("stored_items", &format!("{name}-ended-window"), &encoded(&[ended]))?;
    add("stored_items", &format!("{name}-log"), &encoded(&[of_log]))?;
    add("stored_items", &format!("{name}-archive"), &encoded(&of_archive))
}

fn others() -> io::Result<()> {
    let operation = encode_operation("GET /", SpanKind::Server);
    add("derived_items", "operation", &[&[4], operation.as_slice()].concat())?;
    let key = Key { partition: Vec::new(), sort: b"shop".to_vec() };
    let mut of_catalog = item(key, EXPIRY, []);
    let operations = AttributeValue::Bs(vec![operation.clone(), operation]);
    of_catalog.inner_mut().insert(attribute::OPERATIONS.to_owned(), operations);
    add("stored_items", "catalog", &encoded(&[of_catalog]))?;
    numbers()?;
    let [window, run] = [place().window, place().window.next().unwrap()].map(Some);
    let member = |window: Option<_>| BlockMember { window: window.unwrap(), run: Run(*b"some run") };
    let block = BlockManifest {
        run: Run(*b"some run"),
        published: EXPIRY,
        members: vec![member(window), member(run)],
        pointer_buckets: 3,
    };
    add("manifest", "block", &block.encode())?;
    // As many zeros as a pack may claim, in as few bytes as zstd needs for them.
    let zeros = vec![0; 8 << 20];
    let mut bomb = vec![1, 1];
    bomb.put_bytes(&[]);
    bomb.put_count(zeros.len());
    bomb.extend_from_slice(&compress(&zeros, 1));
    add("pack", "bomb", &bomb)
}

/// Numbers as nobody writes them.
fn numbers() -> io::Result<()> {
    for (name, number) in
        [("largest", "18446744073709551615"), ("negative", "-1"), ("float", "1e126"), ("zero", "0")]
    {
        let number = |item: &mut Item, name: &str| {
            item.inner_mut().insert(name.to_owned(), AttributeValue::N(number.to_owned()));
        };
        let mut of_window = item(keys::window(&Tenant::default(), place().window), EXPIRY, []);
        number(&mut of_window, attribute::EXPIRY);
        number(&mut of_window, attribute::GRACE);
        let sort = ArchivedSort::Part { span: Digest([7; 16]), parts: Digest([9; 16]), number: 0 };
        let key = Key { partition: Vec::new(), sort: sort.to_bytes() };
        let mut of_archive = lasting_item(key, [(attribute::PACK, vec![1])]);
        number(&mut of_archive, attribute::PARTS);
        add("stored_items", &format!("{name}-number"), &encoded(&[of_window, of_archive]))?;
    }
    Ok(())
}

/// Items as the target takes them.
fn encoded(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        bytes.push(u8::try_from(item.len()).unwrap());
        let mut attributes: Vec<_> = item.iter().collect();
        attributes.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in attributes {
            let number = NAMES.iter().position(|known| known == name).unwrap();
            bytes.push(u8::try_from(number).unwrap());
            let (kind, content) = match value {
                AttributeValue::B(content) => (0, content.clone()),
                AttributeValue::N(text) => (1, text.as_bytes().to_vec()),
                AttributeValue::Bs(shares) => {
                    let mut content = Vec::new();
                    shares.iter().for_each(|share| content.put_bytes(share));
                    (3, content)
                }
                other => panic!("{other:?}"),
            };
            bytes.push(kind);
            bytes.put_bytes(&content);
        }
    }
    bytes
}
