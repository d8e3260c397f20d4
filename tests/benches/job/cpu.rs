//! CPU a span, of the thread that derives and counts edges: reading the log twice, building, encoding, reading all packs,
//! and handing requests to the AWS SDK and taking its answers; without the engine's own, and without merging blocks. What
//! of the edges is neither reading nor decoding packs is measured by itself.

use std::time::Duration;

use futures::stream;
use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_tests::{AnyError, aws_config};
use prost::Message;

use crate::service::{self, Service};
use crate::thread_cpu::thread_cpu;
use crate::work_cpu::WorkCpu;

#[expect(clippy::future_not_send, reason = "the bench runs on one thread, as its recorder does")]
pub(crate) async fn measure() -> Result<(), AnyError> {
    println!(
        "| a window of 300 s at 1 000 spans/s | spans | decode protobuf alone | derive | edges | of it on spans in memory | RRU | items derived | bytes derived | edges: RRU and WRU a million spans |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    of("demo", Workload::demo(1)).await?;
    of("traces of 3 spans", Workload::three_span_traces(1)).await?;
    of("traces of 20 000 spans", Workload::batch(1)).await
}

#[expect(clippy::future_not_send, reason = "the bench runs on one thread, as its recorder does")]
async fn of(name: &str, workload: Workload) -> Result<(), AnyError> {
    let load = Load { spans_per_second: 1_000, duration: Duration::from_secs(300), start: Service::start() };
    let (mut spans, mut messages) = (0, Vec::new());
    for arrival in workload.arrivals(load) {
        spans += arrival.span_count();
        messages.push(arrival.request.encode_to_vec());
    }

    let before = thread_cpu()?;
    for message in &messages {
        std::hint::black_box(ExportTraceServiceRequest::decode(message.as_slice())?);
    }
    let decoding = thread_cpu()? - before;

    let service = Service::open(None)?;
    let requests = messages.iter().map(|message| {
        let request = ExportTraceServiceRequest::decode(message.as_slice()).unwrap_or_default();
        spans_from_otlp(request.resource_spans).spans
    });
    service.write(stream::iter(requests), 1).await?;
    let in_memory = edges_in_memory(&messages)?;
    drop(messages);
    service.close_window();

    let store = service.store(2, aws_config()).await?;
    let work = WorkCpu::default();
    let recording = metrics::set_default_local_recorder(&work);
    work.begin();
    let derivation = service::derive(&store).await?;
    drop(recording);
    let per_span = |cpu: Duration| cpu.as_secs_f64() * 1e6 / spans as f64;
    println!(
        "| {name} | {spans} | {:.2} us | {:.2} us | {:.2} us | {:.2} us | {:.4} | {:.5} | {:.2} B | {:.0}, {:.1} |",
        per_span(decoding),
        per_span(work.of("derive")),
        per_span(work.of("edges")),
        per_span(in_memory),
        derivation.read_units / spans as f64,
        derivation.items as f64 / spans as f64,
        derivation.bytes as f64 / spans as f64,
        derivation.edges_read_units * 1e6 / spans as f64,
        derivation.edges_write_units * 1e6 / spans as f64,
    );
    service.end().await;
    Ok(())
}

/// What edges take once there are spans.
fn edges_in_memory(messages: &[Vec<u8>]) -> Result<Duration, AnyError> {
    let mut spans = Vec::new();
    for message in messages {
        let request = ExportTraceServiceRequest::decode(message.as_slice())?;
        spans.extend(spans_from_otlp(request.resource_spans).spans);
    }
    let before = thread_cpu()?;
    std::hint::black_box(Edges::of_spans(&spans));
    Ok(thread_cpu()? - before)
}
