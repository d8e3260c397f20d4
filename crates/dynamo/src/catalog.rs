//! The catalog's items: the services of a day, each with its operations.
//!
//! An item's sort key is the service's name, so the names of a day are one range. The operations are a set of
//! binaries, each the kind (OTLP's number, a signed variable-length integer) and then the name, so that adding one that
//! is there already changes nothing: writers need not agree.

use jaeger_dynamodb_core::SpanKind;
use serde_dynamo::Item;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::item::{number, set_of_bytes, sort_key};
use crate::keys::attribute;
use crate::window::Window;

/// Seconds of a day.
pub(crate) const DAY: u64 = 24 * 3600;

/// A service as the catalog has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CatalogService {
    pub(crate) name: String,
    pub(crate) operations: Vec<(String, SpanKind)>,
    /// At least so many operations did not fit.
    pub(crate) dropped: u64,
}

impl CatalogService {
    /// The service of an item. An operation that cannot be read is an error: the catalog is not all there.
    pub(crate) fn parse(item: &Item) -> Result<Self, DecodeError> {
        let operations = set_of_bytes(item, attribute::OPERATIONS).map(|bytes| decode_operation(bytes));
        Ok(Self {
            name: service_name(item)?.to_owned(),
            operations: operations.collect::<Result<_, _>>()?,
            dropped: number(item, attribute::DROPPED).unwrap_or_default(),
        })
    }
}

/// The day, since 1970, that a window is listed under.
pub(crate) fn day(window: Window) -> u32 {
    u32::try_from(window.start() / DAY).unwrap_or(u32::MAX)
}

/// The name of an item's service.
pub(crate) fn service_name(item: &Item) -> Result<&str, DecodeError> {
    std::str::from_utf8(sort_key(item)?).map_err(|_| DecodeError::Invalid("a service's name is not UTF-8"))
}

pub(crate) fn encode_operation(name: &str, kind: SpanKind) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + name.len());
    bytes.put_signed(i64::from(i32::from(kind)));
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

pub(crate) fn decode_operation(bytes: &[u8]) -> Result<(String, SpanKind), DecodeError> {
    let mut reader = Reader::new(bytes);
    let kind = i32::try_from(reader.signed()?)
        .map_err(|_| DecodeError::Invalid("a span kind is no number of OTLP"))?;
    let name = std::str::from_utf8(reader.rest())
        .map_err(|_| DecodeError::Invalid("an operation's name is not UTF-8"))?;
    Ok((name.to_owned(), SpanKind::from(kind)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jaeger_dynamodb_core::Tenant;
    use serde_dynamo::AttributeValue;

    use super::*;
    use crate::item::item;
    use crate::keys::{self, Key};

    const KINDS: [SpanKind; 5] = [
        SpanKind::Unspecified,
        SpanKind::Server,
        SpanKind::Consumer,
        SpanKind::Unrecognized(i32::MIN),
        SpanKind::Unrecognized(i32::MAX),
    ];

    #[test]
    fn operations_of_every_kind_come_back_from_their_item() {
        let operations: Vec<_> = KINDS.iter().map(|kind| (format!("GET /{kind:?}"), *kind)).collect();
        let set = operations.iter().map(|(name, kind)| encode_operation(name, *kind)).collect();
        let key = Key { partition: keys::catalog(&Tenant::default(), 7), sort: b"shop".to_vec() };
        let mut item = item(key, 1, []);
        item.inner_mut().insert(attribute::OPERATIONS.to_owned(), AttributeValue::Bs(set));
        item.inner_mut().insert(attribute::DROPPED.to_owned(), AttributeValue::N("3".to_owned()));
        let expected = CatalogService { name: "shop".to_owned(), operations, dropped: 3 };
        assert_eq!(CatalogService::parse(&item), Ok(expected));
    }

    #[test]
    fn one_name_of_two_kinds_is_two_operations() {
        assert_ne!(encode_operation("a", SpanKind::Client), encode_operation("a", SpanKind::Server));
    }

    #[test]
    fn damaged_operations_are_errors() {
        for bytes in [&[][..], &[0xff; 12], &[2, 0xc3], &[0x80]] {
            assert!(decode_operation(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_window_belongs_to_the_day_that_it_begins_in() {
        let window = |second| Window::around(second, Duration::from_secs(7));
        assert_eq!(day(window(0)), 0);
        assert_eq!(day(window(DAY)), 0, "it began 6 s before midnight");
        assert_eq!(day(window(DAY + 7)), 1);
    }
}
