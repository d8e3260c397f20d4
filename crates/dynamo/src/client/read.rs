//! Reads.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, ReturnConsumedCapacity};
use serde_dynamo::{AttributeValue, Item};

use super::date::DateOfResponse;
use super::retry::TrustedDate;
use super::write::key_item;
use super::{Client, Deadline, RequestError};
use crate::capacity::Purpose;
use crate::keys::{Key, attribute};
use crate::schema::Table;

/// Whether a read must see every write that was acknowledged before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// It must; costs twice as much.
    Strong,
    /// It may answer with a state of a moment ago.
    Eventual,
}

/// A range of items of one partition, in the order of their sort keys.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) table: Table,
    pub(crate) purpose: Purpose,
    pub(crate) partition: Vec<u8>,
    /// Only items whose sort key is not below the first and, if there is a second, not above that.
    pub(crate) sort: SortRange,
    pub(crate) consistency: Consistency,
    /// Most items in a page. The embedded engine reads whole partitions without it.
    pub(crate) limit: i32,
    /// The only attributes that are sent back, where not all are needed.
    pub(crate) attributes: Option<&'static [&'static str]>,
}

/// Which sort keys are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SortRange {
    All,
    From(Vec<u8>),
    /// Both ends included. A key that an end is a prefix of comes after that end.
    Between(Vec<u8>, Vec<u8>),
}

/// An item, if there is one, and what looking cost.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) item: Option<Item>,
    pub(crate) read_units: f64,
}

/// A page of items, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) read_units: f64,
    pub(crate) next: Option<HashMap<String, SdkValue>>,
}

impl Client {
    /// One item by key.
    pub(crate) async fn get(
        &self,
        table: Table,
        key: Key,
        consistency: Consistency,
        purpose: Purpose,
        deadline: Deadline,
    ) -> Result<Got, RequestError> {
        let name = self.table_name(table);
        let key: HashMap<String, SdkValue> = key_item(key).into();
        let attempt = |date: DateOfResponse| {
            let request = self
                .sdk
                .get_item()
                .table_name(&name)
                .set_key(Some(key.clone()))
                .consistent_read(consistency == Consistency::Strong)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            sent!(request, date, name)
        };
        let (output, TrustedDate(_)) = self.with_retries(deadline, attempt).await?;
        let read_units = self.charge(table, purpose, false, output.consumed_capacity());
        Ok(Got { item: output.item.map(Item::from), read_units })
    }

    /// One page of a range.
    pub(crate) async fn page(
        &self,
        query: &Query,
        start: Option<HashMap<String, SdkValue>>,
        deadline: Deadline,
    ) -> Result<Page, RequestError> {
        let name = self.table_name(query.table);
        let attempt = |date: DateOfResponse| {
            let mut request = self
                .sdk
                .query()
                .table_name(&name)
                .expression_attribute_names("#pk", attribute::PARTITION)
                .expression_attribute_values(":partition", AttributeValue::B(query.partition.clone()).into())
                .limit(query.limit)
                .consistent_read(query.consistency == Consistency::Strong)
                .set_exclusive_start_key(start.clone())
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let sort = |bytes: &Vec<u8>| SdkValue::from(AttributeValue::B(bytes.clone()));
            request = match &query.sort {
                SortRange::All => request.key_condition_expression("#pk = :partition"),
                SortRange::From(from) => request
                    .key_condition_expression("#pk = :partition AND #sk >= :from")
                    .expression_attribute_names("#sk", attribute::SORT)
                    .expression_attribute_values(":from", sort(from)),
                SortRange::Between(from, to) => request
                    .key_condition_expression("#pk = :partition AND #sk BETWEEN :from AND :to")
                    .expression_attribute_names("#sk", attribute::SORT)
                    .expression_attribute_values(":from", sort(from))
                    .expression_attribute_values(":to", sort(to)),
            };
            if let Some(attributes) = query.attributes {
                let placeholders: Vec<_> = attributes.iter().map(|name| format!("#{name}")).collect();
                for (placeholder, name) in placeholders.iter().zip(attributes) {
                    request = request.expression_attribute_names(placeholder, *name);
                }
                request = request.projection_expression(placeholders.join(", "));
            }
            sent!(request, date, name)
        };
        let (output, TrustedDate(_)) = self.with_retries(deadline, attempt).await?;
        let read_units = self.charge(query.table, query.purpose, false, output.consumed_capacity());
        let items = output.items.unwrap_or_default().into_iter().map(Item::from).collect();
        Ok(Page { items, read_units, next: output.last_evaluated_key.filter(|key| !key.is_empty()) })
    }

    /// All items of a range, page by page, whatever they cost.
    pub(crate) async fn all(&self, query: &Query, deadline: Deadline) -> Result<Vec<Item>, RequestError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self.page(query, start, deadline).await?;
            items.extend(page.items);
            start = page.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// One page of keys of a whole table: only for purging.
    pub(crate) async fn scan_keys(
        &self,
        table: Table,
        limit: i32,
        deadline: Deadline,
    ) -> Result<Vec<Key>, RequestError> {
        let name = self.table_name(table);
        let attempt = |date: DateOfResponse| {
            let request = self
                .sdk
                .scan()
                .table_name(&name)
                .projection_expression("#partition, #sort")
                .expression_attribute_names("#partition", attribute::PARTITION)
                .expression_attribute_names("#sort", attribute::SORT)
                .limit(limit)
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            sent!(request, date, name)
        };
        let (output, TrustedDate(_)) = self.with_retries(deadline, attempt).await?;
        self.charge(table, Purpose::Administration, false, output.consumed_capacity());
        let items = output.items.unwrap_or_default().into_iter().map(Item::from);
        Ok(items.filter_map(|item| key_of(&item)).collect())
    }
}

fn key_of(item: &Item) -> Option<Key> {
    let bytes = |name| crate::item::bytes(item, name).map(<[u8]>::to_vec);
    Some(Key { partition: bytes(attribute::PARTITION)?, sort: bytes(attribute::SORT)? })
}
