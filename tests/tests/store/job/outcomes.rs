//! What a run leaves behind beside segments: the catalog, and merged pointers.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jaeger_dynamodb_core::{Span, TraceWriter};
use jaeger_dynamodb_dynamo::{JobMode, StoreConfig};
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_tests::{AnyError, aws_config};

use super::world::*;

#[tokio::test(start_paused = true)]
async fn the_catalog_is_written_once_and_capped_in_sight() -> Result<(), AnyError> {
    let world = World::new()?;
    let (_, writer) = world.open().await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    for window in 0..3 {
        let spans = (0..2100_u64).map(|number| {
            let mut span = otlp_span(1 + window * 3000 + number, 1, "exploding");
            span.name = format!("GET /order/{number}");
            Span::Otlp(span)
        });
        let mut spans: Vec<_> = spans.collect();
        let mut nameless = otlp_span(1 + window * 3000, 2, "nameless");
        nameless.name = String::new();
        spans.push(Span::Otlp(nameless));
        writer.write_spans(&world.tenant, spans).await?;
        world.clock.sleep(CLOSED).await;
        let before = world.engine.traffic();
        assert_eq!(runner.round().await?.derived, 1);
        let updates = world.engine.traffic().since(&before).of("UpdateItem", "jaeger.index").requests;
        // Claims for deriving and for the edges; then the services and the dropped operations.
        assert_eq!(updates, if window == 0 { 2 + 5 + 1 + 1 } else { 2 }, "window {window}");
    }
    let catalog = world.catalog().await?;
    assert_eq!(catalog["exploding"].len(), 2000);
    assert_eq!(catalog["nameless"].len(), 0);
    let items = world.index(b'c').await?;
    let exploding = items.iter().find(|item| bytes(item, "sk") == b"exploding").ok_or("no item")?;
    assert_eq!(exploding["dropped"], AttributeValue::N("100".to_owned()));
    // Who starts anew reads what is there and adds nothing.
    writer.write_spans(&world.tenant, vec![Span::Otlp(otlp_span(1, 3, "nameless"))]).await?;
    world.clock.sleep(CLOSED).await;
    let (_, fresh) = world.runner(JobMode::InProcess).await?;
    assert_eq!(fresh.round().await?.derived, 1);
    assert_eq!(world.catalog().await?["nameless"].len(), 1);
    assert_eq!(world.catalog().await?["exploding"], catalog["exploding"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_block_is_merged_once() -> Result<(), AnyError> {
    let config = StoreConfig { clock_skew: Duration::ZERO, settle: Duration::ZERO, ..aws_config() };
    let world = World::with(config)?;
    // Some windows of a first block, a whole one, and some of a third.
    world.fill(70).await?;
    let (first, second) = (world.runner(JobMode::InProcess).await?, world.runner(JobMode::InProcess).await?);
    let (one, two) = tokio::join!(first.1.round(), second.1.round());
    let (one, two) = (one?, two?);
    assert_eq!(one.derived + two.derived, 70);
    world.clock.sleep(LEASE).await;
    let (three, four) = (first.1.round().await?, second.1.round().await?);
    let merged = one.merged + two.merged + three.merged + four.merged;
    let mut blocks = world.items("jaeger.windows").await?;
    blocks.retain(|item| bytes(item, "pk") == [0, b'b']);
    assert_eq!((blocks.len(), merged), (1, 1), "{one:?} {two:?} {three:?} {four:?}");
    assert!(blocks[0].contains_key("expiry") && blocks[0].contains_key("manifest"));
    assert!(!world.index(b'm').await?.is_empty());
    let (_, late) = world.runner(JobMode::InProcess).await?;
    assert_eq!(late.round().await?.merged, 0);
    world.answers_are_right().await
}
