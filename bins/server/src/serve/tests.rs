use std::ffi::OsString;

use axum::{Router, routing::post};
use futures::FutureExt as _;
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_grpc::RpcMetricsLayer;
use jaeger_dynamodb_runtime::{
    config::{self, Start},
    metrics,
};
use tokio::sync::{Notify, mpsc};
use tonic::{body::Body, service::Routes, transport::Channel};
use tower::ServiceExt as _;

use super::*;
use crate::PROGRAM;

/// A server on free ports whose one gRPC method is the route `/test/Call`.
struct Running {
    grpc: SocketAddr,
    readiness: Readiness,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<Result<(), Failure>>,
}

fn settings(flags: &[&str]) -> Settings {
    let arguments = [PROGRAM.name, "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0"];
    let arguments = arguments.iter().chain(flags).map(OsString::from);
    match config::load_from(&PROGRAM, arguments, [], Settings::check) {
        Ok(Start::Run { settings, .. }) => settings,
        other => panic!("{other:?}"),
    }
}

async fn bind() -> Server {
    // The recorder is one per process, and all tests share one.
    static METRICS: tokio::sync::OnceCell<Metrics> = tokio::sync::OnceCell::const_new();
    let metrics = METRICS.get_or_init(async || metrics::start_recording().unwrap()).await;
    Server::bind(&settings(&[]), metrics.clone()).await.unwrap()
}

async fn serve(call: Router, drain: Duration) -> Running {
    let mut server = bind().await;
    server.drain = drain;
    let (grpc, readiness) = (server.grpc.local_addr().unwrap(), server.readiness.clone());
    let stop = CancellationToken::new();
    let observed = RpcMetricsLayer::new(std::sync::Arc::new(SystemClock));
    let services = tonic::transport::Server::builder().layer(observed).add_routes(Routes::from(call));
    let store =
        Store { services, stopping: async {}.boxed(), http: Router::new(), closing: async {}.boxed() };
    let ended = tokio::spawn(server.run(async { Ok(store) }, stop.clone()));
    let mut states = readiness.subscribe();
    states.wait_for(|state| *state == jaeger_dynamodb_runtime::readiness::State::Ready).await.unwrap();
    Running { grpc, readiness, stop, ended }
}

async fn call(grpc: SocketAddr) -> Result<http::StatusCode, tonic::transport::Error> {
    let channel = Channel::from_shared(format!("http://{grpc}")).unwrap().connect().await?;
    let request = http::Request::post("/test/Call").body(Body::empty()).unwrap();
    Ok(channel.oneshot(request).await?.status())
}

#[tokio::test]
async fn a_call_in_flight_is_answered_before_the_server_ends() {
    let (entered, mut entering) = mpsc::channel(1);
    let release = std::sync::Arc::new(Notify::new());
    let released = std::sync::Arc::clone(&release);
    let slow = post(async move || {
        entered.send(()).await.unwrap();
        released.notified().await;
        "done"
    });
    let server = serve(Router::new().route("/test/Call", slow), DRAIN).await;
    let calling = tokio::spawn(call(server.grpc));
    entering.recv().await.unwrap();

    let mut states = server.readiness.subscribe();
    server.stop.cancel();
    states
        .wait_for(|state| *state == jaeger_dynamodb_runtime::readiness::State::NotReady("shutting down"))
        .await
        .unwrap();
    assert!(!server.ended.is_finished());
    release.notify_one();
    assert_eq!(calling.await.unwrap().unwrap(), 200);
    server.ended.await.unwrap().unwrap();
    assert!(call(server.grpc).await.is_err());
}

#[tokio::test]
async fn a_call_that_never_ends_does_not_hold_the_server() {
    let (entered, mut entering) = mpsc::channel(1);
    let endless = post(async move || {
        entered.send(()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let server = serve(Router::new().route("/test/Call", endless), Duration::from_millis(50)).await;
    let calling = tokio::spawn(call(server.grpc));
    entering.recv().await.unwrap();
    server.stop.cancel();
    server.ended.await.unwrap().unwrap();
    calling.abort();
}

#[tokio::test]
async fn a_stop_while_the_storage_opens_is_obeyed() {
    let server = bind().await;
    let stop = CancellationToken::new();
    stop.cancel();
    server.run(std::future::pending(), stop).await.unwrap();
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let report = super::bind("listen", address).await.map(drop).unwrap_err().report();
    assert!(report.contains(&format!("cannot listen on --listen {address}")), "{report}");
    assert!(report.contains("in use"), "{report}");
}

#[tokio::test]
async fn embedded_storage_opens_a_directory_once_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let settings = settings(&["--data-dir", &path.display().to_string()]);
    let first = crate::store::open_store(&settings).await.unwrap();
    let report = crate::store::open_store(&settings).await.err().unwrap().report();
    assert!(report.contains("cannot open the embedded storage") && report.contains("in use"), "{report}");
    first.closing.await;
    crate::store::open_store(&settings).await.unwrap();
}

#[tokio::test]
async fn purge_is_served_only_if_it_is_allowed() {
    let status = async |flags: &[&str], path| {
        let store = crate::store::open_store(&settings(flags)).await.unwrap();
        let request = http::Request::post(path).body(axum::body::Body::empty()).unwrap();
        store.http.oneshot(request).await.unwrap().status().as_u16()
    };
    let allowed: &[_] = &["--data-dir=:memory:", "--allow-purge"];
    assert_eq!(status(&allowed[..1], "/purge").await, 404);
    assert_eq!(status(allowed, "/purge").await, 200);
    assert_eq!(status(allowed, "/purge?archive=true").await, 200);
    assert_eq!(status(allowed, "/purge?archive=yes").await, 400);
}
