//! What writing costs, in the units that DynamoDB bills, for the load of an OpenTelemetry demo.
//!
//! Proves the arithmetic and the layout on our own workload and an engine that bills as DynamoDB documents it; it does
//! not prove DynamoDB's bill.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Tenant, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, Purpose, Table, Usage};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_testkit::{ManualClock, TestEngine, Traffic};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open};

/// DynamoDB charges storage for so many bytes more than an item holds
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
const STORED_BYTES_PER_ITEM: u64 = 100;

/// Long enough for a change of windows, of which the first ends 100 s after the start.
const SIMULATED: Duration = Duration::from_secs(120);

/// What became of a load.
struct Written {
    spans: f64,
    requests: usize,
    store: Arc<DynamoStore>,
    traffic: Traffic,
}

impl Written {
    async fn replay(workload: Workload, spans_per_second: u32) -> Result<Self, AnyError> {
        let clock = ManualClock::at(NOW);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let engine = TestEngine::new(Arc::clone(&shared))?;
        let store = open(&engine.handle("writer"), shared, aws_config(), 7).await?;
        let before = engine.traffic();
        let (mut spans, mut requests, mut now) = (0_u32, 0, Duration::ZERO);
        for arrival in workload.arrivals(Load { spans_per_second, duration: SIMULATED, start: NOW }) {
            clock.advance(arrival.at - now);
            now = arrival.at;
            let converted = spans_from_otlp(arrival.request.resource_spans);
            assert_eq!(converted.rejected, []);
            spans += u32::try_from(converted.spans.len())?;
            requests += 1;
            store.write_spans(&Tenant::default(), converted.spans).await?;
        }
        Ok(Self { spans: f64::from(spans), requests, store, traffic: engine.traffic().since(&before) })
    }

    fn usage(&self, table: Table, purpose: Purpose) -> Usage {
        self.store.capacity().usage().get(&(table, purpose)).copied().unwrap_or_default()
    }
}

/// Replays the load, prints what it costs and holds it to the limit.
#[expect(clippy::print_stdout, reason = "the figures are the point")]
async fn costs_at_most(
    limit: f64,
    name: &str,
    workload: Workload,
    spans_per_second: u32,
) -> Result<(), AnyError> {
    let written = Written::replay(workload, spans_per_second).await?;
    let commit = written.usage(Table::Spans, Purpose::Commit);
    let window = written.usage(Table::Windows, Purpose::Window);
    let spans = written.spans;

    let units = (commit.write_units + window.write_units) / spans;
    let stored = commit.bytes_put + commit.items_put * STORED_BYTES_PER_ITEM;
    println!(
        "{name}, {spans_per_second} spans/s: {spans} spans in {} requests: {units:.4} WRU, {:.5} items, \
         {:.1} bytes stored a span; windows: {} requests, {} WRU",
        written.requests,
        commit.items_put as f64 / spans,
        stored as f64 / spans,
        window.requests,
        window.write_units,
    );
    assert_eq!(commit.write_units, written.traffic.table("jaeger.spans").write_units);
    assert_eq!(window.write_units, written.traffic.table("jaeger.windows").write_units);
    assert_eq!(commit.write_units + window.write_units, written.traffic.total().write_units);
    assert_eq!(written.traffic.operation("Scan").requests, 0);
    assert!(window.write_units > 0.0, "two windows begin");
    assert!(units <= limit, "{units} WRU a span");
    Ok(())
}

// Packs and records; what is derived from them comes on top.

#[tokio::test]
async fn a_demo_at_1_000_spans_per_second_costs_at_most_0_08_units_a_span() -> Result<(), AnyError> {
    costs_at_most(0.08, "demo", Workload::demo(1), 1_000).await
}

#[tokio::test]
async fn traces_of_three_spans_cost_at_most_0_08_units_a_span() -> Result<(), AnyError> {
    costs_at_most(0.08, "traces of three spans", Workload::three_span_traces(1), 1_000).await
}

#[tokio::test]
async fn five_hundred_services_at_10_spans_per_second_cost_at_most_half_a_unit_a_span() -> Result<(), AnyError>
{
    costs_at_most(0.5, "500 services", Workload::many_services(1), 10).await
}
