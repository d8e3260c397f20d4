//! What the tests that cross crates share: stores on a test engine, servers in processes of their own.

mod edges;
mod memory;
mod process;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jaeger_dynamodb_core::{
    Clock, Span, StoreError, StoreErrorKind, Tenant, TraceReader, TraceWriter, UnixNanos,
};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, StoreConfig, StoreParts};
use jaeger_dynamodb_testkit::conformance::StoreUnderTest;
use jaeger_dynamodb_testkit::{EngineHandle, TestEngine, TokioClock};

pub use edges::{EdgeSums, edge_sums};
pub use memory::{peak_kibibytes, resident_kibibytes};
pub use process::{ServerProcess, local_credentials};

/// When tests begin: 2025-10-09T08:53:20Z.
pub const NOW: UnixNanos = UnixNanos::from_secs(1_760_000_000);

/// So many rounds of maintenance do all there is to do, or something is wrong.
const ROUNDS: usize = 100;

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

/// Settings for DynamoDB, on tables that are made when they are missing: without streams, which the test engine is slow at.
#[must_use]
pub fn aws_config() -> StoreConfig {
    StoreConfig { create_tables: true, streams: false, ..StoreConfig::aws() }
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

/// Derives everything that is written before it says that it is written, so that whoever reads afterwards finds no
/// window that must be read from its log.
#[derive(Debug)]
pub struct DerivingWriter {
    store: Arc<DynamoStore>,
    clock: Arc<dyn Clock>,
    /// From a write until its window is closed, whenever that was within the window.
    until_closed: Duration,
    settle: Duration,
}

impl DerivingWriter {
    /// A writer on the store, which was opened with these settings. The clock must go on by itself while everybody
    /// sleeps.
    #[must_use]
    pub fn new(store: Arc<DynamoStore>, config: &StoreConfig, clock: Arc<dyn Clock>) -> Self {
        let until_closed = config.window + config.window_grace + Duration::from_secs(1);
        Self { store, clock, until_closed, settle: config.settle + Duration::from_secs(2) }
    }

    /// Waits until all that was written for the tenant is derived and old enough to be read by.
    ///
    /// # Errors
    /// When the engine fails, or a window is never done.
    pub async fn derive(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let maintenance = self.store.maintenance(JobMode::InProcess, vec![tenant.clone()]);
        self.clock.sleep(self.until_closed).await;
        for _ in 0..ROUNDS {
            let report = maintenance.round().await?;
            if report.not_done == 0 && report.edges_not_done == 0 {
                self.clock.sleep(self.settle).await;
                return Ok(());
            }
            self.clock.sleep(Duration::from_secs(1)).await;
        }
        Err(StoreError::new(StoreErrorKind::Internal, "windows are never done"))
    }
}

#[async_trait]
impl TraceWriter for DerivingWriter {
    async fn write_spans(&self, tenant: &Tenant, spans: Vec<Span>) -> Result<(), StoreError> {
        self.store.write_spans(tenant, spans).await?;
        self.derive(tenant).await
    }
}
