//! Streams that end early, by the store's fault or by the client's wish.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jaeger_dynamodb_proto::jaeger::storage::v2::{GetTracesRequest, TraceQueryParameters};
use tokio::time::timeout;
use tonic::Code;

use crate::common::{Server, by_id, find};
use crate::fakes::{Answer, Fake};

fn named() -> TraceQueryParameters {
    TraceQueryParameters { service_name: "shop".into(), ..Default::default() }
}

#[tokio::test]
async fn a_client_that_goes_away_stops_the_reads() {
    for answer in [Answer::Endless, Answer::Stuck] {
        let fake = Fake::new(answer);
        let mut dropped = fake.dropped.subscribe();
        let server = Server::over(fake.stores()).await;
        let mut stream = server.reader().find_traces(find(named())).await.unwrap().into_inner();
        stream.message().await.unwrap().unwrap();
        assert!(!*dropped.borrow(), "{answer:?}");
        drop(stream);
        timeout(Duration::from_secs(10), dropped.wait_for(|dropped| *dropped)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_reads_back() {
    let fake = Fake::new(Answer::Endless);
    let server = Server::over(fake.stores()).await;
    let asked = GetTracesRequest { query: vec![by_id(1)] };
    let mut stream = server.reader().get_traces(asked).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    let mut before = 0;
    // Reads end by themselves once the connection's windows are full.
    let settled = async {
        while before != fake.reads.load(Ordering::SeqCst) {
            before = fake.reads.load(Ordering::SeqCst);
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        }
    };
    timeout(Duration::from_secs(30), settled).await.unwrap();
    // 10 kB each: what the windows and buffers of both sides hold.
    assert!(before < 2000, "{before}");
}

#[tokio::test]
async fn an_error_in_the_middle_ends_the_stream_after_what_was_read() {
    let server = Server::over(Fake::new(Answer::Broken).stores()).await;
    let mut stream = server.reader().find_traces(find(named())).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    let error = stream.message().await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::DataLoss, "torn"));
}

#[tokio::test]
async fn many_clients_are_served_at_once() {
    let stuck = Fake::new(Answer::Stuck);
    let server = Server::over(stuck.stores()).await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = server.reader().find_traces(find(named())).await.unwrap().into_inner();
        stream.message().await.unwrap().unwrap();
        streams.push(stream);
    }
    assert_eq!(stuck.reads.load(Ordering::SeqCst), 50);
}
