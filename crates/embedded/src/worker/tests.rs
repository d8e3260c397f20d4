use std::sync::Arc;
use std::time::SystemTime;

use super::*;
use crate::Durability;
use crate::directory::DataDirectory;

const CREATE: &[u8] = br#"{"TableName":"kept","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]}"#;

/// A database whose clock panics while the database's lock is held, when a sweep asks for the time.
fn panicking_database() -> DatabaseHandle {
    let clock = ServiceClock::new(|| panic!("the clock broke"));
    DatabaseHandle::new(Database::memory_with_clock(Arc::new(clock)).unwrap())
}

fn steady_clock() -> ServiceClock {
    ServiceClock::new(|| SystemTime::UNIX_EPOCH)
}

#[test]
fn a_database_on_disk_is_opened_anew_after_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let claimed = Arc::new(DataDirectory::claim(directory.path()).unwrap());
    let place = Place::File { directory: claimed, durability: Durability::Normal };
    let mut worker = Worker::open(place, steady_clock()).unwrap();
    assert_eq!(worker.execute("CreateTable", CREATE).status, 200);

    worker.database = panicking_database();
    assert!(matches!(worker.delete_expired(), Err(EmbeddedError::Sweep(_))));

    let answer = worker.execute("ListTables", b"{}");
    assert_eq!(answer.status, 200);
    assert_eq!(&answer.body[..], br#"{"TableNames":["kept"]}"#);
}

#[test]
fn a_poisoned_database_in_memory_reports_instead_of_losing_its_data_silently() {
    let mut worker = Worker::open(Place::Memory(steady_clock()), steady_clock()).unwrap();
    worker.database = panicking_database();
    assert!(worker.delete_expired().is_err());

    let answer = worker.execute("ListTables", b"{}");
    assert_eq!(answer.status, 500);
    assert!(String::from_utf8_lossy(&answer.body).contains("InternalServerError"));
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let mut worker = Worker::open(Place::Memory(steady_clock()), steady_clock()).unwrap();
    let first = worker.execute("ListTables", b"{}");
    let second = worker.execute("ListTables", b"{}");
    assert_ne!(first.request_id, second.request_id);
}
