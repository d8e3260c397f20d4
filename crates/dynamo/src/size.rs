//! DynamoDB's item-size arithmetic and limits
//! ([item sizes](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html),
//! [constraints](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)).

use serde_dynamo::{AttributeValue, Item};

/// Largest item, names included.
pub(crate) const MAX_ITEM_BYTES: usize = 400 * 1024;

/// Most that one item of ours holds in one attribute, so that keys and expiry always fit beside it.
pub(crate) const MAX_CONTENT_BYTES: usize = MAX_ITEM_BYTES - 1024;

/// A Query's or Scan's page holds at most so much.
pub(crate) const PAGE_BYTES: usize = 1024 * 1024;

/// Bytes that DynamoDB counts for the item, names included.
pub(crate) fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::N(number) => number_bytes(number),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Bs(values) => values.iter().map(Vec::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| number_bytes(number)).sum(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        AttributeValue::M(values) => {
            3 + values.iter().map(|(name, value)| 1 + name.len() + value_bytes(value)).sum::<usize>()
        }
    }
}

/// About one byte for two significant digits, and one more.
fn number_bytes(number: &str) -> usize {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let sign = usize::from(number.starts_with('-'));
    1 + digits.div_ceil(2) + sign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_and_numbers_take_half_a_byte_a_digit() {
        let item = Item::from(std::collections::HashMap::from([
            ("pk".to_owned(), AttributeValue::B(vec![0; 21])),
            ("expiry".to_owned(), AttributeValue::N("1800000000".to_owned())),
        ]));
        assert_eq!(item_bytes(&item), 2 + 21 + 6 + 6);
    }
}
