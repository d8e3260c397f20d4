//! A change of an item, as a stream tells it.

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodbstreams::types::{OperationType, Record};
use serde_dynamo::Item;
use serde_json::Value;

/// What deletes expired items
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>).
const EXPIRY_PRINCIPAL: &str = "dynamodb.amazonaws.com";

/// What was done to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was put, or changed.
    Written,
    /// It was deleted by a request.
    Removed,
    /// It was deleted because it had expired.
    Expired,
}

/// A change of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What was done.
    pub kind: ChangeKind,
    /// The item afterwards; empty where there is none, or where the stream holds no new images.
    pub image: Item,
    /// The place of the record within its shard.
    pub sequence_number: Option<String>,
}

/// A record that is none of a DynamoDB stream.
#[derive(Debug, thiserror::Error)]
#[error("the record is none of a DynamoDB stream")]
pub struct InvalidRecord(#[from] serde_json::Error);

// === impl Change ===

impl Change {
    /// Reads a record of the event with which Lambda hands over a batch.
    ///
    /// # Errors
    /// When it is no such record.
    pub fn from_lambda(mut record: Value) -> Result<Self, InvalidRecord> {
        if let Some(identity) = record.get_mut("userIdentity") {
            lower_initials(identity);
        }
        Ok(serde_json::from_value::<EventRecord>(record)?.into())
    }
}

impl From<EventRecord> for Change {
    fn from(record: EventRecord) -> Self {
        let principal = record.user_identity.map(|identity| identity.principal_id);
        Self {
            kind: kind(record.event_name == "REMOVE", principal.as_deref()),
            image: record.change.new_image,
            sequence_number: record.change.sequence_number,
        }
    }
}

impl From<Record> for Change {
    fn from(record: Record) -> Self {
        let is_removal = record.event_name == Some(OperationType::Remove);
        let principal = record.user_identity.as_ref().and_then(|identity| identity.principal_id());
        let kind = kind(is_removal, principal);
        let (image, sequence_number) =
            record.dynamodb.map_or((None, None), |change| (change.new_image, change.sequence_number));
        Self { kind, image: image.map(Item::from).unwrap_or_default(), sequence_number }
    }
}

fn kind(is_removal: bool, principal: Option<&str>) -> ChangeKind {
    match principal {
        Some(EXPIRY_PRINCIPAL) if is_removal => ChangeKind::Expired,
        _ if is_removal => ChangeKind::Removed,
        _ => ChangeKind::Written,
    }
}

/// AWS writes `principalId` in some places of its documentation and `PrincipalId` in others.
fn lower_initials(identity: &mut Value) {
    let Some(fields) = identity.as_object_mut() else { return };
    *fields = std::mem::take(fields)
        .into_iter()
        .map(|(name, value)| {
            let mut letters = name.chars();
            let initial = letters.next().map(|letter| letter.to_ascii_lowercase());
            (initial.into_iter().chain(letters).collect(), value)
        })
        .collect();
}
