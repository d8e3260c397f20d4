//! Jaeger v1's way of writing: one span a call, from many callers over one connection, each waiting for its answer.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_core::translate::ToV1;
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_proto::jaeger::api_v2::Span;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_writer_plugin_client::SpanWriterPluginClient;
use jaeger_dynamodb_tests::{AnyError, NOW};
use tonic::transport::Channel;

use crate::processes::{Server, Storage};

/// As many as a collector of Jaeger v1 has workers, `--collector.num-workers`.
pub(crate) const CALLERS: usize = 50;

const SECONDS_OF_DEMO: u64 = 100;

/// Writes 100 000 spans of the demo and prints what that took.
pub(crate) fn print_rows() -> Result<(), AnyError> {
    println!("| storage | spans/s | p50 | p99 | items written a span | CPU of the server a span |");
    println!("|---|---|---|---|---|---|");
    for storage in [Storage::Memory, Storage::File] {
        tokio::runtime::Runtime::new()?.block_on(print_row(storage))?;
    }
    Ok(())
}

async fn print_row(storage: Storage) -> Result<(), AnyError> {
    let server = Server::start(storage)?;
    let channel = Channel::from_shared(server.url())?.connect().await?;
    let demo = demo();
    let spans = demo.len();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (cpu, began) = (server.cpu()?, clock.monotonic());
    let callers = demo
        .chunks(spans.div_ceil(CALLERS))
        .map(|share| tokio::spawn(write(channel.clone(), share.to_vec(), Arc::clone(&clock))));
    let mut took = Vec::with_capacity(spans);
    for caller in try_join_all(callers).await? {
        took.extend(caller?);
    }
    let (seconds, cpu) = ((clock.monotonic() - began).as_secs_f64(), server.cpu()? - cpu);
    took.sort_unstable();
    let percentile =
        |percent: usize| took.get((took.len() - 1) * percent / 100).map_or(0.0, Duration::as_secs_f64) * 1e3;
    println!(
        "| {} | {:.0} | {:.1} ms | {:.1} ms | {:.3} | {:.1} us |",
        storage.name(),
        spans as f64 / seconds,
        percentile(50),
        percentile(99),
        server.items_committed()? / spans as f64,
        cpu.as_secs_f64() * 1e6 / spans as f64,
    );
    Ok(())
}

/// Writes spans one after the other and says how long each took.
async fn write(channel: Channel, spans: Vec<Span>, clock: Arc<dyn Clock>) -> Result<Vec<Duration>, AnyError> {
    let mut client = SpanWriterPluginClient::new(channel);
    let mut took = Vec::with_capacity(spans.len());
    for span in spans {
        let began = clock.monotonic();
        client.write_span(WriteSpanRequest { span: Some(span) }).await?;
        took.push(clock.monotonic() - began);
    }
    Ok(took)
}

/// The demo's spans as Jaeger v1 hands them over.
fn demo() -> Vec<Span> {
    let load = Load { spans_per_second: 1_000, duration: Duration::from_secs(SECONDS_OF_DEMO), start: NOW };
    let mut to_v1 = ToV1::default();
    let arrivals = Workload::demo(1).arrivals(load);
    let spans = arrivals.flat_map(|arrival| spans_from_otlp(arrival.request.resource_spans).spans);
    spans.map(|span| to_v1.span(span).into()).collect()
}
