use std::ffi::OsString;

use axum::{Router, routing::post};
use futures::FutureExt as _;
use jaeger_dynamodb_grpc::{GrpcConfig, Limits, RpcMetricsLayer};
use jaeger_dynamodb_proto::jaeger::{
    api_v2::Span,
    storage::v1::{
        CapabilitiesRequest, GetTraceRequest, WriteSpanRequest,
        archive_span_writer_plugin_client::ArchiveSpanWriterPluginClient,
        plugin_capabilities_client::PluginCapabilitiesClient,
        span_reader_plugin_client::SpanReaderPluginClient, span_writer_plugin_client::SpanWriterPluginClient,
        streaming_span_writer_plugin_client::StreamingSpanWriterPluginClient,
    },
};
use jaeger_dynamodb_runtime::{
    config::{self, Start},
    metrics,
    readiness::State,
};
use tokio::sync::{Notify, mpsc, watch};
use tonic::{body::Body, service::Routes, transport::Channel};
use tower::ServiceExt as _;

use super::*;
use crate::PROGRAM;

mod measures;

/// A server on free ports.
struct Running {
    grpc: SocketAddr,
    archive: Option<SocketAddr>,
    readiness: Readiness,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<Result<(), Failure>>,
}

fn settings(flags: &[&str]) -> Settings {
    let free_ports = ["--listen=127.0.0.1:0", "--archive-listen=127.0.0.1:0", "--http-listen=127.0.0.1:0"];
    let is_given = |flag: &&str| flags.iter().any(|given| given.split('=').next() == flag.split('=').next());
    let defaults = free_ports.into_iter().filter(|flag| !is_given(flag));
    let arguments =
        [PROGRAM.name].into_iter().chain(defaults).chain(flags.iter().copied()).map(OsString::from);
    match config::load_from(&PROGRAM, arguments, [], Settings::check) {
        Ok(Start::Run { settings, .. }) => settings,
        other => panic!("{other:?}"),
    }
}

/// The recorder is one per process, and all tests share one.
async fn metrics_of_all_tests() -> Metrics {
    static METRICS: tokio::sync::OnceCell<Metrics> = tokio::sync::OnceCell::const_new();
    METRICS.get_or_init(async || metrics::start_recording().unwrap()).await.clone()
}

async fn bind(settings: &Settings) -> Server {
    Server::bind(settings, metrics_of_all_tests().await).await.unwrap()
}

/// A server whose one gRPC method is the route `/test/Call`.
async fn serve(call: Router, drain: Duration) -> Running {
    serve_while(watch::channel(true).1, call, drain).await
}

async fn serve_while(answers: watch::Receiver<bool>, call: Router, drain: Duration) -> Running {
    let mut server = bind(&settings(&[])).await;
    server.drain = drain;
    let observed = RpcMetricsLayer::new(Arc::new(SystemClock));
    let limited = Limits::new(&GrpcConfig::default()).layer(Arc::new(SystemClock));
    let services =
        tonic::transport::Server::builder().layer(observed).layer(limited).add_routes(Routes::from(call));
    let store = Store {
        services: services.clone(),
        archive_services: services,
        answers,
        stopping: async {}.boxed(),
        http: Router::new(),
        closing: async {}.boxed(),
    };
    run(server, store).await
}

async fn run(server: Server, store: Store) -> Running {
    let (grpc, readiness) = (server.grpc.local_addr().unwrap(), server.readiness.clone());
    let archive = server.archive.as_ref().map(|listener| listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let ended = tokio::spawn(server.run(async { Ok(store) }, stop.clone()));
    let mut states = readiness.subscribe();
    states.wait_for(|state| *state == State::Ready).await.unwrap();
    Running { grpc, archive, readiness, stop, ended }
}

async fn call(grpc: SocketAddr) -> Result<http::StatusCode, tonic::transport::Error> {
    let channel = Channel::from_shared(format!("http://{grpc}")).unwrap().connect().await?;
    let request = http::Request::post("/test/Call").body(Body::empty()).unwrap();
    Ok(channel.oneshot(request).await?.status())
}

#[tokio::test]
async fn a_call_in_flight_is_answered_before_the_server_ends() {
    let (entered, mut entering) = mpsc::channel(1);
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
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
    states.wait_for(|state| *state == State::NotReady("shutting down")).await.unwrap();
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
async fn the_server_is_ready_as_long_as_the_storage_answers_and_no_longer() {
    let (answers, told) = watch::channel(true);
    let server = serve_while(told, Router::new(), DRAIN).await;
    let mut states = server.readiness.subscribe();
    for _ in 0..2 {
        answers.send_replace(false);
        states.wait_for(|state| *state == State::NotReady("the storage does not answer")).await.unwrap();
        answers.send_replace(true);
        states.wait_for(|state| *state == State::Ready).await.unwrap();
    }
    server.stop.cancel();
    server.ended.await.unwrap().unwrap();
    answers.send_replace(false);
    assert_eq!(server.readiness.state(), State::NotReady("shutting down"));
}

/// A server of the whole storage, in memory.
async fn serve_store(flags: &[&str]) -> Running {
    let settings = settings(&[&["--data-dir=:memory:"], flags].concat());
    let store = crate::store::open_store(&settings).await.unwrap();
    run(bind(&settings).await, store).await
}

async fn client(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

async fn read(mut client: SpanReaderPluginClient<Channel>) -> Result<usize, tonic::Code> {
    let request = GetTraceRequest { trace_id: vec![7; 16], ..GetTraceRequest::default() };
    let mut chunks = client.get_trace(request).await.map_err(|status| status.code())?.into_inner();
    let mut spans = 0;
    while let Some(chunk) = chunks.message().await.map_err(|status| status.code())? {
        spans += chunk.spans.len();
    }
    Ok(spans)
}

#[tokio::test]
async fn the_archive_is_served_at_an_address_of_its_own() {
    let server = serve_store(&[]).await;
    let (main, archive) = (client(server.grpc).await, client(server.archive.unwrap()).await);
    let span = Span { trace_id: vec![7; 16], span_id: vec![1; 8], ..Span::default() };
    let request = WriteSpanRequest { span: Some(span) };
    SpanWriterPluginClient::new(archive.clone()).write_span(request.clone()).await.unwrap();
    // Older Jaegers find the same archive at the first address, or want its own services at the second.
    for address in [&main, &archive] {
        let mut writer = ArchiveSpanWriterPluginClient::new(address.clone());
        writer.write_archive_span(request.clone()).await.unwrap();
    }
    assert_eq!(read(SpanReaderPluginClient::new(archive)).await, Ok(1));
    assert_eq!(read(SpanReaderPluginClient::new(main)).await, Err(tonic::Code::NotFound));
    server.stop.cancel();
    server.ended.await.unwrap().unwrap();
    assert!(call(server.archive.unwrap()).await.is_err());
}

#[tokio::test]
async fn without_an_address_the_archive_is_served_at_the_first_one_only() {
    let server = serve_store(&["--archive-listen=off"]).await;
    assert_eq!(server.archive, None);
    let mut capabilities = PluginCapabilitiesClient::new(client(server.grpc).await);
    let answer = capabilities.capabilities(CapabilitiesRequest {}).await.unwrap().into_inner();
    assert!(answer.archive_span_reader && answer.archive_span_writer && !answer.streaming_span_writer);
}

#[tokio::test]
async fn streams_of_spans_are_announced_for_the_store_and_never_for_the_archive() {
    let server = serve_store(&["--enable-streaming-writer"]).await;
    for (address, expected) in [(server.grpc, true), (server.archive.unwrap(), false)] {
        let mut capabilities = PluginCapabilitiesClient::new(client(address).await);
        let answer = capabilities.capabilities(CapabilitiesRequest {}).await.unwrap().into_inner();
        assert_eq!(answer.streaming_span_writer, expected);
    }
}

#[tokio::test]
async fn an_open_stream_of_spans_does_not_hold_up_the_end_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data").display().to_string();
    let settings = settings(&["--enable-streaming-writer", "--data-dir", &path]);
    let store = crate::store::open_store(&settings).await.unwrap();
    let server = run(bind(&settings).await, store).await;
    let (spans, sending) = mpsc::channel(1);
    let requests =
        futures::stream::unfold(sending, async |mut sending| Some((sending.recv().await?, sending)));
    let mut writer = StreamingSpanWriterPluginClient::new(client(server.grpc).await);
    let streaming = tokio::spawn(async move { writer.write_span_stream(requests).await });
    let span = Span { trace_id: vec![7; 16], span_id: vec![1; 8], ..Span::default() };
    spans.send(WriteSpanRequest { span: Some(span) }).await.unwrap();
    let reader = SpanReaderPluginClient::new(client(server.grpc).await);
    while read(reader.clone()).await != Ok(1) {}
    server.stop.cancel();
    server.ended.await.unwrap().unwrap();
    assert_eq!(streaming.await.unwrap().unwrap_err().code(), tonic::Code::Unavailable);

    let again = run(bind(&settings).await, crate::store::open_store(&settings).await.unwrap()).await;
    assert_eq!(read(SpanReaderPluginClient::new(client(again.grpc).await)).await, Ok(1));
}

#[tokio::test]
async fn a_stop_while_the_storage_opens_is_obeyed() {
    let server = bind(&settings(&[])).await;
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
