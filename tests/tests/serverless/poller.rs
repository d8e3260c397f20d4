//! Lambda's poller of a shard of a DynamoDB stream, as AWS documents it:
//!
//! - batches and filters: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html> and
//!   <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html>: records that do not match are passed over; a
//!   batch without a match invokes nothing;
//! - errors: <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>: the batch is tried again, in
//!   halves if so configured, until its records are too old or tried too often; then they are discarded;
//! - partial responses: <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>: an empty
//!   or missing list is success; an empty, missing or unknown identifier is failure of the whole batch; else the lowest
//!   sequence number is where the next try begins.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::filter;

/// The settings of an event source mapping.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(crate) pattern: Option<&'static str>,
    pub(crate) batch_size: usize,
    pub(crate) bisects: bool,
    /// `None` tries until a record is too old.
    pub(crate) most_retries: Option<u32>,
    /// Tries after which a record is too old, which time would tell.
    pub(crate) most_tries_in_its_life: u32,
}

/// What the poller has done.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    pub(crate) invocations: usize,
    pub(crate) errors: usize,
    /// Sequence numbers of records that were given up.
    pub(crate) discarded: Vec<String>,
}

impl Mapping {
    /// Reads the shard to its end.
    pub(crate) async fn poll<F>(&self, shard: Vec<Value>, mut invoke: F) -> Polled
    where
        F: AsyncFnMut(Value) -> Result<Value, String>,
    {
        let pattern: Option<Value> = self.pattern.map(|text| serde_json::from_str(text).unwrap());
        let mut polled = Polled::default();
        for batch in shard.chunks(self.batch_size) {
            let passes =
                |record: &&Value| pattern.as_ref().is_none_or(|pattern| filter::matches(pattern, record));
            let batch: Vec<Value> = batch.iter().filter(passes).cloned().collect();
            self.process(batch, &mut invoke, &mut polled).await;
        }
        polled
    }

    async fn process<F>(&self, batch: Vec<Value>, invoke: &mut F, polled: &mut Polled)
    where
        F: AsyncFnMut(Value) -> Result<Value, String>,
    {
        // Parts of the batch in order, each with how often it was tried again and its number of tries in all.
        let mut parts = VecDeque::from([(batch, 0, 0)]);
        while let Some((part, retries, tries)) = parts.pop_front() {
            if part.is_empty() {
                continue;
            }
            if tries > self.most_tries_in_its_life || self.most_retries.is_some_and(|most| retries > most) {
                polled.discarded.extend(part.iter().filter_map(number).map(str::to_owned));
                continue;
            }
            polled.invocations += 1;
            let response = invoke(json!({ "Records": part })).await;
            let Some(first_failed) = first_failed(response, &part, polled) else { continue };
            let rest = part.get(first_failed..).unwrap().to_vec();
            if first_failed > 0 {
                // Progress: what is left begins anew.
                parts.push_front((rest, 0, tries + 1));
            } else if self.bisects && rest.len() > 1 {
                let (former, latter) = rest.split_at(rest.len() / 2);
                parts.push_front((latter.to_vec(), retries, tries + 1));
                parts.push_front((former.to_vec(), retries, tries + 1));
            } else {
                parts.push_front((rest, retries + 1, tries + 1));
            }
        }
    }
}

/// Where the next try begins, or nothing after a success.
fn first_failed(response: Result<Value, String>, part: &[Value], polled: &mut Polled) -> Option<usize> {
    let Ok(response) = response else {
        polled.errors += 1;
        return Some(0);
    };
    let failures = response.get("batchItemFailures").and_then(Value::as_array).cloned().unwrap_or_default();
    let place = |failure: &Value| {
        let identifier = failure.get("itemIdentifier")?.as_str().filter(|text| !text.is_empty())?;
        part.iter().position(|record| number(record) == Some(identifier))
    };
    failures.iter().map(|failure| place(failure).unwrap_or_default()).min()
}

fn number(record: &Value) -> Option<&str> {
    record.get("dynamodb")?.get("SequenceNumber")?.as_str()
}
