//! Jaeger v1's way of writing: one span a call, each caller waiting for its answer, through real gRPC.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::future::try_join_all;
use jaeger_dynamodb_core::{Tenant, TraceChunk, TraceReader, TraceRef};
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_grpc::{GrpcConfig, Stores, router};
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_writer_plugin_client::SpanWriterPluginClient;
use jaeger_dynamodb_testkit::fixtures::{trace_id, v1_span};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, open, tokio_clock};
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;

const CALLERS: u64 = 50;
const SPANS_EACH: u64 = 40;

/// DynamoDB takes longer. An engine that answers at once shares commits by how busy the machine is: `make bench` prints
/// what it does here.
const ANSWER: Duration = Duration::from_millis(2);

/// Items written a span.
async fn items_a_span(config: StoreConfig) -> Result<f64, AnyError> {
    let engine = TestEngine::new(tokio_clock())?;
    let handle = engine.handle("server");
    handle.inject(FaultPlan::new(|_| Fault::DelayAnswer(ANSWER)));
    let store = open(&handle, tokio_clock(), config, 1).await?;
    let (router, _streams) =
        router(Stores::of(Arc::clone(&store)), &GrpcConfig::default(), tokio_clock()).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let serving =
        tokio::spawn(router.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));

    let before = engine.traffic();
    let channel = Channel::from_shared(url)?.connect().await?;
    let callers = (1..=CALLERS).map(|caller| write(SpanWriterPluginClient::new(channel.clone()), caller));
    try_join_all(callers).await?;
    let puts = engine.traffic().since(&before).operation("PutItem").requests;
    serving.abort();

    let asked = (1..=CALLERS).map(|caller| TraceRef::from(trace_id(caller))).collect();
    let chunks = store.get_traces(&Tenant::default(), asked);
    let found: Vec<TraceChunk> = chunks.try_collect().await?;
    let spans: usize = found.iter().map(|chunk| chunk.spans().len()).sum();
    assert_eq!(spans as u64, CALLERS * SPANS_EACH);
    Ok(puts as f64 / spans as f64)
}

/// Writes the spans of a trace, one after the other.
async fn write(mut client: SpanWriterPluginClient<Channel>, trace: u64) -> Result<(), AnyError> {
    for number in 1..=SPANS_EACH {
        let span = Some(v1_span(trace, number, "shop").into());
        client.write_span(WriteSpanRequest { span }).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_one_span_each_share_commits() -> Result<(), AnyError> {
    for config in [aws_config(), StoreConfig { create_tables: true, ..StoreConfig::embedded() }] {
        let items = items_a_span(config).await?;
        assert!(items <= 0.2, "{items} items were written a span");
    }
    Ok(())
}
