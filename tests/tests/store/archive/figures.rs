//! What archiving costs, in the units that DynamoDB bills.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{Span, Tenant, TraceId, TraceReader, TraceRef, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, Purpose, Table, Usage};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_testkit::ManualClock;
use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};
use jaeger_dynamodb_tests::{AnyError, NOW};

use super::world::{TABLE, World, same_without_order};

fn usage(store: &DynamoStore, purpose: Purpose) -> Usage {
    store.capacity().usage().get(&(Table::Archive, purpose)).copied().unwrap_or_default()
}

/// The spans of the trace that has most of them, of twenty seconds of the load.
fn largest_trace(workload: &Workload) -> Vec<Span> {
    let load = Load { spans_per_second: 100, duration: Duration::from_secs(20), start: NOW };
    let mut traces: HashMap<TraceId, Vec<Span>> = HashMap::new();
    for arrival in workload.arrivals(load) {
        for span in spans_from_otlp(arrival.request.resource_spans).spans {
            traces.entry(span.trace_id()).or_default().push(span);
        }
    }
    traces
        .into_values()
        .max_by_key(|spans| (spans.len(), spans.first().map(Span::trace_id)))
        .unwrap_or_default()
}

#[tokio::test]
async fn a_trace_of_the_demo_costs_an_item_and_at_most_two_units_a_span_and_is_read_in_one_page()
-> Result<(), AnyError> {
    let world = World::new(Arc::new(ManualClock::at(NOW)))?;
    let server = world.server("server").await?;
    let spans = largest_trace(&Workload::demo(1));
    let (tenant, id, count) = (Tenant::default(), spans[0].trace_id(), spans.len());
    server.archive.write_spans(&tenant, spans.clone()).await?;
    let chunks: Vec<_> = server.archive.get_traces(&tenant, vec![TraceRef::from(id)]).try_collect().await?;
    let found: Vec<_> = chunks.into_iter().flat_map(|chunk| chunk.into_spans()).collect();
    assert!(same_without_order(&found, &spans));

    let (written, read) =
        (usage(&server.store, Purpose::ArchiveWrite), usage(&server.store, Purpose::ArchiveRead));
    let per_span = |sum: f64| sum / count as f64;
    println!(
        "a demo trace of {count} spans: {} items of {:.0} bytes, {} WRU, {} RRU in {} pages",
        written.items_put,
        per_span(written.bytes_put as f64),
        written.write_units,
        read.read_units,
        read.requests,
    );
    assert!(count >= 10, "{count} spans are no trace of the demo");
    assert_eq!((written.items_put, written.requests), (count as u64, count as u64));
    // With their resources, which packs share, many of these spans take a little more than a KB.
    assert!(per_span(written.write_units) <= 2.0, "{} WRU a span", per_span(written.write_units));
    assert_eq!(read.requests, 1);
    assert!(per_span(read.read_units) <= 0.3, "{} RRU a span", per_span(read.read_units));
    assert_eq!(written.write_units, world.traffic().of("PutItem", TABLE).write_units, "all of it is counted");
    Ok(())
}

// As Jaeger's own large trace: 10 008 spans a second apart, of which two share an id.
#[tokio::test]
async fn ten_thousand_spans_of_one_trace_are_put_once_each_and_read_page_by_page() -> Result<(), AnyError> {
    let world = World::new(Arc::new(ManualClock::at(NOW)))?;
    let server = world.server("server").await?;
    let spans: Vec<_> = (0..10_008)
        .map(|number: u64| {
            let mut span = otlp_span(1, if number == 0 { 3 } else { number }, "shop");
            span.start_time_unix_nano += number * 1_000_000_000;
            Span::Otlp(span)
        })
        .collect();
    let tenant = Tenant::default();
    server.archive.write_spans(&tenant, spans.clone()).await?;
    let before = world.traffic();
    let chunks: Vec<_> =
        server.archive.get_traces(&tenant, vec![TraceRef::from(trace_id(1))]).try_collect().await?;
    let read = world.traffic().since(&before);
    assert!(chunks.iter().all(|chunk| chunk.spans().len() <= 256), "a chunk is a page");
    let found: Vec<_> = chunks.into_iter().flat_map(|chunk| chunk.into_spans()).collect();
    assert!(same_without_order(&found, &spans));

    assert_eq!(world.traffic().of("PutItem", TABLE).requests, 10_008);
    let pages = read.of("Query", TABLE);
    println!(
        "10 008 spans: {} WRU, {} RRU in {} pages",
        world.traffic().of("PutItem", TABLE).write_units,
        pages.read_units,
        pages.requests
    );
    assert_eq!((pages.requests, read.requests()), (40, 40));
    Ok(())
}
