use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_grpc::Connections;
use jaeger_dynamodb_runtime::{
    exit::Failure, http::HttpServer, metrics::Metrics, open_files, readiness::Readiness, shutdown::drain,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{settings::Settings, store::Store};

/// Leaves the rest of the ten seconds that orchestrators commonly grant.
const DRAIN: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests;

/// All listeners, bound, so that an address in use is told before anything else is done.
#[derive(Debug)]
pub(crate) struct Server {
    grpc: TcpListener,
    archive: Option<TcpListener>,
    connections: Connections,
    http: HttpServer,
    readiness: Readiness,
    drain: Duration,
}

// === impl Server ===

impl Server {
    /// Binds all listeners and answers probes from now on.
    pub(crate) async fn bind(settings: &Settings, metrics: Metrics) -> Result<Self, Failure> {
        let grpc = bind("listen", settings.listen).await?;
        let archive = match settings.archive_listen.address() {
            Some(address) => Some(bind("archive-listen", address).await?),
            None => None,
        };
        let http = bind("http-listen", settings.http_listen).await?;
        let readiness = Readiness::not_yet("opening the storage");
        let http = HttpServer::start(http, readiness.clone(), metrics)
            .map_err(|error| Failure::runtime("cannot serve HTTP", error))?;
        allow_connections(settings.max_connections);
        let connections = Connections::new(settings.max_connections, Arc::new(SystemClock));
        Ok(Self { grpc, archive, connections, http, readiness, drain: DRAIN })
    }

    /// Opens the storage, serves it until `stop`, and drains.
    pub(crate) async fn run(
        self,
        opening: impl Future<Output = Result<Store, Failure>>,
        stop: CancellationToken,
    ) -> Result<(), Failure> {
        let store = tokio::select! {
            store = opening => store?,
            () = stop.cancelled() => return Ok(()),
        };
        self.http.add_routes(store.http);
        let listen = address(&self.grpc)?;
        let archive_listen = self.archive.as_ref().map(address).transpose()?;
        let draining = CancellationToken::new();
        let mut serving = JoinSet::new();
        let grpc = self.connections.accept(self.grpc);
        serving.spawn(store.services.serve_with_incoming_shutdown(grpc, draining.clone().cancelled_owned()));
        if let Some(listener) = self.archive {
            let archive = self.connections.accept(listener);
            let drained = draining.clone().cancelled_owned();
            serving.spawn(store.archive_services.serve_with_incoming_shutdown(archive, drained));
        }
        self.readiness.ready();
        tracing::info!(
            %listen,
            archive_listen = archive_listen.map(tracing::field::display),
            http_listen = %self.http.address(),
            "ready"
        );

        tokio::select! {
            () = stop.cancelled() => {}
            Some(ended) = serving.join_next() => return Err(unexpected_end(ended)),
            () = self.readiness.follow(store.answers, "the storage does not answer") => {}
        }
        self.readiness.not_ready("shutting down");
        store.stopping.await;
        draining.cancel();
        drain(self.drain, async {
            // Probes and metrics are answered until the last request is.
            while let Some(ended) = serving.join_next().await {
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(%error, "a gRPC server failed while draining"),
                    Err(error) => tracing::error!(%error, "a gRPC server panicked while draining"),
                }
            }
            store.closing.await;
            if let Err(error) = self.http.stop().await {
                tracing::error!(%error, "HTTP server failed");
            }
        })
        .await;
        tracing::info!("stopped");
        Ok(())
    }
}

async fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::runtime(format_args!("cannot listen on --{flag} {address}"), error))
}

/// Beside connections there are files: of the data directory, to DynamoDB, for probes.
const OTHER_FILES: u64 = 256;

fn allow_connections(most: usize) {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    if let Some(open_files) = open_files::allow_most()
        && open_files < most.saturating_add(OTHER_FILES)
    {
        tracing::warn!(
            open_files,
            max_connections = most,
            "the limit of open files is too low for max_connections"
        );
    }
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| Failure::runtime("cannot serve gRPC", error))
}

type Ended = Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>;

fn unexpected_end(ended: Ended) -> Failure {
    const MESSAGE: &str = "a gRPC server ended without being asked";
    match ended {
        Ok(Ok(())) => Failure::runtime(MESSAGE, "it stopped accepting"),
        Ok(Err(error)) => Failure::runtime(MESSAGE, error),
        Err(panicked) => Failure::runtime(MESSAGE, panicked),
    }
}
