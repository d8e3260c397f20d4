use std::sync::Arc;

use axum::Router;
use futures::future::{BoxFuture, FutureExt as _};
use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_grpc::{Archive, GrpcConfig, ObservedRouter, OpenStreams, Stores};
use jaeger_dynamodb_runtime::exit::Failure;
use jaeger_dynamodb_storage as storage;

use crate::settings::Settings;

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
    let storage = storage::open(&settings.storage, Arc::clone(&clock)).await?;
    let store = storage.store();
    let archive = Arc::new(store.archive());
    let archived = || Some(Archive::of(Arc::clone(&archive)));
    let stores = Stores { archive: archived(), ..Stores::of(Arc::clone(store)) };
    // Jaeger v2.0 to v2.2 asks also the backend that it knows as its archive by the names of an archive.
    let archive_stores = Stores { archive: archived(), ..Stores::of(Arc::clone(&archive)) };
    let config = settings.grpc_config();
    // Who archives a trace wants to be told if it failed.
    let archive_config = GrpcConfig { streaming_writer: false, ..config.clone() };
    let (services, mut streams) = build_services(stores, &config, &clock).await?;
    let (archive_services, mut archive_streams) =
        build_services(archive_stores, &archive_config, &clock).await?;

    let http = if settings.allow_purge { purge::route(Arc::clone(store)) } else { Router::new() };
    let written = streams.clone();
    let closing = async move {
        written.written().await;
        storage.close().await;
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
