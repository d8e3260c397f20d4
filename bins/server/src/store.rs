use std::sync::Arc;

use axum::Router;
use futures::future::{BoxFuture, FutureExt as _};
use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_grpc::{Archive, GrpcConfig, Limits, ObservedRouter, OpenStreams, Stores};
use jaeger_dynamodb_runtime::exit::Failure;
use jaeger_dynamodb_storage as storage;
use tokio::sync::watch;

use crate::settings::Settings;

mod purge;

/// What is served, and what has to be done after it.
pub(crate) struct Store {
    /// The gRPC services.
    pub(crate) services: ObservedRouter,
    /// The same over the archive.
    pub(crate) archive_services: ObservedRouter,
    /// Whether the storage answers.
    pub(crate) answers: watch::Receiver<bool>,
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
    let limits = Limits::new(&config);
    let (services, mut streams) = build_services(stores, &config, &clock, &limits).await?;
    let (archive_services, mut archive_streams) =
        build_services(archive_stores, &archive_config, &clock, &limits).await?;

    let http = if settings.allow_purge { purge::route(Arc::clone(store)) } else { Router::new() };
    let answers = storage.answers();
    let telling = tokio::spawn(tell_health(answers.clone(), [streams.clone(), archive_streams.clone()]));
    let written = streams.clone();
    let closing = async move {
        written.written().await;
        storage.close().await;
    };
    let stopping = async move {
        telling.abort();
        // Nothing may be told after the end; that it was aborted is no news.
        let _ = telling.await;
        streams.stop().await;
        archive_streams.stop().await;
    };
    let (stopping, closing) = (stopping.boxed(), closing.boxed());
    Ok(Store { services, archive_services, answers, stopping, http, closing })
}

/// Answers health checks by whether the storage answers.
async fn tell_health(mut answers: watch::Receiver<bool>, servers: [OpenStreams; 2]) {
    while answers.changed().await.is_ok() {
        let is_serving = *answers.borrow_and_update();
        for server in &servers {
            server.set_serving(is_serving).await;
        }
    }
}

async fn build_services(
    stores: Stores,
    config: &GrpcConfig,
    clock: &Arc<dyn Clock>,
    limits: &Limits,
) -> Result<(ObservedRouter, OpenStreams), Failure> {
    jaeger_dynamodb_grpc::router_within(stores, config, Arc::clone(clock), limits)
        .await
        .map_err(|error| Failure::runtime("cannot build the gRPC services", error))
}
