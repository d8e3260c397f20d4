//! More services than memory holds the edges of: they are counted piece by piece, and not summed up.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jaeger_dynamodb_core::{Span, SpanKind, otlp};
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::fixtures::{otlp_span, resource, span_id};
use jaeger_dynamodb_tests::{AnyError, aws_config};

use super::answers::call;
use super::world::World;

type Item = std::collections::HashMap<String, AttributeValue>;

impl World {
    /// All items of the table.
    pub(super) async fn contributions(&self) -> Result<Vec<Item>, AnyError> {
        let client = self.engine.handle("inspector").client();
        let mut pages = client.scan().table_name("jaeger.dependencies").into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page?.items.unwrap_or_default());
        }
        Ok(items)
    }
}

/// A trace in which each service calls the next.
fn chain(world: &World, trace: u64, services: std::ops::Range<u64>) -> Vec<Span> {
    let Some(Span::Otlp(first)) = call(world, trace).into_iter().next() else { return Vec::new() };
    let span = |number: u64| otlp::Span {
        resource: resource(&format!("service {number}")),
        parent_span_id: Some(span_id(number)),
        kind: SpanKind::Server,
        start_time_unix_nano: first.start_time_unix_nano,
        end_time_unix_nano: first.end_time_unix_nano,
        ..otlp_span(trace, number + 1, "")
    };
    services.map(|number| Span::Otlp(span(number))).collect()
}

#[tokio::test(start_paused = true)]
async fn thousands_of_services_are_counted_in_little_memory() -> Result<(), AnyError> {
    let config = StoreConfig { job_memory_bytes: 16 * 1024 * 1024, ..aws_config() };
    let mut world = World::new(config).await?;
    for trace in 0..20 {
        world.write(chain(&world, trace + 1, trace * 800..(trace + 1) * 800 + 100)).await?;
    }
    world.finish().await?;
    let items = world.contributions().await?;
    assert!(items.len() > 8, "{} items: all of it was in memory at once", items.len());
    world.answers_are_right().await?;
    world.clock.sleep(Duration::from_secs(30 * 3600)).await;
    assert_eq!(world.roll_up().await?, 0, "it does not fit");
    world.answers_are_right().await
}

#[tokio::test(start_paused = true)]
async fn what_is_summed_up_and_damaged_is_read_from_what_it_sums_up() -> Result<(), AnyError> {
    let mut world = World::new(aws_config()).await?;
    for trace in 1..6 {
        world.write(call(&world, trace).to_vec()).await?;
        world.clock.sleep(Duration::from_secs(600)).await;
    }
    world.finish().await?;
    let of_windows = world.contributions().await?;
    world.clock.sleep(Duration::from_secs(30 * 3600)).await;
    assert_eq!(world.roll_up().await?, 2);
    let client = world.engine.handle("vandal").client();
    for mut item in world.contributions().await?.into_iter().filter(|item| !of_windows.contains(item)) {
        item.insert("content".to_owned(), AttributeValue::B(Blob::new(*b"damage")));
        client.put_item().table_name("jaeger.dependencies").set_item(Some(item)).send().await?;
    }
    world.answers_are_right().await
}
