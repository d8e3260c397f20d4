//! Operation names without end.

use std::collections::HashSet;

use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindTraceIDsRequest, GetOperationsRequest, TraceQueryParameters,
};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use tonic::Status;

use crate::kept::{Content, Kept, Search, services, v2_reader};
use crate::spans::{SERVICE, export_of, of_service, span, trace_id};
use crate::world::{World, assert_refused};

const EXPORTS: u64 = 20;

/// Operations of an Export; all together have 100 000.
const AT_ONCE: u64 = 5000;

/// What a service may list in a day.
const LISTED: usize = 2000;

fn operation(number: u64) -> String {
    format!("GET /customers/{number:060}/orders")
}

async fn operations(world: &World, service: &str) -> Result<Vec<String>, Status> {
    let asked = GetOperationsRequest { service: service.to_owned(), ..GetOperationsRequest::default() };
    let answer = v2_reader(&world.channel).get_operations(asked).await?.into_inner();
    Ok(answer.operations.into_iter().map(|operation| operation.name).collect())
}

async fn by_operation(world: &World, number: u64) -> Result<Vec<Vec<u8>>, Status> {
    let query = TraceQueryParameters {
        service_name: SERVICE.to_owned(),
        operation_name: operation(number),
        ..TraceQueryParameters::default()
    };
    let asked = FindTraceIDsRequest { query: Some(query) };
    let found = v2_reader(&world.channel).find_trace_i_ds(asked).await?.into_inner();
    Ok(found.trace_ids.into_iter().map(|found| found.trace_id).collect())
}

#[tokio::test]
async fn of_100_000_operations_some_are_listed_and_all_are_found() -> Result<(), AnyError> {
    let world = World::start("100 000 operations", &[]).await?;
    let mut samples = Vec::new();
    for batch in 0..EXPORTS {
        let numbers: Vec<_> = (0..AT_ONCE).map(|_| world.number()).collect();
        samples.push(numbers[0]);
        let named = |number: u64| Span { name: operation(number), ..span(number) };
        let content = of_service(SERVICE, numbers.into_iter().map(named).collect()).encode_to_vec();
        world.export(export_of([content.as_slice()])).await?;
        if batch % 5 == 0 {
            world.write_neighbour().await?;
        }
    }
    // Until they are derived all are listed, which is more than a message.
    if let Err(status) = operations(&world, SERVICE).await {
        assert_refused("operations", &status, tonic::Code::ResourceExhausted, "but a message at most");
    }
    for number in &samples {
        assert_eq!(by_operation(&world, *number).await?, [trace_id(*number)]);
        world
            .keep(Kept {
                case: format!("operation {number}"),
                trace_id: trace_id(*number),
                content: Content::Spans(1),
                search: Search::case(SERVICE, *number),
            })
            .await?;
    }
    world.derived().await?;
    let listed = operations(&world, SERVICE).await?;
    // At midnight another day begins.
    assert!((LISTED..=2 * LISTED).contains(&listed.len()), "{}", listed.len());
    assert_eq!(listed.iter().collect::<HashSet<_>>().len(), listed.len());
    assert!(operations(&world, "neighbour").await?.len() <= 7);
    assert_eq!(services(&world.channel).await?, ["neighbour", SERVICE]);
    let dropped = world.server.metric("jaeger_dynamodb_catalog_dropped_total").await?;
    println!("100 000 operations: {} are listed, {dropped} counted as not listed", listed.len());
    // What windows have in common is not known, so it is the most of one that is counted.
    assert!(dropped >= AT_ONCE as f64 - LISTED as f64, "{dropped}");
    assert!(world.server.log()?.contains("a service has too many operations to list them all"));
    for number in &samples {
        assert_eq!(by_operation(&world, *number).await?, [trace_id(*number)], "once derived");
    }
    world.finish().await
}
