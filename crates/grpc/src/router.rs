//! All services on one port.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, DependencyReader, TraceReader, TraceWriter};
use jaeger_dynamodb_proto::FILE_DESCRIPTOR_SET;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    capabilities_server, dependency_reader_server, trace_reader_server,
};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_server;
use thiserror::Error;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic_health::ServingStatus;
use tower::layer::util::{Identity, Stack};

use crate::layer::RpcMetricsLayer;
use crate::service::{Capabilities, Dependencies, OtlpIngestServer, Traces};
use crate::{GrpcConfig, InvalidConfig};

/// A router whose RPCs are counted.
pub type ObservedRouter = Router<Stack<RpcMetricsLayer, Identity>>;

/// What the services answer from.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Keeps exported spans.
    pub writer: Arc<dyn TraceWriter>,
    /// Answers searches.
    pub reader: Arc<dyn TraceReader>,
    /// Answers who called whom.
    pub dependencies: Arc<dyn DependencyReader>,
}

impl Stores {
    /// One store for everything.
    pub fn of<S: TraceWriter + TraceReader + DependencyReader + 'static>(store: Arc<S>) -> Self {
        Self { writer: Arc::<S>::clone(&store), reader: Arc::<S>::clone(&store), dependencies: store }
    }
}

/// What health checks are answered.
#[derive(Debug, Clone)]
pub struct Health(tonic_health::server::HealthReporter);

impl Health {
    /// Ends the streams of everybody who watches, which would otherwise hold up a graceful shutdown, and answers no
    /// check any more.
    pub async fn stop(&mut self) {
        for name in HEALTHY.into_iter().chain([""]) {
            self.0.clear_service_status(name).await;
        }
    }
}

/// Why there is no router.
#[derive(Debug, Error)]
pub enum RouterError {
    /// The settings cannot work.
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    /// The descriptors that reflection serves are damaged, which is a fault of the build.
    #[error("descriptors for reflection cannot be read")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// The services that health is asked about. Jaeger's own server answers for `TraceWriter` too, although no such
/// service exists: it writes through OTLP.
const HEALTHY: [&str; 5] = [
    trace_reader_server::SERVICE_NAME,
    dependency_reader_server::SERVICE_NAME,
    "jaeger.storage.v2.TraceWriter",
    capabilities_server::SERVICE_NAME,
    trace_service_server::SERVICE_NAME,
];

/// The services that reflection names.
const DESCRIBED: [&str; 5] = [
    trace_reader_server::SERVICE_NAME,
    dependency_reader_server::SERVICE_NAME,
    capabilities_server::SERVICE_NAME,
    trace_service_server::SERVICE_NAME,
    "grpc.health.v1.Health",
];

/// A client that has vanished without a word is noticed after this, and what it held is freed.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// All services over the stores, ready to be served.
///
/// # Errors
/// [`RouterError::Config`] if the settings cannot work.
pub async fn router(
    stores: Stores,
    config: &GrpcConfig,
    clock: Arc<dyn Clock>,
) -> Result<(ObservedRouter, Health), RouterError> {
    config.validate()?;
    /// The generated servers have no trait for what they share.
    macro_rules! configured {
        ($server:expr) => {
            $server
                .accept_compressed(Gzip)
                .accept_compressed(Zstd)
                .send_compressed(Gzip)
                .send_compressed(Zstd)
                .max_decoding_message_size(config.max_inbound_bytes)
        };
    }
    let traces = Traces::new(Arc::clone(&stores.reader), config.max_outbound_bytes);
    let dependencies = Dependencies::new(stores.dependencies, config.max_outbound_bytes);
    let routes = Routes::new(configured!(trace_reader_server::TraceReaderServer::new(traces)))
        .add_service(configured!(dependency_reader_server::DependencyReaderServer::new(dependencies)))
        .add_service(configured!(capabilities_server::CapabilitiesServer::new(Capabilities::new(
            stores.reader
        ))))
        .add_service(OtlpIngestServer::new(stores.writer, config.max_inbound_bytes));
    let (routes, health) = with_health(routes).await;
    let server = Server::builder().http2_keepalive_interval(Some(KEEPALIVE));
    Ok((server.layer(RpcMetricsLayer::new(clock)).add_routes(with_reflection(routes)?), health))
}

async fn with_health(routes: Routes) -> (Routes, Health) {
    let (reporter, service) = tonic_health::server::health_reporter();
    for name in HEALTHY {
        reporter.set_service_status(name, ServingStatus::Serving).await;
    }
    (routes.add_service(service), Health(reporter))
}

/// Both versions of the protocol, because grpcurl and other tools ask the older one first.
fn with_reflection(routes: Routes) -> Result<Routes, tonic_reflection::server::Error> {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        DESCRIBED.into_iter().fold(builder, tonic_reflection::server::Builder::with_service_name)
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}
