//! Health and reflection.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::common::{Server, all};

/// The services of `jaeger.storage.v1`.
const V1: [&str; 7] = [
    "SpanWriterPlugin",
    "StreamingSpanWriterPlugin",
    "SpanReaderPlugin",
    "ArchiveSpanWriterPlugin",
    "ArchiveSpanReaderPlugin",
    "DependenciesReaderPlugin",
    "PluginCapabilities",
];

#[tokio::test]
async fn health_answers_for_the_names_that_jaegers_own_server_knows() {
    let server = Server::in_memory().await;
    let mut client = HealthClient::new(server.channel.clone());
    let v1 = V1.map(|name| format!("jaeger.storage.v1.{name}"));
    let others = [
        "",
        "jaeger.storage.v2.TraceReader",
        "jaeger.storage.v2.DependencyReader",
        "jaeger.storage.v2.TraceWriter",
        "jaeger.storage.v2.Capabilities",
        "opentelemetry.proto.collector.trace.v1.TraceService",
    ];
    for service in others.map(str::to_owned).into_iter().chain(v1) {
        let answer =
            client.check(HealthCheckRequest { service: service.clone() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = client.check(HealthCheckRequest { service: "unknown".to_owned() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

async fn reflected(server: &Server, asked: MessageRequest) -> MessageResponse {
    let mut client = ServerReflectionClient::new(server.channel.clone());
    let asked = ServerReflectionRequest { host: String::new(), message_request: Some(asked) };
    let stream = client.server_reflection_info(futures::stream::iter([asked])).await.unwrap().into_inner();
    let answers: Vec<ServerReflectionResponse> = all(stream).await;
    answers.into_iter().next().unwrap().message_response.unwrap()
}

#[tokio::test]
async fn reflection_lists_what_is_served_and_describes_it() {
    let server = Server::in_memory().await;
    let MessageResponse::ListServicesResponse(list) =
        reflected(&server, MessageRequest::ListServices(String::new())).await
    else {
        panic!()
    };
    let mut names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    names.sort_unstable();
    let mut expected = V1.map(|name| format!("jaeger.storage.v1.{name}")).to_vec();
    expected.extend(
        [
            "grpc.health.v1.Health",
            "jaeger.storage.v2.Capabilities",
            "jaeger.storage.v2.DependencyReader",
            "jaeger.storage.v2.TraceReader",
            "opentelemetry.proto.collector.trace.v1.TraceService",
        ]
        .map(str::to_owned),
    );
    expected.sort_unstable();
    assert_eq!(names, expected);
    for symbol in names.into_iter().chain(["google.protobuf.Timestamp"]) {
        let answer = reflected(&server, MessageRequest::FileContainingSymbol(symbol.to_owned())).await;
        assert!(matches!(answer, MessageResponse::FileDescriptorResponse(_)), "{symbol}: {answer:?}");
    }
}
