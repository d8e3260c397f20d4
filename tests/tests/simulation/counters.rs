//! Counters of the store that the simulation wants to see move.

use std::sync::Arc;

use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::journal::Journal;

/// Counts some of the store's counters in the journal.
#[derive(Debug)]
pub(crate) struct StoreCounters(pub(crate) Journal);

struct Counted(Journal, &'static str);

impl CounterFn for Counted {
    fn increment(&self, value: u64) {
        if value > 0 {
            self.0.count(self.1, value);
        }
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for StoreCounters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let what = match key.name() {
            "jaeger_dynamodb_late_commits_total" => "late commits put again",
            "jaeger_dynamodb_retries_total" => "retries",
            "jaeger_dynamodb_logs_ended_total" => "logs ended before they were derived",
            "jaeger_dynamodb_damaged_items_total" => "damaged items",
            "jaeger_dynamodb_missing_packs_total" => "missing packs",
            _ => return Counter::noop(),
        };
        Counter::from_arc(Arc::new(Counted(self.0.clone(), what)))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
