//! What reached the service, and what it billed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::RequestInfo;
use super::request::Effect;

/// Requests that reached the service, by operation and table.
///
/// A refused request counts, one whose connection was cut before it arrived does not. A request on
/// several tables counts once for each, but once in [`requests`](Self::requests). DynamoDB bills a
/// failed condition too, but does not tell: such units are missing here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    requests: u64,
    tallies: BTreeMap<(String, String), Tally>,
}

/// Counts of one operation on one table, or sums of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Requests, failed ones too.
    pub requests: u64,
    /// Items written or returned.
    pub items: u64,
    /// Read capacity billed.
    pub read_units: f64,
    /// Write capacity billed.
    pub write_units: f64,
}

// === impl Traffic ===

impl Traffic {
    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// One operation on one table.
    pub fn of(&self, operation: &str, table: &str) -> Tally {
        self.sum(|of, on| of == operation && on == table)
    }

    /// One operation, over all tables.
    pub fn operation(&self, operation: &str) -> Tally {
        self.sum(|of, _| of == operation)
    }

    /// One table, over all operations.
    pub fn table(&self, table: &str) -> Tally {
        self.sum(|_, on| on == table)
    }

    /// Everything; a request on several tables counts several times.
    pub fn total(&self) -> Tally {
        self.sum(|_, _| true)
    }

    /// Operation, table (empty if it names none) and counts of everything there was.
    pub fn tallies(&self) -> impl Iterator<Item = (&str, &str, Tally)> {
        self.tallies.iter().map(|((operation, table), tally)| (operation.as_str(), table.as_str(), *tally))
    }

    /// What came after `earlier` was taken.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let tallies = self.tallies.iter().map(|(key, tally)| {
            (key.clone(), tally.minus(earlier.tallies.get(key).copied().unwrap_or_default()))
        });
        Self { requests: self.requests - earlier.requests, tallies: tallies.collect() }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        for (key, tally) in &other.tallies {
            let mine = self.tallies.entry(key.clone()).or_default();
            *mine = mine.plus(*tally);
        }
    }

    /// Counts a request that the service refused.
    pub(crate) fn count_refused(&mut self, request: &RequestInfo) {
        self.requests += 1;
        for table in tables_or_none(request) {
            self.tally(request, table).requests += 1;
        }
    }

    /// Counts a request that was carried out, with the answer's capacity and items.
    pub(crate) fn count(&mut self, request: &RequestInfo, answer: &Value) {
        self.count_refused(request);
        for table in &request.tables {
            self.tally(request, table).items += items(request, answer, table);
        }
        let capacity = &answer["ConsumedCapacity"];
        for part in capacity.as_array().map_or(std::slice::from_ref(capacity), Vec::as_slice) {
            let (Some(table), Some(units)) = (part["TableName"].as_str(), part["CapacityUnits"].as_f64())
            else {
                continue;
            };
            let tally = self.tally(request, table);
            match request.effect() {
                Effect::Writes => tally.write_units += units,
                _ => tally.read_units += units,
            }
        }
    }

    fn tally(&mut self, request: &RequestInfo, table: &str) -> &mut Tally {
        self.tallies.entry((request.operation.clone(), table.to_owned())).or_default()
    }

    fn sum(&self, counts: impl Fn(&str, &str) -> bool) -> Tally {
        self.tallies
            .iter()
            .filter(|((operation, table), _)| counts(operation, table))
            .fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally))
    }
}

// === impl Tally ===

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            items: self.items + other.items,
            read_units: self.read_units + other.read_units,
            write_units: self.write_units + other.write_units,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            requests: self.requests - other.requests,
            items: self.items - other.items,
            read_units: self.read_units - other.read_units,
            write_units: self.write_units - other.write_units,
        }
    }
}

fn tables_or_none(request: &RequestInfo) -> impl Iterator<Item = &str> {
    let none = request.tables.is_empty().then_some("");
    request.tables.iter().map(String::as_str).chain(none)
}

fn items(request: &RequestInfo, answer: &Value, table: &str) -> u64 {
    let body = &request.body;
    let length = |list: &Value| list.as_array().map_or(0, Vec::len) as u64;
    match request.operation.as_str() {
        "PutItem" | "UpdateItem" | "DeleteItem" => 1,
        "BatchWriteItem" => {
            let sent = length(&body["RequestItems"][table]);
            sent.saturating_sub(length(&answer["UnprocessedItems"][table]))
        }
        "TransactWriteItems" | "TransactGetItems" => {
            let actions = body["TransactItems"].as_array().into_iter().flatten();
            let names = |action: &&Value| {
                let mut parts = action.as_object().into_iter().flat_map(Map::values);
                parts.any(|part| part["TableName"] == table)
            };
            actions.filter(names).count() as u64
        }
        "GetItem" => answer["Item"].is_object().into(),
        "BatchGetItem" => length(&answer["Responses"][table]),
        "Query" | "Scan" => answer["Count"].as_u64().unwrap_or_default(),
        _ => 0,
    }
}
