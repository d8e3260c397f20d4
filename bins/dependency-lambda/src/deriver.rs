//! Who derives windows: the store's job, opened when it is first needed.

use std::fmt;
use std::sync::Arc;

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
    tenant: Tenant,
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
        Self { settings, tenant: Tenant::default(), seal_trace, maintenance: OnceCell::new() }
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
        let maintenance = store.maintenance(JobMode::InProcess, vec![self.tenant.clone()]);
        Ok(maintenance.with_seal_trace(Arc::clone(&self.seal_trace)))
    }
}

#[async_trait]
impl Deriver for StoreDeriver {
    async fn window(&self, tenant: &Tenant, window: WindowId) -> Result<WindowReport, DeriveError> {
        Ok(self.maintenance().await?.window(tenant, window).await?)
    }

    async fn between(&self, from: u64, to: u64) -> Result<Vec<(WindowId, WindowReport)>, DeriveError> {
        Ok(self.maintenance().await?.between(&self.tenant, from, to).await?)
    }

    async fn round(&self) -> Result<RoundReport, DeriveError> {
        Ok(self.maintenance().await?.round().await?)
    }
}

async fn open_store(
    client: aws_sdk_dynamodb::Client,
    config: StoreConfig,
) -> Result<DynamoStore, StoreError> {
    let parts = StoreParts { client, clock: Arc::new(SystemClock), seed: None };
    DynamoStore::open(parts, config).await
}
