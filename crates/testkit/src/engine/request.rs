//! What a request asks for, as far as faults and counts need to know.

use bytes::Bytes;
use jaeger_dynamodb_core::UnixNanos;
use serde_json::Value;

const PARTITION: &str = "pk";

/// One request on its way to the engine.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// The handle that sends it.
    pub handle: String,
    /// Its number on the handle, from 0, counted since the handle's fault plan was set.
    pub index: u64,
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The tables it names, in order and once each.
    pub tables: Vec<String>,
    /// The service's time at which it came.
    pub at: UnixNanos,
    /// The JSON document; null if it is none.
    pub body: Value,
}

/// How an operation treats the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Writes,
    /// Creates, changes or deletes a table.
    Shapes,
    /// Anything else, such as `DescribeTable`.
    Describes,
}

impl RequestInfo {
    pub(crate) fn new(handle: &str, index: u64, operation: &str, body: &Bytes, at: UnixNanos) -> Self {
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self {
            handle: handle.to_owned(),
            index,
            operation: operation.to_owned(),
            tables: tables(&body),
            at,
            body,
        }
    }

    /// Whether it is this operation on this table.
    pub fn is(&self, operation: &str, table: &str) -> bool {
        self.operation == operation && self.tables.iter().any(|named| named == table)
    }

    /// Whether it changes items.
    pub fn is_write(&self) -> bool {
        self.effect() == Effect::Writes
    }

    /// Whether the service may answer it with an older state.
    pub fn is_eventually_consistent(&self) -> bool {
        let lacks = |request: &Value| request["ConsistentRead"] != Value::Bool(true);
        match self.operation.as_str() {
            "Query" | "Scan" | "GetItem" => lacks(&self.body),
            "BatchGetItem" => {
                self.body["RequestItems"].as_object().is_some_and(|tables| tables.values().all(lacks))
            }
            _ => false,
        }
    }

    /// The partition it is about, as JSON, if it is about one: of a table whose partition key is named `pk`.
    pub(crate) fn partition(&self) -> Option<String> {
        let body = &self.body;
        let partition = match self.operation.as_str() {
            "PutItem" => &body["Item"][PARTITION],
            "GetItem" | "UpdateItem" | "DeleteItem" => &body["Key"][PARTITION],
            "Query" => self.queried_partition()?,
            _ => return None,
        };
        partition.is_object().then(|| partition.to_string())
    }

    /// The value in the condition `pk = :value`, where both may be called by any placeholder.
    fn queried_partition(&self) -> Option<&Value> {
        let body = &self.body;
        let conditions = body["KeyConditionExpression"].as_str()?.split(" AND ");
        let equal = conditions.filter_map(|condition| condition.split_once(" = "));
        let mut named = equal.map(|(name, value)| {
            let name = name.trim();
            (body["ExpressionAttributeNames"][name].as_str().unwrap_or(name), value.trim())
        });
        let (_, value) = named.find(|(name, _)| *name == PARTITION)?;
        body["ExpressionAttributeValues"].get(value)
    }

    pub(crate) fn effect(&self) -> Effect {
        match self.operation.as_str() {
            "Query" | "Scan" | "GetItem" | "BatchGetItem" | "TransactGetItems" => Effect::Reads,
            "PutItem" | "DeleteItem" | "UpdateItem" | "BatchWriteItem" | "TransactWriteItems" => {
                Effect::Writes
            }
            "CreateTable" | "DeleteTable" | "UpdateTable" | "UpdateTimeToLive" => Effect::Shapes,
            _ => Effect::Describes,
        }
    }
}

fn tables(body: &Value) -> Vec<String> {
    let single = body["TableName"].as_str().into_iter();
    let batch = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys());
    let transaction = body["TransactItems"].as_array().into_iter().flatten();
    let transaction = transaction
        .filter_map(Value::as_object)
        .flat_map(|item| item.values())
        .filter_map(|action| action["TableName"].as_str());
    let mut tables: Vec<String> =
        single.chain(batch.map(String::as_str)).chain(transaction).map(str::to_owned).collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}
