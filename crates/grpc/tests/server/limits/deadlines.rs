//! The client's deadline.

use std::time::Duration;

use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    GetServicesRequest, GetTracesRequest, TraceQueryParameters,
};
use prost::Message;
use tokio::time::timeout;
use tonic::{Code, Request};

use super::frames::{self, Then};
use super::{EXPORT, PATIENCE, export_of, gated};
use crate::common::{Pace, Server, by_id, find};
use crate::fakes::{Answer, Fake};
use crate::gated::Gated;

/// The header alone: tonic's client would cut its call off by itself.
const HALF_A_SECOND_OF_OURS: (&str, &str) = ("grpc-timeout", "25S");

async fn status_of(server: &Server, path: &'static str, message: Vec<u8>) -> i32 {
    let frames = vec![frames::message(false, message.len(), &message)];
    let status = async {
        let headers = &[HALF_A_SECOND_OF_OURS];
        frames::status(frames::call(server.channel.clone(), path, headers, frames, Then::End).await).await
    };
    timeout(PATIENCE, status).await.unwrap()
}

#[tokio::test]
async fn a_write_whose_client_waits_no_longer_stops_and_says_so() {
    let store = Gated::shut();
    let server = Server::paced(gated(&store), GrpcConfig::default(), Pace::Hurried).await;
    let status = status_of(&server, EXPORT, export_of(10).encode_to_vec()).await;
    assert_eq!(status, i32::from(Code::DeadlineExceeded));
    assert_eq!(store.abandoned(), 1);
}

#[tokio::test]
async fn a_streaming_answer_ends_at_the_deadline_and_with_it_the_reads() {
    let fake = Fake::new(Answer::Stuck);
    let mut dropped = fake.dropped.subscribe();
    let server = Server::paced(fake.stores(), GrpcConfig::default(), Pace::Hurried).await;
    let query = find(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    let path = "/jaeger.storage.v2.TraceReader/FindTraces";
    let status = status_of(&server, path, query.encode_to_vec()).await;
    assert_eq!(status, i32::from(Code::DeadlineExceeded));
    timeout(PATIENCE, dropped.wait_for(|dropped| *dropped)).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_in_time_is_not_touched() {
    let server = Server::over(Fake::new(Answer::Stuck).stores()).await;
    let mut request = Request::new(GetTracesRequest { query: vec![by_id(1)] });
    request.set_timeout(Duration::from_secs(3600));
    let mut stream = server.reader().get_traces(request).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    let mut request = Request::new(GetServicesRequest {});
    request.set_timeout(Duration::from_secs(3600));
    let refused = server.reader().get_services(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "larger than a message may be");
}
