//! What the `metrics` macros record, as Prometheus text.

use std::time::Duration;

use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// Upper bounds for every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Samples are kept one by one until somebody scrapes or this much time passed.
const UPKEEP: Duration = Duration::from_secs(5);

/// What was recorded since the start.
#[derive(Clone, Debug)]
pub struct Metrics(PrometheusHandle);

/// Why recording could not be started.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The buckets are not usable.
    #[error("cannot set up the metrics recorder")]
    Build(#[from] BuildError),
    /// The process has a recorder already.
    #[error("cannot install the metrics recorder: the process has one already")]
    Installed,
}

// === impl Metrics ===

impl Metrics {
    /// Everything recorded, in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }
}

/// Starts recording, once per process, inside the Tokio runtime that keeps the samples small.
///
/// # Errors
///
/// When the process records already.
pub fn start_recording() -> Result<Metrics, MetricsError> {
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| MetricsError::Installed)?;
    let upkept = handle.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            upkept.run_upkeep();
        }
    });
    Ok(Metrics(handle))
}

fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    Ok(PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS)?.build_recorder())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Metrics that hold `recorded 7`, without touching the recorder of the process.
    pub(crate) fn metrics_of_a_test() -> Metrics {
        let recorder = recorder().unwrap();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("recorded").increment(7);
            metrics::histogram!("waited_seconds").record(0.03);
        });
        Metrics(recorder.handle())
    }

    #[test]
    fn counters_and_bucketed_seconds_are_rendered() {
        let text = metrics_of_a_test().render();
        assert!(text.contains("recorded 7"), "{text}");
        assert!(text.contains("waited_seconds_bucket{le=\"0.05\"} 1"), "{text}");
        assert!(text.contains("waited_seconds_bucket{le=\"0.025\"} 0"), "{text}");
    }
}
