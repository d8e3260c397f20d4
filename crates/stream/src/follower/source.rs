//! What a follower asks of DynamoDB Streams.

use std::fmt;

use async_trait::async_trait;

use crate::change::Change;

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Its name, which is never given twice.
    pub id: String,
    /// The shard that it continues. Records of the parent are older.
    pub parent: Option<String>,
}

/// Some of the shards of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShardPage {
    /// The shards, open and closed.
    pub shards: Vec<Shard>,
    /// After which shard the next page begins, if there is one.
    pub last_evaluated: Option<String>,
}

/// Where in a shard to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// The oldest record that is kept.
    Oldest,
    /// What comes from now on.
    Newest,
    /// The record after this one.
    After(String),
}

/// Some of the records of a shard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordPage {
    /// The records in their order; none, while there is nothing new.
    pub changes: Vec<Change>,
    /// Where to go on; `None` at the end of a closed shard.
    pub next: Option<String>,
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The iterator is older than 15 minutes.
    #[error("the shard iterator has expired")]
    IteratorExpired,
    /// What comes next was deleted: records are kept for 24 hours.
    #[error("records were deleted before they were read")]
    Trimmed,
    /// The stream or shard is no more.
    #[error("the stream or shard is gone")]
    Gone,
    /// Too many questions, such as those of more than two readers of a shard.
    #[error("DynamoDB Streams throttled the request: {0}")]
    Throttled(String),
    /// Anything else, such as no answer at all, or no right to ask.
    #[error("DynamoDB Streams did not answer: {0}")]
    Failed(String),
}

/// A table's stream.
#[async_trait]
pub trait StreamSource: Send + Sync + fmt::Debug {
    /// The stream that the table has now, if it has one. A stream that is disabled and enabled again is another.
    async fn latest_stream(&self) -> Result<Option<String>, SourceError>;

    /// The shards after that one, or the first ones.
    async fn shards(&self, stream: &str, after: Option<&str>) -> Result<ShardPage, SourceError>;

    /// An iterator, which holds for 15 minutes.
    async fn iterator(&self, stream: &str, shard: &str, from: &Position) -> Result<String, SourceError>;

    /// The records at the iterator.
    async fn records(&self, iterator: &str) -> Result<RecordPage, SourceError>;
}

const _: Option<&dyn StreamSource> = None;
