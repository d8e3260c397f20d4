//! The conformance suite against the store on the engine, through the AWS SDK: every case twice as two servers, one
//! written to and one that answers, so that nothing that lives in a server's memory helps.

use std::time::Duration;

use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::conformance::run_all;
use jaeger_dynamodb_testkit::{StaleReads, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, tokio_clock, two_servers};

async fn conforms(config: StoreConfig, stale: Option<StaleReads>) -> Result<(), AnyError> {
    let fresh = || async {
        let clock = tokio_clock();
        let engine = match stale {
            Some(stale) => TestEngine::with_stale_reads(clock.clone(), stale)?,
            None => TestEngine::new(clock.clone())?,
        };
        two_servers(&engine, clock, config.clone()).await
    };
    Ok(run_all(fresh, &[]).await?)
}

#[tokio::test]
async fn settings_for_dynamodb() -> Result<(), AnyError> {
    conforms(aws_config(), None).await
}

#[tokio::test]
async fn settings_for_the_embedded_engine() -> Result<(), AnyError> {
    conforms(StoreConfig::embedded(), None).await
}

#[tokio::test]
async fn the_shortest_windows() -> Result<(), AnyError> {
    let second = Duration::from_secs(1);
    conforms(StoreConfig { window: second, window_grace: second, ..StoreConfig::embedded() }, None).await
}

#[tokio::test]
async fn eventually_consistent_reads_that_are_two_seconds_old() -> Result<(), AnyError> {
    conforms(aws_config(), Some(StaleReads::default())).await
}

#[tokio::test]
async fn a_tail_cache_that_holds_nothing() -> Result<(), AnyError> {
    conforms(StoreConfig { tail_cache_bytes: 0, ..aws_config() }, None).await
}
