//! Records that cannot be derived.

use std::time::Duration;

use jaeger_dynamodb_core::{OperationQuery, TraceReader};
use jaeger_dynamodb_dynamo::JobMode;
use jaeger_dynamodb_tests::AnyError;

use super::world::*;

#[tokio::test(start_paused = true)]
async fn a_damaged_record_blocks_nothing() -> Result<(), AnyError> {
    for damage in [vec![1, 0, 0, 0xff], Vec::new()] {
        let world = World::new()?;
        world.fill(1).await?;
        world.damage_a_record(damage).await?;
        let (_, runner) = world.runner(JobMode::InProcess).await?;
        assert_eq!(runner.round().await?, done(1));
        // The other commit of the window is derived.
        assert!(!world.index(b's').await?.is_empty());
        let (_, reader) = world.open().await?;
        let query = OperationQuery { service: "shop".to_owned(), ..OperationQuery::default() };
        assert_eq!(reader.operations(&world.tenant, query).await?.len(), 3);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_record_of_a_newer_version_waits_for_an_hour() -> Result<(), AnyError> {
    let world = World::new()?;
    world.fill(2).await?;
    world.damage_a_record(vec![99, 1, 2, 3]).await?;
    let (_, runner) = world.runner(JobMode::InProcess).await?;
    let report = runner.round().await?;
    assert_eq!((report.derived, report.postponed, report.not_done), (1, 1, 1));
    // A newer server would find it unclaimed.
    for claim in world.index(b'j').await? {
        assert!(
            bytes(&claim, "sk") != bytes(&world.windows().await?[0], "sk") || !claim.contains_key("holder")
        );
    }
    world.clock.sleep(Duration::from_secs(1800)).await;
    assert_eq!(runner.round().await?.not_done, 1);
    world.clock.sleep(Duration::from_secs(1800)).await;
    runner.round().await?;
    assert_eq!(runner.round().await?.not_done, 0);
    assert_eq!(world.manifests().await?.len(), 2);
    Ok(())
}
