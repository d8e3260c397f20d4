//! Who derives windows: the store's job, opened when it is first needed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};
use jaeger_dynamodb_dynamo::{
    DynamoStore, JobMode, Maintenance, RoundReport, SealTrace, StoreConfig, StoreParts, SystemClock,
    WindowId, WindowReport,
};
use jaeger_dynamodb_runtime::aws::{self, AwsError, AwsOptions};
use tokio::sync::OnceCell;

use crate::settings::Settings;

/// Derives windows.
#[async_trait]
pub trait Deriver: Send + Sync + fmt::Debug {
    /// Gets ready for the work of an invocation, of which the work on one window may take so long.
    async fn begin(&self, longest_run: Duration) -> Result<(), DeriveError>;

    /// Does what is due on a window.
    async fn window(&self, tenant: &Tenant, window: WindowId) -> Result<WindowReport, DeriveError>;

    /// Does what is due on the windows that begin in a time (Unix seconds), oldest first.
    async fn between(&self, from: u64, to: u64) -> Result<Vec<(WindowId, WindowReport)>, DeriveError>;

    /// Marks, derives and merges everything that is due.
    async fn round(&self) -> Result<RoundReport, DeriveError>;
}

/// Why nothing could be derived at all. Trying again later may help.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// There is no region, or no credentials.
    #[error("cannot reach DynamoDB: {0}")]
    Aws(#[from] AwsError),
    /// The store cannot be opened or asked.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

/// The job on the store that the settings name.
#[derive(Debug)]
pub struct StoreDeriver {
    settings: Settings,
    seal_trace: Arc<dyn SealTrace>,
    /// Opened by the first event that needs it, so that a failure is an answer, and the next event tries again.
    maintenance: OnceCell<Maintenance>,
}

// === impl DeriveError ===

impl DeriveError {
    /// Whether it is about the window alone, and the same however often it is tried.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == StoreErrorKind::Damaged)
    }
}

// === impl StoreDeriver ===

impl StoreDeriver {
    /// Opens nothing yet. Windows that this process seals carry the trace's context.
    #[must_use]
    pub fn new(settings: Settings, seal_trace: Arc<dyn SealTrace>) -> Self {
        Self { settings, seal_trace, maintenance: OnceCell::new() }
    }

    async fn maintenance(&self) -> Result<&Maintenance, DeriveError> {
        self.maintenance.get_or_try_init(|| Box::pin(self.open())).await
    }

    async fn open(&self) -> Result<Maintenance, DeriveError> {
        let config = self.settings.store_config();
        let options = AwsOptions {
            endpoint_url: self.settings.endpoint_url.clone(),
            attempt_timeout: config.request_timeout,
            read_timeout: config.request_timeout,
        };
        let client = aws::dynamodb_client(&options).await?;
        let store = open_store(client, config).await?;
        let maintenance = store.maintenance(JobMode::InProcess, vec![Tenant::default()]);
        Ok(maintenance.with_seal_trace(Arc::clone(&self.seal_trace)))
    }
}

#[async_trait]
impl Deriver for StoreDeriver {
    async fn begin(&self, longest_run: Duration) -> Result<(), DeriveError> {
        self.maintenance().await?.begin(longest_run).await
    }

    async fn window(&self, tenant: &Tenant, window: WindowId) -> Result<WindowReport, DeriveError> {
        Deriver::window(self.maintenance().await?, tenant, window).await
    }

    async fn between(&self, from: u64, to: u64) -> Result<Vec<(WindowId, WindowReport)>, DeriveError> {
        Deriver::between(self.maintenance().await?, from, to).await
    }

    async fn round(&self) -> Result<RoundReport, DeriveError> {
        Deriver::round(self.maintenance().await?).await
    }
}

// === impl Deriver for Maintenance ===

/// A job on a store that is open, for no tenant.
#[async_trait]
impl Deriver for Maintenance {
    async fn begin(&self, longest_run: Duration) -> Result<(), DeriveError> {
        self.limit_runs(longest_run);
        // Since the last invocation the process may have been frozen, and its clock with it.
        Ok(self.ask_the_time().await?)
    }

    async fn window(&self, tenant: &Tenant, window: WindowId) -> Result<WindowReport, DeriveError> {
        Ok(Self::window(self, tenant, window).await?)
    }

    async fn between(&self, from: u64, to: u64) -> Result<Vec<(WindowId, WindowReport)>, DeriveError> {
        Ok(Self::between(self, &Tenant::default(), from, to).await?)
    }

    async fn round(&self) -> Result<RoundReport, DeriveError> {
        Ok(Self::round(self).await?)
    }
}

async fn open_store(
    client: aws_sdk_dynamodb::Client,
    config: StoreConfig,
) -> Result<DynamoStore, StoreError> {
    let parts = StoreParts { client, clock: Arc::new(SystemClock), seed: None };
    DynamoStore::open(parts, config).await
}
