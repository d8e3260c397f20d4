//! A batch of a stream: which windows it announces, and what AWS is told of its records.

use std::collections::HashSet;

use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use jaeger_dynamodb_core::Tenant;
use jaeger_dynamodb_dynamo::WindowId;
use jaeger_dynamodb_stream::{Change, Trigger, Verdict};
use serde_json::Value;

/// A window of a tenant.
pub(crate) type Target = (WindowId, Tenant);

/// The records of a batch, judged.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The windows that are announced, once each, with the trace context of the seal. They are in the order of their
    /// records, which is nearly always that of the windows: what is done of them is then a beginning of the batch, so
    /// that AWS sees the progress and does not count a try.
    pub(crate) windows: Vec<(Target, Option<String>)>,
    known: HashSet<Target>,
    /// Which window each such record announces, and its sequence number, in the order of the shard.
    records: Vec<(Target, Option<String>)>,
    pub(crate) skipped: u64,
    pub(crate) malformed: u64,
}

/// A record has failed, and AWS cannot be told which: it has no sequence number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unnamed;

// === impl Batch ===

impl Batch {
    /// A record that cannot be read is counted and else taken for done: it would be no better the next time, and what it
    /// may have announced is found by the schedule.
    pub(crate) fn of(records: Vec<Value>) -> Self {
        let mut batch = Self::default();
        for record in records {
            let Ok(change) = Change::from_lambda(record) else {
                batch.malformed += 1;
                continue;
            };
            match Verdict::of(&change) {
                Verdict::Trigger(trigger) => batch.add(trigger, change.sequence_number),
                Verdict::NotForUs(_) => batch.skipped += 1,
                Verdict::Malformed => batch.malformed += 1,
            }
        }
        if batch.malformed > 0 {
            tracing::warn!(records = batch.malformed, "records of the stream cannot be read");
        }
        batch
    }

    fn add(&mut self, trigger: Trigger, sequence_number: Option<String>) {
        let target = (trigger.window, trigger.tenant);
        if self.known.insert(target.clone()) {
            self.windows.push((target.clone(), trigger.sealed_by));
        }
        self.records.push((target, sequence_number));
    }

    /// Names the first record whose window is left. AWS goes on from the lowest sequence number that is reported, whatever
    /// is reported beside it, so one says all
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>).
    pub(crate) fn response(&self, left: &HashSet<Target>) -> Result<DynamoDbEventResponse, Unnamed> {
        let mut response = DynamoDbEventResponse::default();
        if let Some((_, number)) = self.records.iter().find(|(target, _)| left.contains(target)) {
            // An empty or missing identifier would fail the whole batch, too, but not say why.
            let number = number.clone().filter(|number| !number.is_empty()).ok_or(Unnamed)?;
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(number);
            response.batch_item_failures.push(failure);
        }
        Ok(response)
    }
}
