use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use axum::Router;
use futures::future::{BoxFuture, FutureExt as _};
use jaeger_dynamodb_core::{Clock, Tenant};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreParts, SystemClock};
use jaeger_dynamodb_embedded::EmbeddedEngine;
use jaeger_dynamodb_grpc::{Archive, GrpcConfig, ObservedRouter, OpenStreams, Stores};
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
    /// The same over the archive.
    pub(crate) archive_services: ObservedRouter,
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

    let archive = Arc::new(store.archive());
    let stores =
        Stores { archive: Some(Archive::of(Arc::clone(&archive))), ..Stores::of(Arc::clone(&store)) };
    let config = settings.grpc_config();
    // Who archives a trace wants to be told if it failed.
    let archive_config = GrpcConfig { streaming_writer: false, ..config.clone() };
    let (services, mut streams) = build_services(stores, &config, &clock).await?;
    // Jaeger v2.0 to v2.2 asks also the backend that it knows as its archive by the names of an archive.
    let archive_stores = Stores { archive: Some(Archive::of(Arc::clone(&archive))), ..Stores::of(archive) };
    let (archive_services, mut archive_streams) =
        build_services(archive_stores, &archive_config, &clock).await?;
    let http = if settings.allow_purge { purge::route(Arc::clone(&store)) } else { Router::new() };
    let maintenance = store.maintenance(settings.job.mode(), vec![Tenant::default()]);
    let maintenance = tokio::spawn(maintenance.run());
    let written = streams.clone();
    let closing = async move {
        written.written().await;
        close(store, maintenance, engine).await;
    };
    let stopping = async move {
        streams.stop().await;
        archive_streams.stop().await;
    };
    Ok(Store { services, archive_services, stopping: stopping.boxed(), http, closing: closing.boxed() })
}

async fn build_services(
    stores: Stores,
    config: &GrpcConfig,
    clock: &Arc<dyn Clock>,
) -> Result<(ObservedRouter, OpenStreams), Failure> {
    jaeger_dynamodb_grpc::router(stores, config, Arc::clone(clock))
        .await
        .map_err(|error| Failure::runtime("cannot build the gRPC services", error))
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
        archive_retention = ?config.archive_retention,
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
