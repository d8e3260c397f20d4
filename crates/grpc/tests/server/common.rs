//! A server over a store, and what to ask it.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jaeger_dynamodb_core::{Clock, MemoryStore, UnixNanos};
use jaeger_dynamodb_grpc::{Connections, GrpcConfig, OpenStreams, Stores, router};
use jaeger_dynamodb_proto::jaeger::storage::v2::trace_reader_client::TraceReaderClient;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    AnyValue, FindTracesRequest, GetTraceParams, GetTracesRequest, KeyValue, TraceQueryParameters, any_value,
};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_client::TraceServiceClient;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1 as common;
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::transport::Channel;

/// A server that runs until this is dropped.
pub(crate) struct Server {
    pub(crate) channel: Channel,
    pub(crate) address: SocketAddr,
    streams: OpenStreams,
    stops: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Time that a test decides on: none passes, or fifty times as much as on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Still,
    Hurried,
}

const HURRY: u32 = 50;

impl Clock for Pace {
    fn wall(&self) -> UnixNanos {
        UnixNanos(0)
    }

    fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        if *self == Self::Hurried { START.elapsed() * HURRY } else { Duration::ZERO }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that others take")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::Hurried => tokio::time::sleep(duration / HURRY).boxed(),
            Self::Still => futures::future::pending().boxed(),
        }
    }
}

impl Server {
    pub(crate) async fn over(stores: Stores) -> Self {
        Self::configured(stores, GrpcConfig::default()).await
    }

    pub(crate) async fn configured(stores: Stores, config: GrpcConfig) -> Self {
        Self::paced(stores, config, Pace::Still).await
    }

    pub(crate) async fn paced(stores: Stores, config: GrpcConfig, pace: Pace) -> Self {
        Self::connected(stores, config, pace, 1000).await
    }

    pub(crate) async fn connected(
        stores: Stores,
        config: GrpcConfig,
        pace: Pace,
        most_connections: usize,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, streams) = router(stores, &config, Arc::new(pace)).await.unwrap();
        let incoming = Connections::new(most_connections, Arc::new(pace)).accept(listener);
        let (stops, mut stopped) = watch::channel(false);
        let stopped = async move { drop(stopped.wait_for(|stops| *stops).await) };
        let serving = router.serve_with_incoming_shutdown(incoming, stopped);
        let task = tokio::spawn(async move { serving.await.unwrap() });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, address, streams, stops, task }
    }

    /// Stops as a process does, and returns when the last request is answered.
    pub(crate) async fn shut_down(mut self) {
        self.streams.stop().await;
        self.stops.send_replace(true);
        (&mut self.task).await.unwrap();
        self.streams.written().await;
    }

    pub(crate) async fn in_memory() -> Self {
        Self::over(in_memory()).await
    }

    pub(crate) fn reader(&self) -> TraceReaderClient<Channel> {
        TraceReaderClient::new(self.channel.clone())
    }

    pub(crate) fn exporter(&self) -> TraceServiceClient<Channel> {
        TraceServiceClient::new(self.channel.clone())
    }

    pub(crate) async fn export(&self, spans: Vec<ResourceSpans>) {
        let answer = self.exporter().export(ExportTraceServiceRequest { resource_spans: spans }).await;
        assert_eq!(answer.unwrap().into_inner().partial_success, None);
    }

    /// The messages that answer for the trace of this number.
    pub(crate) async fn trace(&self, number: u8) -> Vec<TracesData> {
        let asked = GetTracesRequest { query: vec![by_id(number)] };
        all(self.reader().get_traces(asked).await.unwrap().into_inner()).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn in_memory() -> Stores {
    Stores::of(Arc::new(MemoryStore::new()))
}

pub(crate) async fn all<T>(mut stream: tonic::Streaming<T>) -> Vec<T> {
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        messages.push(message);
    }
    messages
}

pub(crate) fn by_id(number: u8) -> GetTraceParams {
    GetTraceParams { trace_id: vec![number; 16], start_time: None, end_time: None }
}

pub(crate) fn span(trace: u8, number: u64) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: number.to_be_bytes().to_vec(),
        name: format!("operation {number}"),
        kind: 2,
        start_time_unix_nano: 1_000_000_000 * number,
        end_time_unix_nano: 1_000_000_000 * number + 500,
        ..Default::default()
    }
}

pub(crate) fn pair(key: &str, value: common::any_value::Value) -> common::KeyValue {
    common::KeyValue { key: key.to_owned(), value: Some(common::AnyValue { value: Some(value) }) }
}

pub(crate) fn text(key: &str, text: &str) -> common::KeyValue {
    pair(key, common::any_value::Value::StringValue(text.to_owned()))
}

pub(crate) fn of_service(service: &str, spans: Vec<Span>) -> ResourceSpans {
    let resource = Resource { attributes: vec![text("service.name", service)], ..Default::default() };
    let scope = Some(common::InstrumentationScope::default());
    ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![ScopeSpans { scope, spans, ..Default::default() }],
        ..Default::default()
    }
}

pub(crate) fn find(parameters: TraceQueryParameters) -> FindTracesRequest {
    FindTracesRequest { query: Some(parameters) }
}

pub(crate) fn asked(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

pub(crate) fn spans_of(messages: &[TracesData]) -> Vec<&Span> {
    messages
        .iter()
        .flat_map(|message| &message.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect()
}
