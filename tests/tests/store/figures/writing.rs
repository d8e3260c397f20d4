//! What writing costs, everything included: commits, windows, marks, and all that is derived.

use std::time::Duration;

use jaeger_dynamodb_dynamo::{Purpose, Table};
use jaeger_dynamodb_loadgen::Workload;
use jaeger_dynamodb_tests::AnyError;

use super::world::World;

/// Three full windows.
const SIMULATED: Duration = Duration::from_secs(3 * 300);

/// Prints what the load has cost.
pub(super) fn print_writing(name: &str, world: &World) -> (f64, f64) {
    let commit = world.usage(Table::Spans, Purpose::Commit);
    let derived = world.usage(Table::Index, Purpose::JobWrite);
    let units = world.write_units() / world.spans;
    let stored = world.stored_bytes() as f64 / world.spans;
    println!(
        "{name}: {} spans in {} requests: {units:.4} WRU a span (commits {:.4}, derived {:.4}, windows {:.4}), \
         {:.5} items and {:.5} commits a span, {stored:.1} bytes stored a span (packs and records {:.1}, derived {:.1})",
        world.spans,
        world.requests,
        commit.write_units / world.spans,
        derived.write_units / world.spans,
        (world.write_units() - commit.write_units - derived.write_units) / world.spans,
        (commit.items_put + derived.items_put) as f64 / world.spans,
        world.requests as f64 / world.spans,
        (commit.bytes_put + 100 * commit.items_put) as f64 / world.spans,
        (derived.bytes_put + 100 * derived.items_put) as f64 / world.spans,
    );
    assert_eq!(world.write_units(), world.engine.traffic().total().write_units, "all of it is counted");
    assert_eq!(world.engine.traffic().operation("Scan").requests, 0);
    assert!(derived.write_units > 0.0, "something is derived");
    (units, stored)
}

async fn costs_at_most(
    limit: f64,
    name: &str,
    workload: Workload,
    spans_per_second: u32,
) -> Result<(), AnyError> {
    let world = World::replay(workload, spans_per_second, SIMULATED).await?;
    let (units, _) = print_writing(&format!("{name}, {spans_per_second} spans/s"), &world);
    assert!(units <= limit, "{units} WRU a span");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn traces_of_three_spans_cost_at_most_0_11_units_a_span() -> Result<(), AnyError> {
    costs_at_most(0.11, "traces of three spans", Workload::three_span_traces(1), 1_000).await
}

#[tokio::test(start_paused = true)]
async fn five_hundred_services_at_10_spans_per_second_cost_at_most_0_6_units_a_span() -> Result<(), AnyError>
{
    costs_at_most(0.6, "500 services", Workload::many_services(1), 10).await
}
