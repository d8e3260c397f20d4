use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::connector::tests::{create_table, get, put};

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    for durability in [Durability::Normal, Durability::Full] {
        let directory = tempfile::tempdir().unwrap();
        let options = EngineOptions::default().with_durability(durability);
        let engine = EmbeddedEngine::open_with(directory.path(), options.clone()).unwrap();
        let client = engine.client();
        create_table(&client).await;
        put(&client, "a", 1).await;
        engine.close().await;

        let engine = EmbeddedEngine::open_with(directory.path(), options).unwrap();
        assert!(get(&engine.client(), "a", 1).await.is_some(), "{durability:?}");
    }
}

#[tokio::test]
async fn a_second_engine_is_told_what_to_do_about_a_directory_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let first = EmbeddedEngine::open(directory.path()).unwrap();

    let refusal = EmbeddedEngine::open(directory.path()).unwrap_err().to_string();
    assert!(refusal.contains(&directory.path().display().to_string()), "{refusal}");
    assert!(refusal.contains("data_dir") && refusal.contains("storage: aws"), "{refusal}");

    first.close().await;
    EmbeddedEngine::open(directory.path()).unwrap();
}

#[tokio::test]
async fn dropping_the_last_clone_releases_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let engine = EmbeddedEngine::open(directory.path()).unwrap();
    let client = engine.client();
    drop(engine);
    client.list_tables().send().await.unwrap();
    drop(client);

    let released = || EmbeddedEngine::open(directory.path()).is_ok();
    let patience = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        released()
    });
    assert!(patience, "the lock is still held");
}

#[test]
fn a_missing_directory_is_created_with_its_parents() {
    let directory = tempfile::tempdir().unwrap();
    let nested = directory.path().join("a/b");
    EmbeddedEngine::open(&nested).unwrap();
    assert!(nested.join("dynamodb.sqlite").is_file());
}

#[test]
fn a_directory_that_cannot_be_used_is_named_with_what_failed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    assert_refused(&file.join("below"), "created");

    let occupied = directory.path().join("occupied");
    fs::create_dir_all(occupied.join("lock")).unwrap();
    assert_refused(&occupied, "written");
}

fn assert_refused(directory: &Path, attempt: &str) {
    let refusal = EmbeddedEngine::open(directory).unwrap_err().to_string();
    assert!(refusal.contains(&directory.display().to_string()), "{refusal}");
    assert!(refusal.ends_with(&format!("cannot be {attempt}")), "{refusal}");
}

#[test]
fn a_file_that_is_no_database_is_an_error_with_its_path() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("dynamodb.sqlite"), vec![b'x'; 4096]).unwrap();
    let refusal = EmbeddedEngine::open(directory.path()).unwrap_err();
    assert!(matches!(refusal, EmbeddedError::Database { .. }), "{refusal}");
    assert!(refusal.to_string().contains("dynamodb.sqlite"), "{refusal}");
}

#[tokio::test]
async fn a_closed_engine_refuses_calls_from_every_clone() {
    for execution in [Execution::OwnThread, Execution::Inline] {
        let options = EngineOptions::default().with_execution(execution);
        let engine = EmbeddedEngine::in_memory_with(options).unwrap();
        let clone = engine.clone();
        engine.close().await;
        engine.close().await;
        let refused = clone.execute("ListTables", Bytes::from_static(b"{}")).await;
        assert!(matches!(refused, Err(EmbeddedError::Closed)));
        assert!(matches!(clone.delete_expired().await, Err(EmbeddedError::Closed)));
    }
}

#[tokio::test]
async fn closing_finishes_what_is_queued() {
    let engine = EmbeddedEngine::in_memory().unwrap();
    let client = engine.client();
    create_table(&client).await;
    let puts = (0..20).map(|n| put(&client, "queued", n));
    let puts = futures::future::join_all(puts);
    let (answers, ()) = futures::join!(puts, engine.close());
    assert_eq!(answers.len(), 20);
}

#[tokio::test]
async fn expired_items_are_deleted_by_the_engines_clock() {
    for execution in [Execution::OwnThread, Execution::Inline] {
        let clock = ServiceClock::new(|| UNIX_EPOCH + Duration::from_secs(1_000));
        let options = EngineOptions::default().with_clock(clock).with_execution(execution);
        let engine = EmbeddedEngine::in_memory_with(options).unwrap();
        let client = engine.client();
        create_table(&client).await;
        enable_expiry(&client, "n").await;
        for expiry in [998, 999, 1_000, 1_001] {
            put(&client, "a", expiry).await;
        }

        assert_eq!(engine.delete_expired().await.unwrap(), 2);
        assert!(get(&client, "a", 999).await.is_none());
        assert!(get(&client, "a", 1_000).await.is_some());
        assert_eq!(engine.delete_expired().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn expired_items_on_disk_are_deleted_by_the_machines_clock() {
    let directory = tempfile::tempdir().unwrap();
    let clock = ServiceClock::new(|| UNIX_EPOCH);
    let options = EngineOptions::default().with_clock(clock);
    let engine = EmbeddedEngine::open_with(directory.path(), options).unwrap();
    let client = engine.client();
    create_table(&client).await;
    enable_expiry(&client, "n").await;
    put(&client, "a", 1_000).await;
    put(&client, "a", 40_000_000_000).await;

    assert_eq!(engine.delete_expired().await.unwrap(), 1);
    assert!(get(&client, "a", 40_000_000_000).await.is_some());
}

async fn enable_expiry(client: &aws_sdk_dynamodb::Client, attribute: &str) {
    use aws_sdk_dynamodb::types::TimeToLiveSpecification;
    let expiry = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build().unwrap();
    client.update_time_to_live().table_name("spans").time_to_live_specification(expiry).send().await.unwrap();
}

#[tokio::test]
async fn answers_carry_the_injected_time() {
    let at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
    let engine =
        EmbeddedEngine::in_memory_with(EngineOptions::default().with_clock(ServiceClock::new(move || at)))
            .unwrap();
    let answer = engine.execute("ListTables", Bytes::from_static(b"{}")).await.unwrap();
    assert_eq!(answer.date, at);
    let http = answer.into_http().unwrap();
    assert_eq!(http.headers().get("date"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "compares the default with the machine's clock")]
async fn by_default_answers_carry_the_machines_time() {
    let engine = EmbeddedEngine::in_memory().unwrap();
    let before = SystemTime::now();
    let answer = engine.execute("ListTables", Bytes::from_static(b"{}")).await.unwrap();
    assert!(before <= answer.date && answer.date <= SystemTime::now());
}
