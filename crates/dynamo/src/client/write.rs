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

/// A write that was executed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// The service's time of the response, Unix seconds, rounded down; `None` if it cannot be trusted.
    pub(crate) date: Option<u64>,
}

/// Which item of the same key a put replaces.
#[derive(Debug, Clone, Copy)]
enum Replaced {
    Any,
    ExpiringBefore(u64),
}

/// A change of one item, in DynamoDB's expressions.
#[derive(Debug)]
pub(crate) struct Update<'a> {
    pub(crate) table: Table,
    pub(crate) purpose: Purpose,
    pub(crate) key: Key,
    pub(crate) expression: &'a str,
    pub(crate) condition: Option<&'a str>,
    /// Names of attributes by their placeholders.
    pub(crate) names: &'a [(&'a str, &'a str)],
    /// Values by their placeholders.
    pub(crate) values: Vec<(&'a str, AttributeValue)>,
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
        self.put_over(Replaced::Any, table, item, purpose, deadline).await
    }

    /// Puts an item that expires, unless one of the same key expires as late or later, or never. Both must hold the
    /// same, so that it makes no difference to a reader which of them is there.
    pub(crate) async fn put_to_keep_until(
        &self,
        expiry: u64,
        table: Table,
        item: Item,
        purpose: Purpose,
        deadline: Deadline,
    ) -> Result<(), RequestError> {
        match self.put_over(Replaced::ExpiringBefore(expiry), table, item, purpose, deadline).await {
            Ok(_) | Err(RequestError::ConditionFailed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn put_over(
        &self,
        replaced: Replaced,
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
            let mut request = self
                .sdk
                .put_item()
                .table_name(&name)
                .set_item(Some(item.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            if let Replaced::ExpiringBefore(expiry) = replaced {
                request = request
                    .condition_expression("attribute_not_exists(#pk) OR #expiry < :expiry")
                    .expression_attribute_names("#pk", attribute::PARTITION)
                    .expression_attribute_names("#expiry", attribute::EXPIRY)
                    .expression_attribute_values(":expiry", SdkValue::N(expiry.to_string()));
            }
            sent!(request, date, name)
        };
        let (output, TrustedDate(date)) = self.with_retries(deadline, attempt).await?;
        self.charge(table, purpose, true, output.consumed_capacity());
        self.capacity.add_put(table, purpose, bytes);
        Ok(Written { date })
    }

    /// Changes an item, or makes it, and answers with the whole item as it is then. A condition that does not hold is
    /// [`RequestError::ConditionFailed`]; after a retry it may be this very update that made it not hold.
    pub(crate) async fn update(&self, update: &Update<'_>, deadline: Deadline) -> Result<Item, RequestError> {
        let name = self.table_name(update.table);
        let key: std::collections::HashMap<String, SdkValue> = key_item(update.key.clone()).into();
        let attempt = |date: DateOfResponse| {
            let mut request = self
                .sdk
                .update_item()
                .table_name(&name)
                .set_key(Some(key.clone()))
                .update_expression(update.expression)
                .set_condition_expression(update.condition.map(str::to_owned))
                .return_values(ReturnValue::AllNew)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            for (placeholder, name) in update.names {
                request = request.expression_attribute_names(*placeholder, *name);
            }
            for (placeholder, value) in &update.values {
                request = request.expression_attribute_values(*placeholder, value.clone().into());
            }
            sent!(request, date, name)
        };
        let (output, _) = self.with_retries(deadline, attempt).await?;
        self.charge(update.table, update.purpose, true, output.consumed_capacity());
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
