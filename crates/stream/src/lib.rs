//! DynamoDB Streams as a trigger: the stream of the table of windows tells whoever derives them that one is closed.
//!
//! A [`Change`] is a record, as Lambda hands it over or as the streams API answers; a [`Verdict`] says whether it
//! announces a window; a [`Follower`] reads a stream where no Lambda does. Nothing depends on the stream but how soon a
//! window is derived: all runners also look for windows that are not done.
//!
//! ```
//! use jaeger_dynamodb_stream::{Change, NotForUs, Verdict};
//!
//! let record = serde_json::json!({
//!     "eventID": "1", "eventName": "REMOVE", "awsRegion": "eu-central-1",
//!     "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
//!     "dynamodb": {"Keys": {"pk": {"B": "AA=="}}, "SequenceNumber": "300", "SizeBytes": 12},
//! });
//! let change = Change::from_lambda(record)?;
//! assert_eq!(Verdict::of(&change), Verdict::NotForUs(NotForUs::Deleted));
//! # Ok::<(), jaeger_dynamodb_stream::InvalidRecord>(())
//! ```

mod change;
mod follower;
mod trigger;

pub use change::{Change, ChangeKind, InvalidRecord};
pub use follower::{
    Follower, News, Position, RecordPage, SdkSource, Shard, ShardPage, SourceError, StreamSource,
};
pub use trigger::{FILTER_PATTERN, NotForUs, Trigger, Verdict};
