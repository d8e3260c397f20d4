//! Batches that the service processes in part.

use serde_json::{Map, Value};

/// A batch cut in two.
#[derive(Debug)]
pub(crate) struct SplitBatch {
    pub(crate) processed: Value,
    unprocessed: Value,
    answered_as: &'static str,
}

impl SplitBatch {
    /// Cuts a batch after its first `count` items, in the order of the document. `None` if it is no
    /// batch or has no more items than that.
    pub(crate) fn new(operation: &str, body: &Value, count: usize) -> Option<Self> {
        let answered_as = match operation {
            "BatchWriteItem" => "UnprocessedItems",
            "BatchGetItem" => "UnprocessedKeys",
            _ => return None,
        };
        let (mut first, mut rest) = (Map::new(), Map::new());
        let mut room = count;
        for (table, items) in body["RequestItems"].as_object()? {
            let list = list(items)?;
            let (head, tail) = list.split_at(room.min(list.len()));
            room -= head.len();
            if !head.is_empty() {
                first.insert(table.clone(), with_list(items, head));
            }
            if !tail.is_empty() {
                rest.insert(table.clone(), with_list(items, tail));
            }
        }
        if rest.is_empty() {
            return None;
        }
        let mut processed = body.clone();
        processed["RequestItems"] = first.into();
        Some(Self { processed, unprocessed: rest.into(), answered_as })
    }

    pub(crate) fn processes_nothing(&self) -> bool {
        self.processed["RequestItems"].as_object().is_none_or(Map::is_empty)
    }

    /// Adds what was left out to what the engine itself left.
    pub(crate) fn complete(self, answer: &mut Value) {
        let Value::Object(left_out) = self.unprocessed else { return };
        for (table, items) in left_out {
            match answer[self.answered_as].get_mut(&table).and_then(list_mut) {
                Some(list) => list.extend(self::list(&items).into_iter().flatten().cloned()),
                None => answer[self.answered_as][table] = items,
            }
        }
    }
}

/// A table's part is a list of writes, or an object with a list of keys.
fn list(items: &Value) -> Option<&Vec<Value>> {
    items.as_array().or_else(|| items["Keys"].as_array())
}

fn list_mut(items: &mut Value) -> Option<&mut Vec<Value>> {
    if items.is_array() { items.as_array_mut() } else { items["Keys"].as_array_mut() }
}

fn with_list(items: &Value, part: &[Value]) -> Value {
    if items.is_array() {
        return part.into();
    }
    let mut items = items.clone();
    items["Keys"] = part.into();
    items
}
