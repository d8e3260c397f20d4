//! CPU that a span costs a server, from the bytes of an Export to commits handed to the AWS SDK, beside decoding the
//! protobuf alone. One thread; the service answers puts at once and keeps nothing, so that its own work is not counted.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench prints, and may stop")]

#[path = "shared/asked.rs"]
mod asked;
#[path = "shared/thread_cpu.rs"]
mod thread_cpu;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use jaeger_dynamodb_core::{Tenant, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, StoreConfig, StoreParts, SystemClock};
use jaeger_dynamodb_embedded::{EmbeddedEngine, EngineOptions, Execution, sdk_config};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_tests::{AnyError, NOW};
use prost::Message;

use crate::asked::is_asked;
use crate::thread_cpu::thread_cpu;

/// Answers puts of packs and records without doing anything, and hands everything else to the engine.
#[derive(Debug, Clone)]
struct NullPuts(EmbeddedEngine);

impl HttpConnector for NullPuts {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_put = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".PutItem"));
        if !is_put {
            return self.0.call(request);
        }
        let date = aws_smithy_types::DateTime::from(std::time::SystemTime::UNIX_EPOCH + now());
        let date = date.fmt(aws_smithy_types::date_time::Format::HttpDate);
        let mut response = HttpResponse::new(200.try_into().expect("a status"), SdkBody::from("{}"));
        response.headers_mut().insert("date", date.expect("a date"));
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for NullPuts {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench has no clock to take")]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970")
}

async fn measure(name: &str, workload: Workload) -> Result<(), AnyError> {
    let load = Load { spans_per_second: 1000, duration: Duration::from_secs(60), start: NOW };
    let arrivals: Vec<_> = workload.arrivals(load).collect();
    let spans: usize = arrivals.iter().map(|arrival| arrival.span_count()).sum();
    let messages: Vec<_> = arrivals.iter().map(|arrival| arrival.request.encode_to_vec()).collect();
    drop(arrivals);

    let engine = EmbeddedEngine::in_memory_with(EngineOptions::default().with_execution(Execution::Inline))?;
    let client = aws_sdk_dynamodb::Client::from_conf(sdk_config(NullPuts(engine)).build());
    let parts = StoreParts { client, clock: Arc::new(SystemClock), seed: Some(1) };
    let store =
        DynamoStore::open(parts, StoreConfig { create_tables: true, streams: false, ..StoreConfig::aws() })
            .await?;
    let tenant = Tenant::default();

    let started = thread_cpu()?;
    for message in &messages {
        std::hint::black_box(ExportTraceServiceRequest::decode(message.as_slice())?);
    }
    let decoded = thread_cpu()?;
    for message in &messages {
        let request = ExportTraceServiceRequest::decode(message.as_slice())?;
        std::hint::black_box(spans_from_otlp(request.resource_spans));
    }
    let converted = thread_cpu()?;
    for message in &messages {
        let request = ExportTraceServiceRequest::decode(message.as_slice())?;
        store.write_spans(&tenant, spans_from_otlp(request.resource_spans).spans).await?;
    }
    let written = thread_cpu()?;
    #[expect(clippy::cast_precision_loss, reason = "printed with two digits")]
    let per_span = |from: Duration, to: Duration| (to - from).as_secs_f64() * 1e6 / spans as f64;
    println!(
        "{name:<18} {spans:>7} spans, {:>5} bytes each: decode {:.2}, decode + convert {:.2}, \
         decode + convert + commit {:.2} us of CPU a span",
        messages.iter().map(Vec::len).sum::<usize>() / spans,
        per_span(started, decoded),
        per_span(decoded, converted),
        per_span(converted, written),
    );
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    if !is_asked() {
        return Ok(());
    }
    measure("demo", Workload::demo(1)).await?;
    measure("three-span traces", Workload::three_span_traces(1)).await?;
    measure("batch", Workload::batch(1)).await?;
    Ok(())
}
