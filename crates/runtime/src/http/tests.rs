use axum::routing::post;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;
use crate::metrics::tests::metrics_of_a_test;

async fn server(readiness: &Readiness) -> HttpServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    HttpServer::start(listener, readiness.clone(), metrics_of_a_test()).unwrap()
}

async fn ask(server: &HttpServer, method_and_path: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("{method_and_path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn live_answers_while_not_ready() {
    let server = server(&Readiness::not_yet("opening")).await;
    assert!(ask(&server, "GET /live").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn ready_follows_the_state_and_tells_the_reason() {
    let readiness = Readiness::not_yet("opening the store");
    let server = server(&readiness).await;
    let answer = ask(&server, "GET /ready").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("opening the store\n"), "{answer}");
    readiness.ready();
    assert!(ask(&server, "GET /ready").await.starts_with("HTTP/1.1 200"));
    readiness.not_ready("draining");
    assert!(ask(&server, "GET /ready").await.ends_with("draining\n"));
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let answer = ask(&server(&Readiness::not_yet("")).await, "GET /metrics").await;
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("recorded 7"), "{answer}");
}

#[tokio::test]
async fn added_routes_answer_once_they_are_added() {
    let server = server(&Readiness::not_yet("")).await;
    assert!(ask(&server, "POST /purge").await.starts_with("HTTP/1.1 404"));
    server.add_routes(Router::new().route("/purge", post(async || "purged")));
    assert!(ask(&server, "POST /purge").await.ends_with("purged"));
    assert!(ask(&server, "GET /purge").await.starts_with("HTTP/1.1 405"));
    assert!(ask(&server, "GET /elsewhere").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_stopped_server_finishes_what_is_in_flight() {
    let server = server(&Readiness::not_yet("")).await;
    let (entered, mut entering) = tokio::sync::mpsc::channel(1);
    let (release, released) = tokio::sync::watch::channel(false);
    let slow = async move || {
        let mut released = released.clone();
        entered.send(()).await.unwrap();
        released.wait_for(|released| *released).await.unwrap();
        "done"
    };
    server.add_routes(Router::new().route("/slow", get(slow)));
    let address = server.address();
    let asking = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let stopping = async {
        entering.recv().await.unwrap();
        let stopping = tokio::spawn(server.stop());
        release.send(true).unwrap();
        stopping.await.unwrap().unwrap();
    };
    let (answer, ()) = tokio::join!(asking, stopping);
    assert!(answer.ends_with("done"), "{answer}");
    assert!(TcpStream::connect(address).await.is_err());
}
