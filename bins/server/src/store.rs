use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use axum::Router;
use futures::future::{BoxFuture, FutureExt as _};
use jaeger_dynamodb_core::{Clock, Tenant};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreParts, SystemClock};
use jaeger_dynamodb_embedded::EmbeddedEngine;
use jaeger_dynamodb_grpc::{GrpcConfig, ObservedRouter, Stores};
use jaeger_dynamodb_runtime::{
    aws::{self, AwsOptions},
    exit::Failure,
};
use tokio::task::JoinHandle;

use crate::settings::{EndpointUrl, Settings, Storage};

mod expiry;
mod purge;

/// What is served, and what has to be done after it.
pub(crate) struct Store {
    /// The gRPC services.
    pub(crate) services: ObservedRouter,
    /// Ends what would hold up a graceful shutdown: streams of health watchers.
    pub(crate) stopping: BoxFuture<'static, ()>,
    /// HTTP routes beside the probes.
    pub(crate) http: Router,
    /// Waits until what was accepted is durable, then releases the storage.
    pub(crate) closing: BoxFuture<'static, ()>,
}

/// Opens the storage and builds the services on it.
pub(crate) async fn open_store(settings: &Settings) -> Result<Store, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (client, engine) = open_client(settings).await?;
    let parts = StoreParts { client, clock: Arc::clone(&clock), seed: None };
    let store = DynamoStore::open(parts, settings.store_config())
        .await
        .map_err(|error| Failure::runtime("cannot open the store", error))?;
    let store = Arc::new(store);
    report(settings);

    let shared = || Arc::<DynamoStore>::clone(&store);
    let stores = Stores { writer: shared(), reader: shared(), dependencies: shared() };
    let config =
        GrpcConfig { max_inbound_bytes: settings.max_message_size.to_usize(), ..GrpcConfig::default() };
    let (services, mut health) = jaeger_dynamodb_grpc::router(stores, &config, clock)
        .await
        .map_err(|error| Failure::runtime("cannot build the gRPC services", error))?;
    let http = if settings.allow_purge { purge::route(Arc::clone(&store)) } else { Router::new() };
    let maintenance = store.maintenance(settings.job.mode(), vec![Tenant::default()]);
    let closing = close(store, tokio::spawn(maintenance.run()), engine).boxed();
    let stopping = async move { health.stop().await }.boxed();
    Ok(Store { services, stopping, http, closing })
}

/// Says on what the server runs: the first thing that is asked when something looks wrong.
fn report(settings: &Settings) {
    let place = match settings.storage {
        Storage::Embedded => settings.data_dir.display().to_string(),
        Storage::Aws => match &settings.endpoint_url {
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
        "storage is open"
    );
}

async fn close(store: Arc<DynamoStore>, maintenance: JoinHandle<()>, engine: Option<EmbeddedEngine>) {
    // A run that is cut off leaves nothing that anybody reads.
    maintenance.abort();
    store.close().await;
    match maintenance.await {
        Err(error) if error.is_panic() => tracing::error!(%error, "the job panicked"),
        _ => {}
    }
    if let Some(engine) = engine {
        engine.close().await;
    }
}

async fn open_client(settings: &Settings) -> Result<(Client, Option<EmbeddedEngine>), Failure> {
    if settings.storage == Storage::Embedded {
        let engine = open_engine(settings)?;
        tokio::spawn(expiry::delete_expired_regularly(engine.clone()));
        return Ok((engine.client(), Some(engine)));
    }
    let request_timeout = settings.store_config().request_timeout;
    let options = AwsOptions {
        endpoint_url: settings.endpoint_url.as_ref().map(EndpointUrl::as_str).map(str::to_owned),
        attempt_timeout: request_timeout,
        read_timeout: request_timeout,
    };
    let client = aws::dynamodb_client(&options)
        .await
        .map_err(|error| Failure::runtime("cannot reach DynamoDB", error))?;
    Ok((client, None))
}

fn open_engine(settings: &Settings) -> Result<EmbeddedEngine, Failure> {
    let directory = settings.data_dir.as_path();
    let opened = match directory.to_str() {
        Some(":memory:") => EmbeddedEngine::in_memory(),
        _ => EmbeddedEngine::open(directory),
    };
    opened.map_err(|error| Failure::runtime("cannot open the embedded storage", error))
}
