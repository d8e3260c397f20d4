//! Queries at a time.

use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::jaeger::storage::v1::CapabilitiesRequest;
use jaeger_dynamodb_proto::jaeger::storage::v1::plugin_capabilities_client::PluginCapabilitiesClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::GetCapabilitiesRequest;
use jaeger_dynamodb_proto::jaeger::storage::v2::capabilities_client::CapabilitiesClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::{GetTracesRequest, TraceQueryParameters};
use tokio::time::timeout;
use tonic::{Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::{PATIENCE, assert_asks_to_try_again, export_of};
use crate::common::{Server, by_id, find};
use crate::fakes::{Answer, Fake};

use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;

async fn stuck(server: &Server) -> Result<Streaming<TracesData>, Status> {
    let query = find(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    let mut stream = server.reader().find_traces(query).await?.into_inner();
    stream.message().await?.unwrap();
    Ok(stream)
}

#[tokio::test]
async fn more_queries_than_may_be_are_refused_until_an_answer_ends() {
    let config = GrpcConfig { max_concurrent_queries: 2, ..GrpcConfig::default() };
    let fake = Fake::new(Answer::Stuck);
    let server = Server::configured(fake.stores(), config).await;
    let (first, second) = (stuck(&server).await.unwrap(), stuck(&server).await.unwrap());
    assert_asks_to_try_again(&stuck(&server).await.unwrap_err());
    let by_id = server.reader().get_traces(GetTracesRequest { query: vec![by_id(1)] }).await;
    assert_asks_to_try_again(&by_id.unwrap_err());

    let health = HealthClient::new(server.channel.clone()).check(HealthCheckRequest::default()).await;
    health.unwrap();
    let capabilities = CapabilitiesClient::new(server.channel.clone());
    { capabilities }.get_capabilities(GetCapabilitiesRequest {}).await.unwrap();
    let capabilities = PluginCapabilitiesClient::new(server.channel.clone());
    { capabilities }.capabilities(CapabilitiesRequest {}).await.unwrap();
    server.exporter().export(export_of(10)).await.unwrap();

    drop(first);
    timeout(PATIENCE, async { while stuck(&server).await.is_err() {} }).await.unwrap();
    drop(second);
}
