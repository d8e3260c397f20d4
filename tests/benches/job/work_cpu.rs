//! CPU of this thread by what the job worked on: it tells how long each work took when it ends, and then is looked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::thread_cpu::thread_cpu;

/// What is known so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkCpu(Arc<Mutex<Looked>>);

#[derive(Debug, Default)]
struct Looked {
    last: Duration,
    by_work: BTreeMap<String, Duration>,
}

struct Looking(WorkCpu, String);

impl WorkCpu {
    /// What is used from now on counts for the work that ends next.
    pub(crate) fn begin(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last = thread_cpu().unwrap_or_default();
    }

    /// CPU of all work of this name.
    pub(crate) fn of(&self, work: &str) -> Duration {
        let looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.by_work.get(work).copied().unwrap_or_default()
    }
}

impl HistogramFn for Looking {
    fn record(&self, _: f64) {
        let now = thread_cpu().unwrap_or_default();
        let mut looked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = now.saturating_sub(looked.last);
        looked.last = now;
        *looked.by_work.entry(self.1.clone()).or_default() += used;
    }
}

impl Recorder for WorkCpu {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let work = key.labels().find(|label| label.key() == "work");
        match work.filter(|_| key.name() == "jaeger_dynamodb_job_seconds") {
            Some(work) => Histogram::from_arc(Arc::new(Looking(self.clone(), work.value().to_owned()))),
            None => Histogram::noop(),
        }
    }
}
