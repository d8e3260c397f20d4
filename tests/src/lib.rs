//! What the tests that cross crates share: stores on a test engine.

use std::error::Error;
use std::sync::Arc;

use jaeger_dynamodb_core::{Clock, TraceReader, TraceWriter, UnixNanos};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreConfig, StoreParts};
use jaeger_dynamodb_testkit::conformance::StoreUnderTest;
use jaeger_dynamodb_testkit::{EngineHandle, TestEngine, TokioClock};

/// When tests begin: 2025-10-09T08:53:20Z.
pub const NOW: UnixNanos = UnixNanos::from_secs(1_760_000_000);

/// The error of a test's set-up.
pub type AnyError = Box<dyn Error + Send + Sync>;

/// A clock over tokio's time that begins at [`NOW`].
#[must_use]
pub fn tokio_clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::starting_at(NOW))
}

/// Opens a store as the process behind the handle.
///
/// # Errors
/// When the engine fails or the settings are wrong.
pub async fn open(
    handle: &EngineHandle,
    clock: Arc<dyn Clock>,
    config: StoreConfig,
    seed: u64,
) -> Result<Arc<DynamoStore>, AnyError> {
    let parts = StoreParts { client: handle.client(), clock, seed: Some(seed) };
    Ok(Arc::new(DynamoStore::open(parts, config).await?))
}

/// Settings for DynamoDB, on tables that are made when they are missing.
#[must_use]
pub fn aws_config() -> StoreConfig {
    StoreConfig { create_tables: true, ..StoreConfig::aws() }
}

/// Two stores on the engine, one that is written to and one that answers.
///
/// # Errors
/// When the engine fails or the settings are wrong.
pub async fn two_servers(
    engine: &TestEngine,
    clock: Arc<dyn Clock>,
    config: StoreConfig,
) -> Result<StoreUnderTest, AnyError> {
    let writer = open(&engine.handle("writer"), Arc::clone(&clock), config.clone(), 1).await?;
    let reader = open(&engine.handle("reader"), clock, config, 2).await?;
    let (writer, reader): (Arc<dyn TraceWriter>, Arc<dyn TraceReader>) = (writer, reader);
    Ok(StoreUnderTest::new(writer, reader).keeping(engine.clone()))
}
