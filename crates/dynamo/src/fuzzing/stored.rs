//! Items as DynamoDB answers with them: any attributes of any type.

use std::collections::HashMap;

use jaeger_dynamodb_core::UnixNanos;
use serde_dynamo::{AttributeValue, Item};

use super::{packs, place, records};
use crate::archive::assembly::Assembly;
use crate::bytes::{DecodeError, Reader};
use crate::catalog::{CatalogService, decode_operation, encode_operation};
use crate::item::{is_expired, sort_key};
use crate::keys::{self, ArchivedSort, attribute};
use crate::read::tail;
use crate::size::item_bytes;
use crate::window::{LogEnd, WindowItem};

/// Names that attributes have, by the numbers that stand for them.
pub(super) const NAMES: [&str; 17] = [
    attribute::PARTITION,
    attribute::SORT,
    attribute::EXPIRY,
    attribute::PACK,
    attribute::RECORD,
    attribute::PARTS,
    attribute::LANES,
    attribute::GRACE,
    attribute::LAYOUT,
    attribute::SEALED,
    attribute::STARTS_AHEAD,
    attribute::MANIFEST,
    attribute::CONTENT,
    attribute::OPERATIONS,
    attribute::DROPPED,
    attribute::HOLDER,
    attribute::LOG_END,
];

/// Items of one partition can be read as whatever items there are, or are errors.
pub fn stored_items(data: &[u8]) {
    let mut assembly = Assembly::default();
    let mut reader = Reader::new(data);
    while let Ok(item) = read_item(&mut reader) {
        assert!(item_bytes(&item) <= 16 * data.len());
        is_expired(&item, place().window.start());
        window(&item);
        service(&item);
        sort_keys(&item);
        if let Ok(stored) = tail::read(&item, place().window, place().lane)
            && let Some(record) = std::sync::Arc::into_inner(stored.record)
        {
            records::check(record);
        }
        if let Ok(Some(pack)) = assembly.add(item) {
            packs::check(&pack);
        }
    }
    assembly.end();
}

fn window(item: &Item) {
    let Ok(item) = WindowItem::parse(item) else { return };
    assert!(item.closes_at() >= item.window.start());
    assert_eq!(item.is_closed_at(item.closes_at().saturating_sub(1)), item.closes_at() == 0);
    item.may_start_from(UnixNanos::from_secs(i64::MAX));
    for lane in &item.lanes {
        item.last_sequence(*lane);
    }
    if let Some(end) = item.log_end {
        assert_eq!(LogEnd::decode(&end.encode()), Ok(end));
    }
}

fn service(item: &Item) {
    let Ok(service) = CatalogService::parse(item) else { return };
    for (name, kind) in service.operations {
        assert_eq!(decode_operation(&encode_operation(&name, kind)), Ok((name, kind)));
    }
}

fn sort_keys(item: &Item) {
    let Ok(sort) = sort_key(item) else { return };
    if let Ok(archived) = ArchivedSort::from_bytes(sort) {
        assert_eq!(archived.to_bytes(), sort);
    }
    if let Ok(sequence) = keys::sequence(sort) {
        assert!(sort.starts_with(&sequence.to_be_bytes()));
    }
}

/// An item: number of attributes, and each of them.
fn read_item(reader: &mut Reader<'_>) -> Result<Item, DecodeError> {
    let attributes = (0..reader.byte()?).map(|_| read_attribute(reader));
    attributes.collect::<Result<HashMap<_, _>, _>>().map(Item::from)
}

/// An attribute: number of its name, type, content.
fn read_attribute(reader: &mut Reader<'_>) -> Result<(String, AttributeValue), DecodeError> {
    let name = NAMES.get(usize::from(reader.byte()?)).copied().unwrap_or("unknown");
    let kind = reader.byte()?;
    let content = reader.bytes()?;
    let text = || String::from_utf8_lossy(content).into_owned();
    let mut shares = Reader::new(content);
    let shares = std::iter::from_fn(|| shares.bytes().ok());
    let texts = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match kind {
        0 => AttributeValue::B(content.to_vec()),
        1 => AttributeValue::N(text()),
        2 => AttributeValue::S(text()),
        3 => AttributeValue::Bs(shares.map(<[u8]>::to_vec).collect()),
        4 => AttributeValue::Ns(shares.map(texts).collect()),
        5 => AttributeValue::Ss(shares.map(texts).collect()),
        6 => AttributeValue::Bool(!content.is_empty()),
        7 => AttributeValue::L(shares.map(|share| AttributeValue::B(share.to_vec())).collect()),
        8 => AttributeValue::M(HashMap::from([(text(), AttributeValue::B(content.to_vec()))])),
        _ => AttributeValue::Null(true),
    };
    Ok((name.to_owned(), value))
}
