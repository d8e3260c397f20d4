//! `docs/operations.md` names what is measured, all of it and nothing else.

use std::collections::BTreeSet;
use std::sync::Mutex;

use ::metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::settings;
use crate::serve::Server;

/// Keeps the names of what is described.
#[derive(Debug, Default)]
struct Described(Mutex<BTreeSet<String>>);

impl Described {
    fn add(&self, name: &KeyName) {
        self.0.lock().unwrap().insert(name.as_str().to_owned());
    }
}

impl Recorder for Described {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.add(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.add(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.add(&name);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn every_metric_is_described_and_stands_in_the_table() {
    let settings = settings(&["--data-dir=:memory:"]);
    let metrics = super::metrics_of_all_tests().await;
    let described = Described::default();
    {
        let _guard = ::metrics::set_default_local_recorder(&described);
        let _server = Server::bind(&settings, metrics).await.unwrap();
        let _store = crate::store::open_store(&settings).await.unwrap();
    }
    let operations = include_str!("../../../../../docs/operations.md");
    let rows =
        operations.lines().filter_map(|line| line.strip_prefix("| `jaeger_dynamodb_")?.split('`').next());
    let named: BTreeSet<_> = rows.map(|rest| format!("jaeger_dynamodb_{rest}")).collect();
    assert_eq!(*described.0.lock().unwrap(), named);
}
