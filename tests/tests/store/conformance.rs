//! The conformance suite against the store on the engine, through the AWS SDK: every case twice as two servers, one
//! written to and one that answers, so that nothing that lives in a server's memory helps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jaeger_dynamodb_dynamo::{DynamoStore, Purpose, StoreConfig, Table};
use jaeger_dynamodb_testkit::conformance::{StoreUnderTest, run_all};
use jaeger_dynamodb_testkit::{StaleReads, TestEngine};
use jaeger_dynamodb_tests::{AnyError, DerivingWriter, aws_config, open, tokio_clock, two_servers};

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

/// The same when all that is written is derived before anything is read: no answer comes from the log of a window.
async fn conforms_when_derived(config: StoreConfig, stale: Option<StaleReads>) -> Result<(), AnyError> {
    let readers: Mutex<Vec<Arc<DynamoStore>>> = Mutex::default();
    let fresh = || async {
        let clock = tokio_clock();
        let engine = match stale {
            Some(stale) => TestEngine::with_stale_reads(clock.clone(), stale)?,
            None => TestEngine::new(clock.clone())?,
        };
        let writer = open(&engine.handle("writer"), Arc::clone(&clock), config.clone(), 1).await?;
        let reader = open(&engine.handle("reader"), Arc::clone(&clock), config.clone(), 2).await?;
        readers.lock().map_err(|error| error.to_string())?.push(Arc::clone(&reader));
        let writer = Arc::new(DerivingWriter::new(writer, &config, clock));
        Ok(StoreUnderTest::new(writer, reader).keeping(engine))
    };
    run_all(fresh, &[]).await?;
    let (mut segments, mut pointers) = (0, 0);
    for reader in readers.into_inner()? {
        let usage = reader.capacity().usage();
        let requests = |table, purpose| usage.get(&(table, purpose)).map_or(0, |usage| usage.requests);
        assert_eq!(requests(Table::Spans, Purpose::Tail), 0, "a log was read");
        segments += requests(Table::Index, Purpose::Segment);
        pointers += requests(Table::Index, Purpose::Pointer);
    }
    assert!(segments > 0 && pointers > 0, "nothing derived was read");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn derived_with_settings_for_dynamodb() -> Result<(), AnyError> {
    conforms_when_derived(aws_config(), None).await
}

#[tokio::test(start_paused = true)]
async fn derived_with_the_shortest_windows() -> Result<(), AnyError> {
    let second = Duration::from_secs(1);
    conforms_when_derived(
        StoreConfig { window: second, window_grace: second, ..StoreConfig::embedded() },
        None,
    )
    .await
}

#[tokio::test(start_paused = true)]
async fn derived_in_tiny_parts_and_buckets() -> Result<(), AnyError> {
    conforms_when_derived(StoreConfig { part_bytes: 64, bucket_bytes: 64, ..aws_config() }, None).await
}

#[tokio::test(start_paused = true)]
async fn derived_and_read_from_a_state_of_a_minute_ago() -> Result<(), AnyError> {
    let stale = StaleReads { lag: Duration::from_secs(60), ..StaleReads::default() };
    conforms_when_derived(StoreConfig { part_bytes: 64, ..aws_config() }, Some(stale)).await
}

#[tokio::test]
async fn a_tail_cache_that_holds_nothing() -> Result<(), AnyError> {
    conforms(StoreConfig { tail_cache_bytes: 0, ..aws_config() }, None).await
}
