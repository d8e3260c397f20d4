//! Keeps a span and finds it again, with the store inside this program: no server, no port, no gRPC.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::{error::Error, sync::Arc};

use futures::TryStreamExt as _;
use jaeger_dynamodb_core::{
    Predicate, Span, SpanId, Tenant, TraceQuery, TraceReader as _, TraceWriter as _, otlp,
};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreConfig, StoreParts, SystemClock};
use jaeger_dynamodb_embedded::EmbeddedEngine;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // `EmbeddedEngine::open(path)` keeps the spans; any `aws_sdk_dynamodb::Client` takes the engine's place.
    let engine = EmbeddedEngine::in_memory()?;
    let parts = StoreParts { client: engine.client(), clock: Arc::new(SystemClock), seed: None };
    let store = DynamoStore::open(parts, StoreConfig::embedded()).await?;
    let tenant = Tenant::default();

    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736".parse()?;
    let resource = Arc::new(otlp::Resource::of_service("shop"));
    let span = otlp::Span::new(resource, trace_id, SpanId::new([1; 8]), "checkout");
    // Once this returns, the span is durable, and every search that begins from now on finds it.
    store.write_spans(&tenant, vec![Span::Otlp(span)]).await?;

    let query =
        TraceQuery { predicate: Predicate::Operation("checkout".to_owned()), ..TraceQuery::default() };
    let found: Vec<_> = store.find_traces(&tenant, query).try_collect().await?;
    for span in found.iter().flat_map(|chunk| chunk.spans()) {
        println!("{} {} in trace {}", span.service_name(), span.operation_name(), span.trace_id());
    }

    store.close().await;
    engine.close().await;
    Ok(())
}
