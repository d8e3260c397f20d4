//! The source behind the AWS SDK.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodbstreams::types::ShardIteratorType;

use super::source::{Position, RecordPage, Shard, ShardPage, SourceError, StreamSource};
use crate::change::Change;

/// The stream of a table in DynamoDB.
#[derive(Debug, Clone)]
pub struct SdkSource {
    table: String,
    tables: aws_sdk_dynamodb::Client,
    streams: aws_sdk_dynamodbstreams::Client,
}

impl SdkSource {
    /// The stream of the table of this name.
    #[must_use]
    pub fn new(
        table: impl Into<String>,
        tables: aws_sdk_dynamodb::Client,
        streams: aws_sdk_dynamodbstreams::Client,
    ) -> Self {
        Self { table: table.into(), tables, streams }
    }
}

#[async_trait]
impl StreamSource for SdkSource {
    async fn latest_stream(&self) -> Result<Option<String>, SourceError> {
        let described = self.tables.describe_table().table_name(&self.table).send().await;
        let table = described.map_err(|error| failure(&error))?.table;
        // A disabled stream keeps its name.
        let table = table.filter(|table| {
            table.stream_specification().is_some_and(|specification| specification.stream_enabled())
        });
        Ok(table.and_then(|table| table.latest_stream_arn))
    }

    async fn shards(&self, stream: &str, after: Option<&str>) -> Result<ShardPage, SourceError> {
        let request = self.streams.describe_stream().stream_arn(stream);
        let request = request.set_exclusive_start_shard_id(after.map(str::to_owned));
        let described = request.send().await.map_err(|error| failure(&error))?.stream_description;
        let Some(described) = described else { return Ok(ShardPage::default()) };
        let shards = described.shards.unwrap_or_default().into_iter();
        let shards =
            shards.filter_map(|shard| Some(Shard { id: shard.shard_id?, parent: shard.parent_shard_id }));
        Ok(ShardPage { shards: shards.collect(), last_evaluated: described.last_evaluated_shard_id })
    }

    async fn iterator(&self, stream: &str, shard: &str, from: &Position) -> Result<String, SourceError> {
        let (kind, sequence_number) = match from {
            Position::Oldest => (ShardIteratorType::TrimHorizon, None),
            Position::Newest => (ShardIteratorType::Latest, None),
            Position::After(number) => (ShardIteratorType::AfterSequenceNumber, Some(number.clone())),
        };
        let request = self.streams.get_shard_iterator().stream_arn(stream).shard_id(shard);
        let request = request.shard_iterator_type(kind).set_sequence_number(sequence_number);
        let output = request.send().await.map_err(|error| failure(&error))?;
        output.shard_iterator.ok_or_else(|| SourceError::Failed("an answer without an iterator".to_owned()))
    }

    async fn records(&self, iterator: &str) -> Result<RecordPage, SourceError> {
        let request = self.streams.get_records().shard_iterator(iterator);
        let output = request.send().await.map_err(|error| failure(&error))?;
        let changes = output.records.unwrap_or_default().into_iter().map(Change::from).collect();
        Ok(RecordPage { changes, next: output.next_shard_iterator })
    }
}

/// Codes: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html>
fn failure<E, R>(error: &SdkError<E, R>) -> SourceError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let text = DisplayErrorContext(error).to_string();
    match error.code() {
        Some("ExpiredIteratorException") => SourceError::IteratorExpired,
        Some("TrimmedDataAccessException") => SourceError::Trimmed,
        Some("ResourceNotFoundException") => SourceError::Gone,
        Some("LimitExceededException" | "ThrottlingException" | "RequestLimitExceeded") => {
            SourceError::Throttled(text)
        }
        _ => SourceError::Failed(text),
    }
}
