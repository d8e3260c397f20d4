//! All services on one port.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, DependencyReader, TraceReader, TraceWriter};
use jaeger_dynamodb_proto::FILE_DESCRIPTOR_SET;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    archive_span_reader_plugin_server, archive_span_writer_plugin_server, dependencies_reader_plugin_server,
    plugin_capabilities_server, span_reader_plugin_server, span_writer_plugin_server,
    streaming_span_writer_plugin_server,
};
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    capabilities_server, dependency_reader_server, trace_reader_server,
};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_server;
use thiserror::Error;
use tokio::sync::watch;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::layer::util::{Identity, Stack};

use crate::layer::RpcMetricsLayer;
use crate::limits::{Limits, LimitsLayer};
use crate::service::{
    Capabilities, Dependencies, Handwritten, Ingest, OtlpIngest, Receipts, Stopping, Traces, v1,
};
use crate::{GrpcConfig, InvalidConfig, OpenStreams, measures};

/// A router whose RPCs are counted, and held to limits.
pub type ObservedRouter = Router<Stack<LimitsLayer, Stack<RpcMetricsLayer, Identity>>>;

/// What the services answer from.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Keeps spans.
    pub writer: Arc<dyn TraceWriter>,
    /// Answers searches.
    pub reader: Arc<dyn TraceReader>,
    /// Answers who called whom.
    pub dependencies: Arc<dyn DependencyReader>,
    /// What the archive services of `jaeger.storage.v1` answer from. Jaeger v1.66 and later do not ask them: they take
    /// the plain services of a router of its own, over the archive.
    pub archive: Option<Archive>,
}

/// Traces that are kept beyond the retention of the others.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Keeps spans.
    pub writer: Arc<dyn TraceWriter>,
    /// Answers them.
    pub reader: Arc<dyn TraceReader>,
}

impl Stores {
    /// One store for everything, without an archive.
    pub fn of<S: TraceWriter + TraceReader + DependencyReader + 'static>(store: Arc<S>) -> Self {
        Self {
            writer: Arc::<S>::clone(&store),
            reader: Arc::<S>::clone(&store),
            dependencies: store,
            archive: None,
        }
    }
}

impl Archive {
    /// One store to write to and to read from.
    pub fn of<S: TraceWriter + TraceReader + 'static>(store: Arc<S>) -> Self {
        Self { writer: Arc::<S>::clone(&store), reader: store }
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

/// The services of spans, traces and what is made of them.
const SERVICES: [&str; 11] = [
    trace_reader_server::SERVICE_NAME,
    dependency_reader_server::SERVICE_NAME,
    capabilities_server::SERVICE_NAME,
    trace_service_server::SERVICE_NAME,
    span_writer_plugin_server::SERVICE_NAME,
    streaming_span_writer_plugin_server::SERVICE_NAME,
    span_reader_plugin_server::SERVICE_NAME,
    archive_span_writer_plugin_server::SERVICE_NAME,
    archive_span_reader_plugin_server::SERVICE_NAME,
    dependencies_reader_plugin_server::SERVICE_NAME,
    plugin_capabilities_server::SERVICE_NAME,
];

/// Jaeger's own server answers health checks for it, although no such service exists: it writes through OTLP.
const TRACE_WRITER: &str = "jaeger.storage.v2.TraceWriter";

const HEALTH: &str = "grpc.health.v1.Health";

/// A client that has vanished without a word is noticed after this, and what it held is freed.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Headers of a request that are longer are refused. Jaeger's are below 1 KB.
const HEADER_BYTES: u32 = 16 * 1024;

/// Nobody sends larger requests to the services of tonic's own.
const SMALL_MESSAGE: usize = 64 * 1024;

/// HTTP/2's windows where spans come in streams, each span in a frame of its own. h2 ends a connection on which too many
/// small frames wait to be read: each costs 256 bytes less its length, and all together may cost half of the connection's
/// window (`h2`, `proto/streams/counts.rs`). With the usual windows, of 1 MiB each, some thousand spans that come faster
/// than they are written would end every call of their Jaeger. With these, a hundred streams may be full.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;

/// The services that health is asked about.
pub(crate) fn healthy() -> impl Iterator<Item = &'static str> {
    SERVICES.into_iter().chain([TRACE_WRITER])
}

/// All services over the stores, ready to be served.
///
/// # Errors
/// [`RouterError::Config`] if the settings cannot work.
pub async fn router(
    stores: Stores,
    config: &GrpcConfig,
    clock: Arc<dyn Clock>,
) -> Result<(ObservedRouter, OpenStreams), RouterError> {
    router_within(stores, config, clock, &Limits::new(config)).await
}

/// The same within limits that other routers share. Serve it over [`Connections`](crate::Connections), which limit how
/// many there are, and what a client may do with one.
///
/// # Errors
/// [`RouterError::Config`] if the settings cannot work.
pub async fn router_within(
    stores: Stores,
    config: &GrpcConfig,
    clock: Arc<dyn Clock>,
    limits: &Limits,
) -> Result<(ObservedRouter, OpenStreams), RouterError> {
    let streaming_writer = config.streaming_writer;
    let (routes, streams) = routes(stores, config).await?;
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .max_concurrent_streams(config.max_concurrent_streams)
        .http2_max_header_list_size(HEADER_BYTES);
    if streaming_writer {
        server = server
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
    }
    let counted = server.layer(RpcMetricsLayer::new(Arc::clone(&clock)));
    Ok((counted.layer(limits.layer(clock)).add_routes(routes), streams))
}

/// All services over the stores, for whoever serves them in another way than [`router`], which also counts them, holds
/// them to [`Limits`] and sets up HTTP/2.
///
/// # Errors
/// [`RouterError::Config`] if the settings cannot work.
pub async fn routes(stores: Stores, config: &GrpcConfig) -> Result<(Routes, OpenStreams), RouterError> {
    config.validate()?;
    measures::start();
    let receipts = Receipts::default();
    let (stops, stopping) = watch::channel(false);
    let routes = Routes::default();
    let routes = with_writers(routes, &stores, config, &receipts, Stopping::new(stopping));
    let routes = with_readers(routes, stores, config);
    let (routes, health) = with_health(routes).await;
    Ok((with_reflection(routes)?, OpenStreams::new(health, stops, receipts)))
}

fn with_writers(
    routes: Routes,
    stores: &Stores,
    config: &GrpcConfig,
    receipts: &Receipts,
    stopping: Stopping,
) -> Routes {
    let ingest = |writer: &Arc<dyn TraceWriter>| Ingest::new(Arc::clone(writer), receipts.clone());
    let archive = stores.archive.as_ref().map(|archive| ingest(&archive.writer));
    let streaming = if config.streaming_writer {
        v1::StreamingWriter::enabled(ingest(&stores.writer), stopping)
    } else {
        v1::StreamingWriter::disabled()
    };
    let limit = config.max_inbound_bytes;
    routes
        .add_service(Handwritten::new(OtlpIngest::new(ingest(&stores.writer)), limit))
        .add_service(Handwritten::new(v1::SpanWriter::new(ingest(&stores.writer)), limit))
        .add_service(Handwritten::new(streaming, limit))
        .add_service(Handwritten::new(v1::ArchiveWriter::new(archive), limit))
}

fn with_readers(routes: Routes, stores: Stores, config: &GrpcConfig) -> Routes {
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
    use archive_span_reader_plugin_server::ArchiveSpanReaderPluginServer;
    use capabilities_server::CapabilitiesServer;
    use dependencies_reader_plugin_server::DependenciesReaderPluginServer;
    use dependency_reader_server::DependencyReaderServer;
    use plugin_capabilities_server::PluginCapabilitiesServer;
    use span_reader_plugin_server::SpanReaderPluginServer;
    use trace_reader_server::TraceReaderServer;

    let limit = config.max_outbound_bytes;
    let (reader, dependencies) = (stores.reader, stores.dependencies);
    let v1_capabilities =
        v1::Capabilities { archive: stores.archive.is_some(), streaming_writer: config.streaming_writer };
    let archive = v1::ArchiveReader::new(stores.archive.map(|archive| archive.reader), limit);
    let spans = v1::SpanReader::new(Arc::clone(&reader), limit, config.v1_unspecified_kind.clone());
    let dependencies = Dependencies::new(dependencies, config.dependency_sources, limit);
    routes
        .add_service(configured!(TraceReaderServer::new(Traces::new(Arc::clone(&reader), limit))))
        .add_service(configured!(DependencyReaderServer::new(dependencies.clone())))
        .add_service(configured!(CapabilitiesServer::new(Capabilities::new(reader))))
        .add_service(configured!(SpanReaderPluginServer::new(spans)))
        .add_service(configured!(ArchiveSpanReaderPluginServer::new(archive)))
        .add_service(configured!(DependenciesReaderPluginServer::new(dependencies)))
        .add_service(configured!(PluginCapabilitiesServer::new(v1_capabilities)))
}

async fn with_health(routes: Routes) -> (Routes, HealthReporter) {
    let (reporter, service) = tonic_health::server::health_reporter();
    for name in healthy() {
        reporter.set_service_status(name, ServingStatus::Serving).await;
    }
    (routes.add_service(service.max_decoding_message_size(SMALL_MESSAGE)), reporter)
}

/// Both versions of the protocol, because grpcurl and other tools ask the older one first.
fn with_reflection(routes: Routes) -> Result<Routes, tonic_reflection::server::Error> {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        let described = SERVICES.into_iter().chain([HEALTH]);
        described.fold(builder, tonic_reflection::server::Builder::with_service_name)
    };
    let v1 = builder().build_v1()?.max_decoding_message_size(SMALL_MESSAGE);
    let v1alpha = builder().build_v1alpha()?.max_decoding_message_size(SMALL_MESSAGE);
    Ok(routes.add_service(v1).add_service(v1alpha))
}
