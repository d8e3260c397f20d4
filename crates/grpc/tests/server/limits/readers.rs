//! Clients that do not take their answers.

use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::jaeger::storage::v2::TraceQueryParameters;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::time::timeout;
use tonic::Streaming;

use super::{PATIENCE, assert_asks_to_try_again};
use crate::common::{Pace, Server, find};
use crate::fakes::{Answer, Fake};

async fn server(fake: &Fake) -> Server {
    let config = GrpcConfig { max_concurrent_queries: 1, ..GrpcConfig::default() };
    Server::paced(fake.stores(), config, Pace::Hurried).await
}

async fn query(server: &Server) -> Streaming<TracesData> {
    let query = find(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    server.reader().find_traces(query).await.unwrap().into_inner()
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_cut_off_and_its_client_told_when_it_reads_on() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let fake = Fake::new(Answer::Endless);
    let mut dropped = fake.dropped.subscribe();
    let server = server(&fake).await;
    let mut stream = query(&server).await;
    timeout(PATIENCE, dropped.wait_for(|dropped| *dropped)).await.unwrap().unwrap();
    let read_on = async {
        loop {
            if let Err(status) = stream.message().await {
                return status;
            }
        }
    };
    assert_asks_to_try_again(&timeout(PATIENCE, read_on).await.unwrap());
    assert!(handle.render().contains("jaeger_dynamodb_refusals_total{limit=\"slow_reader\"} 1"));
    query(&server).await.message().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_never_reads_on_loses_its_connection() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = server(&Fake::new(Answer::Endless)).await;
    let _never_read = query(&server).await;
    assert!(handle.render().contains("jaeger_dynamodb_connections 1"));
    let closed = async {
        while !handle.render().contains("jaeger_dynamodb_connections 0") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, closed).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_waits_for_the_store_is_not_cut_off() {
    let fake = Fake::new(Answer::Stuck);
    let server = server(&fake).await;
    let mut stream = query(&server).await;
    stream.message().await.unwrap().unwrap();
    // Three times what a client may be slow, at the server's pace.
    assert!(timeout(std::time::Duration::from_millis(1800), stream.message()).await.is_err());
    assert!(!*fake.dropped.borrow());
}
