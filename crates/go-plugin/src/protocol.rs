//! The services that the host expects besides the plugin's own.

use futures::StreamExt as _;
use futures::future::ready;
use futures::stream::{self, BoxStream};
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use tonic_health::ServingStatus;

use crate::generated::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use crate::generated::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::generated::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::generated::{ConnInfo, Empty, StdioData};
use crate::lifecycle::Lifecycle;

/// The name that the host's pings ask health for (`grpc_server.go`, `GRPCServiceName`).
const SERVICE: &str = "plugin";

/// The protocol's services, which live and end with the plugin.
#[derive(Debug, Clone)]
struct Protocol(Lifecycle);

/// Health, controller, stdio and broker.
pub(crate) async fn routes(lifecycle: Lifecycle) -> Routes {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(SERVICE, ServingStatus::Serving).await;
    let protocol = Protocol(lifecycle);
    Routes::new(health)
        .add_service(GrpcControllerServer::new(protocol.clone()))
        .add_service(GrpcStdioServer::new(protocol.clone()))
        .add_service(GrpcBrokerServer::new(protocol))
}

// === impl Protocol ===

#[tonic::async_trait]
impl GrpcController for Protocol {
    /// Answers when nothing is buffered any more. The host waits for the answer however long it takes, and then for two
    /// seconds until the process has ended (`client.go`, `Kill`).
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.ask_for_the_end();
        self.0.closing().await;
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Protocol {
    type StreamStdioStream = BoxStream<'static, Result<StdioData, Status>>;

    /// Silent until the end: logs go to the real stderr.
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(stream::pending().take_until(self.0.closing()).boxed()))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Protocol {
    type StartStreamStream = BoxStream<'static, Result<ConnInfo, Status>>;

    /// Takes what the host offers, and offers nothing.
    async fn start_stream(
        &self,
        offers: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let drained = offers.into_inner().filter_map(|_| ready(None));
        Ok(Response::new(drained.take_until(self.0.closing()).boxed()))
    }
}
