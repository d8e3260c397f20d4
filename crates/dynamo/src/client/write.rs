//! Writes.

use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, ReturnConsumedCapacity, ReturnValue};
use serde_dynamo::{AttributeValue, Item};

use super::date::DateOfResponse;
use super::retry::TrustedDate;
use super::{Client, Deadline, RequestError};
use crate::capacity::Purpose;
use crate::keys::{Key, attribute};
use crate::schema::Table;
use crate::size::{MAX_ITEM_BYTES, item_bytes};
use crate::window::WindowTerms;

/// A write that was executed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// The service's time of the response, Unix seconds, rounded down; `None` if it cannot be trusted.
    pub(crate) date: Option<u64>,
}

impl Client {
    /// Puts an item, replacing one of the same key.
    pub(crate) async fn put(
        &self,
        table: Table,
        item: Item,
        purpose: Purpose,
        deadline: Deadline,
    ) -> Result<Written, RequestError> {
        let name = self.table_name(table);
        let bytes = item_bytes(&item);
        if bytes > MAX_ITEM_BYTES {
            return Err(RequestError::Final(format!(
                "an item of {bytes} bytes for table {name} is larger than any can be"
            )));
        }
        let item: std::collections::HashMap<String, SdkValue> = item.into();
        let attempt = |date: DateOfResponse| {
            let request = self
                .sdk
                .put_item()
                .table_name(&name)
                .set_item(Some(item.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            sent!(request, date, name)
        };
        let (output, TrustedDate(date)) = self.with_retries(deadline, attempt).await?;
        self.charge(table, purpose, true, output.consumed_capacity());
        self.capacity.add_put(table, purpose, bytes);
        Ok(Written { date })
    }

    /// Adds a lane to a window's item, which it creates with these terms if it is the first, and answers with the
    /// whole item.
    pub(crate) async fn add_lane(
        &self,
        key: Key,
        lane: Vec<u8>,
        terms: WindowTerms,
        deadline: Deadline,
    ) -> Result<Item, RequestError> {
        let name = self.table_name(Table::Windows);
        let key: std::collections::HashMap<String, SdkValue> = key_item(key).into();
        let lane = SdkValue::from(AttributeValue::Bs(vec![lane]));
        let attempt = |date: DateOfResponse| {
            let mut request = self
                .sdk
                .update_item()
                .table_name(&name)
                .set_key(Some(key.clone()))
                .update_expression(
                    "ADD #lanes :lane SET #grace = if_not_exists(#grace, :grace), \
                     #expiry = if_not_exists(#expiry, :expiry)",
                )
                .expression_attribute_names("#lanes", attribute::LANES)
                .expression_attribute_names("#grace", attribute::GRACE)
                .expression_attribute_names("#expiry", attribute::EXPIRY)
                .expression_attribute_values(":lane", lane.clone())
                .return_values(ReturnValue::AllNew)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            for (placeholder, value) in terms.values() {
                request = request.expression_attribute_values(placeholder, value.into());
            }
            sent!(request, date, name)
        };
        let (output, _) = self.with_retries(deadline, attempt).await?;
        self.charge(Table::Windows, Purpose::Window, true, output.consumed_capacity());
        Ok(Item::from(output.attributes.unwrap_or_default()))
    }

    /// Deletes an item if it is there.
    pub(crate) async fn delete(
        &self,
        table: Table,
        key: Key,
        deadline: Deadline,
    ) -> Result<(), RequestError> {
        let name = self.table_name(table);
        let key: std::collections::HashMap<String, SdkValue> = key_item(key).into();
        let attempt = |date: DateOfResponse| {
            let request = self
                .sdk
                .delete_item()
                .table_name(&name)
                .set_key(Some(key.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            sent!(request, date, name)
        };
        let (output, _) = self.with_retries(deadline, attempt).await?;
        self.charge(table, Purpose::Administration, true, output.consumed_capacity());
        Ok(())
    }
}

pub(super) fn key_item(key: Key) -> Item {
    Item::from(std::collections::HashMap::from([
        (attribute::PARTITION.to_owned(), AttributeValue::B(key.partition)),
        (attribute::SORT.to_owned(), AttributeValue::B(key.sort)),
    ]))
}
