//! The demo's graph is the one that its generator made.

use std::collections::BTreeMap;
use std::time::Duration;

use jaeger_dynamodb_core::{DependencyReader, Tenant};
use jaeger_dynamodb_loadgen::{Load, Workload, calls_between_services};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config};

use super::answers::always;
use super::world::World;

#[tokio::test(start_paused = true)]
async fn the_demos_edges_are_those_that_were_made() -> Result<(), AnyError> {
    let mut world = World::new(aws_config()).await?;
    let load = Load { spans_per_second: 30, duration: Duration::from_secs(700), start: NOW };
    let arrivals: Vec<_> = Workload::demo(3).arrivals(load).collect();
    for arrival in &arrivals {
        world.clock.sleep(arrival.at.saturating_sub(world.elapsed())).await;
        world.write(spans_from_otlp(arrival.request.resource_spans.clone()).spans).await?;
    }
    world.finish().await?;
    let links = world.server.dependencies(&Tenant::default(), always()).await?;
    let found: BTreeMap<_, _> =
        links.into_iter().map(|link| ((link.parent, link.child), link.call_count)).collect();
    let expected = calls_between_services(&arrivals);
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(found, expected);
    world.answers_are_right().await
}
