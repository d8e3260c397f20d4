//! Opening and closing.

mod expiry;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use jaeger_dynamodb_core::{Clock, Tenant};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreParts};
use jaeger_dynamodb_embedded::{EmbeddedEngine, EngineOptions};
use jaeger_dynamodb_runtime::{
    aws::{self, AwsOptions, SdkConfig},
    exit::Failure,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::reachability;
use crate::seal::LoggedSeal;
use crate::settings::{EndpointUrl, StorageKind, StorageSettings};

/// An open store whose windows are derived as the settings say.
#[derive(Debug)]
pub struct Storage {
    store: Arc<DynamoStore>,
    maintenance: JoinHandle<()>,
    reachability: JoinHandle<()>,
    answers: watch::Receiver<bool>,
    engine: Option<EmbeddedEngine>,
}

/// A store in DynamoDB without a job of its own, and how to reach what belongs to it.
#[derive(Debug)]
pub struct RemoteStore {
    /// The store.
    pub store: DynamoStore,
    /// What clients of other services of the same place begin with.
    pub aws: SdkConfig,
}

/// Opens the storage that the settings name, and begins its job.
///
/// # Errors
///
/// When the engine or DynamoDB cannot be reached, or the tables are not as they should be.
pub async fn open(settings: &StorageSettings, clock: Arc<dyn Clock>) -> Result<Storage, Failure> {
    let (client, engine) = open_client(settings).await?;
    let parts = StoreParts { client, clock: Arc::clone(&clock), seed: None };
    let store = open_store(parts, settings).await?;
    let mut maintenance = store.maintenance(settings.job.mode(), vec![Tenant::default()]);
    if engine.is_none() {
        maintenance = maintenance.with_seal_trace(Arc::new(LoggedSeal));
    }
    let store = Arc::new(store);
    let (tell, answers) = watch::channel(true);
    let reachability = tokio::spawn(reachability::watch(Arc::clone(&store), clock, tell));
    Ok(Storage { store, maintenance: tokio::spawn(maintenance.run()), reachability, answers, engine })
}

/// Opens the store in DynamoDB that the settings name, for a process that does its job in its own way.
///
/// # Errors
///
/// When the settings name embedded storage, which no other process can open; else as [`open`].
pub async fn open_remote(settings: &StorageSettings, clock: Arc<dyn Clock>) -> Result<RemoteStore, Failure> {
    if settings.storage == StorageKind::Embedded {
        return Err(Failure::configuration(
            "embedded storage belongs to the one process that serves it, which derives its windows, too: give \
             --storage aws",
        ));
    }
    let aws = aws_config(settings).await?;
    let parts = StoreParts { client: Client::new(&aws), clock, seed: None };
    let store = open_store(parts, settings).await?;
    Ok(RemoteStore { store, aws })
}

// === impl Storage ===

impl Storage {
    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<DynamoStore> {
        &self.store
    }

    /// Whether the storage answers: false once it has not for some ten seconds, and true again with its next answer.
    #[must_use]
    pub fn answers(&self) -> watch::Receiver<bool> {
        self.answers.clone()
    }

    /// Waits until what was accepted is durable, then releases the storage.
    pub async fn close(self) {
        // A run that is cut off leaves nothing that anybody reads.
        self.maintenance.abort();
        self.reachability.abort();
        self.store.close().await;
        match self.maintenance.await {
            Err(error) if error.is_panic() => tracing::error!(%error, "the job panicked"),
            _ => {}
        }
        if let Some(engine) = self.engine {
            engine.close().await;
        }
    }
}

/// Says on what the process runs: the first thing that is asked when something looks wrong.
fn report(settings: &StorageSettings) {
    let place = match settings.storage {
        StorageKind::Embedded => settings.data_dir.display().to_string(),
        StorageKind::Aws => match &settings.endpoint_url {
            Some(url) => format!("{}, tables {}*", url.as_str(), settings.table_prefix),
            None => format!("AWS, tables {}*", settings.table_prefix),
        },
    };
    let config = settings.store_config();
    tracing::info!(
        place,
        retention = ?config.retention,
        window = ?config.window,
        window_grace = ?config.window_grace,
        job = ?settings.job.mode(),
        settle = ?config.settle,
        archive_retention = ?config.archive_retention,
        "storage is open"
    );
}

async fn open_client(settings: &StorageSettings) -> Result<(Client, Option<EmbeddedEngine>), Failure> {
    if settings.storage == StorageKind::Embedded {
        let engine = open_engine(settings)?;
        tokio::spawn(expiry::delete_expired_regularly(engine.clone()));
        return Ok((engine.client(), Some(engine)));
    }
    Ok((Client::new(&aws_config(settings).await?), None))
}

async fn aws_config(settings: &StorageSettings) -> Result<SdkConfig, Failure> {
    let request_timeout = settings.store_config().request_timeout;
    let options = AwsOptions {
        endpoint_url: settings.endpoint_url.as_ref().map(EndpointUrl::as_str).map(str::to_owned),
        attempt_timeout: request_timeout,
        read_timeout: request_timeout,
    };
    aws::shared_config(&options).await.map_err(|error| Failure::runtime("cannot reach DynamoDB", error))
}

async fn open_store(parts: StoreParts, settings: &StorageSettings) -> Result<DynamoStore, Failure> {
    let store = DynamoStore::open(parts, settings.store_config())
        .await
        .map_err(|error| Failure::runtime("cannot open the store", error))?;
    report(settings);
    Ok(store)
}

fn open_engine(settings: &StorageSettings) -> Result<EmbeddedEngine, Failure> {
    let directory = settings.data_dir.as_path();
    let opened = match directory.to_str() {
        Some(":memory:") => EmbeddedEngine::in_memory(),
        _ => {
            let options = EngineOptions::default().with_durability(settings.durability.of_engine());
            EmbeddedEngine::open_with(directory, options)
        }
    };
    opened.map_err(|error| Failure::runtime("cannot open the embedded storage", error))
}
