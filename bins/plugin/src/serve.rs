use std::{sync::Arc, time::Duration};

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_go_plugin::Host;
use jaeger_dynamodb_grpc::{Archive, Limits, RpcMetricsLayer, Stores};
use jaeger_dynamodb_runtime::{
    exit::Failure, http::HttpServer, metrics, readiness::Readiness, shutdown::drain,
};
use jaeger_dynamodb_storage::{self as storage, Storage};
use tokio::{net::TcpListener, time::timeout};
use tower::Layer as _;

use crate::settings::Settings;

/// Jaeger gives its plugin a minute until the handshake line.
const OPEN_WITHIN: Duration = Duration::from_secs(50);

/// Jaeger waits for the answer to Shutdown without a limit, but whoever stops Jaeger has one.
const FLUSH_WITHIN: Duration = Duration::from_secs(1);

/// Two seconds after the answer to Shutdown the process is killed.
const CLOSE_WITHIN: Duration = Duration::from_millis(400);

/// Opens the storage and serves it to the host until that ends.
pub(crate) async fn serve(host: Host, settings: Settings) -> Result<(), Failure> {
    let readiness = Readiness::not_yet("opening the storage");
    let http = serve_http(&settings, &readiness).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opening = timeout(OPEN_WITHIN, open(&settings, Arc::clone(&clock))).await;
    let storage = opening.map_err(|_| {
        let cause = format!("it takes longer than {} s, and Jaeger waits a minute", OPEN_WITHIN.as_secs());
        Failure::runtime(
            "cannot open the store: create its tables before, with jaeger-dynamodb-server",
            cause,
        )
    })??;

    let archive = Arc::new(storage.store().archive());
    let stores = Stores { archive: Some(Archive::of(archive)), ..Stores::of(Arc::clone(storage.store())) };
    let config = settings.grpc_config();
    let (routes, mut streams) = jaeger_dynamodb_grpc::routes(stores, &config)
        .await
        .map_err(|error| Failure::runtime("cannot build the gRPC services", error))?;
    let limited = Limits::new(&config).layer(Arc::clone(&clock)).layer(routes);
    let services = RpcMetricsLayer::new(clock).layer(limited);
    readiness.ready();
    let following = tokio::spawn({
        let (readiness, answers) = (readiness.clone(), storage.answers());
        async move { readiness.follow(answers, "the storage does not answer").await }
    });
    tracing::info!(protocol_version = host.protocol_version(), "serving Jaeger");
    let flush = async {
        following.abort();
        let _ = following.await;
        readiness.not_ready("shutting down");
        streams.stop().await;
        streams.written().await;
    };
    let ending = host.serve(services, FLUSH_WITHIN, flush).await;
    drain(CLOSE_WITHIN, storage.close()).await;
    if let Some(http) = http {
        drain(CLOSE_WITHIN, async { drop(http.stop().await) }).await;
    }
    let ending = ending.map_err(|error| Failure::runtime("cannot serve Jaeger", error))?;
    tracing::info!(?ending, "stopped");
    Ok(())
}

async fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Storage, Failure> {
    let storage = storage::open(&settings.storage, clock).await?;
    if settings.wipe_on_start {
        let purged = storage.store().purge(true).await;
        purged.map_err(|error| Failure::runtime("cannot delete what is stored", error))?;
        tracing::warn!("everything that was stored is deleted, because wipe_on_start is set");
    }
    Ok(storage)
}

async fn serve_http(settings: &Settings, readiness: &Readiness) -> Result<Option<HttpServer>, Failure> {
    let Some(address) = settings.http_listen else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Failure::runtime(format_args!("cannot listen on http_listen {address}"), error))?;
    let metrics =
        metrics::start_recording().map_err(|error| Failure::runtime("cannot record metrics", error))?;
    HttpServer::start(listener, readiness.clone(), metrics)
        .map(Some)
        .map_err(|error| Failure::runtime("cannot serve HTTP", error))
}
