//! Attributes of items.

use serde_dynamo::{AttributeValue, Item};

use crate::bytes::DecodeError;
use crate::keys::{Key, attribute};

/// An item of this key, expiry (Unix seconds) and content.
pub(crate) fn item<const N: usize>(key: Key, expiry: u64, content: [(&str, Vec<u8>); N]) -> Item {
    let mut item = lasting_item(key, content);
    item.inner_mut().insert(attribute::EXPIRY.to_owned(), AttributeValue::N(expiry.to_string()));
    item
}

/// An item of this key and content that never expires.
pub(crate) fn lasting_item<const N: usize>(key: Key, content: [(&str, Vec<u8>); N]) -> Item {
    let mut attributes = std::collections::HashMap::with_capacity(3 + N);
    attributes.insert(attribute::PARTITION.to_owned(), AttributeValue::B(key.partition));
    attributes.insert(attribute::SORT.to_owned(), AttributeValue::B(key.sort));
    for (name, bytes) in content {
        attributes.insert(name.to_owned(), AttributeValue::B(bytes));
    }
    Item::from(attributes)
}

pub(crate) fn bytes<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    match item.get(name) {
        Some(AttributeValue::B(bytes)) => Some(bytes),
        _ => None,
    }
}

pub(crate) fn sort_key(item: &Item) -> Result<&[u8], DecodeError> {
    bytes(item, attribute::SORT).ok_or(DecodeError::Invalid("an item has no binary sort key"))
}

pub(crate) fn number(item: &Item, name: &str) -> Result<u64, DecodeError> {
    match item.get(name) {
        Some(AttributeValue::N(text)) => {
            text.parse().map_err(|_| DecodeError::Invalid("a number is no whole number"))
        }
        _ => Err(DecodeError::Invalid("an item lacks a number")),
    }
}

pub(crate) fn set_of_bytes<'a>(item: &'a Item, name: &str) -> impl Iterator<Item = &'a Vec<u8>> {
    match item.get(name) {
        Some(AttributeValue::Bs(values)) => values.iter(),
        _ => [].iter(),
    }
}

/// Whether the item has expired at this time, Unix seconds. DynamoDB deletes expired items days late and answers
/// with them until then ([TTL](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html)).
pub(crate) fn is_expired(item: &Item, service_seconds: u64) -> bool {
    number(item, attribute::EXPIRY).is_ok_and(|expiry| expiry <= service_seconds)
}
