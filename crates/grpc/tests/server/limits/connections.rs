//! How many connections there are, and how long one may do nothing.

use jaeger_dynamodb_grpc::GrpcConfig;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PATIENCE, export_of};
use crate::common::{Pace, Server, in_memory};

/// A connection that the server has accepted, which is seen by the head of its SETTINGS.
async fn accepted(server: &Server) -> Option<TcpStream> {
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    let mut settings = [0; 9];
    let came = timeout(PATIENCE, connection.read_exact(&mut settings)).await.unwrap();
    came.is_ok().then_some(connection)
}

async fn end(mut connection: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, connection.read_to_end(&mut rest)).await.unwrap();
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once_and_the_others_go_on() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::connected(in_memory(), GrpcConfig::default(), Pace::Still, 3).await;
    let held = (accepted(&server).await.unwrap(), accepted(&server).await.unwrap());
    for _ in 0..2 {
        assert!(accepted(&server).await.is_none());
    }
    server.exporter().export(export_of(10)).await.unwrap();
    let rendered = handle.render();
    assert!(rendered.contains("jaeger_dynamodb_refusals_total{limit=\"connections\"} 2"), "{rendered}");
    assert!(rendered.contains("jaeger_dynamodb_connections 3"), "{rendered}");
    drop(held);
    timeout(PATIENCE, async { while accepted(&server).await.is_none() {} }).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_does_not_begin_is_closed_and_one_that_has_begun_is_not() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::paced(in_memory(), GrpcConfig::default(), Pace::Hurried).await;
    let silent = accepted(&server).await.unwrap();
    let mut halting = accepted(&server).await.unwrap();
    halting.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    end(silent).await;
    end(halting).await;
    server.exporter().export(export_of(10)).await.unwrap();
    let rendered = handle.render();
    let closed = "jaeger_dynamodb_refusals_total{limit=\"unstarted_connection\"} 2";
    assert!(rendered.contains(closed), "{rendered}");
    assert!(rendered.contains("jaeger_dynamodb_connections 1"), "{rendered}");
}
