//! What a week of edges costs to read. That sums change no answer is tested through the store, in `tests/`.

use std::error::Error;
use std::time::Duration;

use jaeger_dynamodb_core::edges::{Edge, EdgeSource, EdgeTotals};
use jaeger_dynamodb_core::{Clock, DependencyQuery, DependencyReader, UnixNanos};
use jaeger_dynamodb_testkit::{TestEngine, TokioClock};

use super::*;
use crate::JobMode;
use crate::StoreConfig;
use crate::job::Maintenance;
use crate::store::{DynamoStore, StoreParts};
use crate::window::Window;

const DAY: u64 = 24 * 3600;

/// 14:07 of some day.
const NOW: u64 = 20_370 * DAY + 14 * 3600 + 7 * 60;

/// A hundred edges with a thousand calls each, of latencies over two decades.
fn edges_of(window: Window) -> Edges<Arc<str>> {
    let mut edges = Edges::default();
    for number in 0..100_u16 {
        let mut totals = EdgeTotals { calls: 1000, errors: 7, ..EdgeTotals::default() };
        (0..50).for_each(|bucket| totals.latency.add(150 + number % 40 + bucket, 20));
        let [parent, child] =
            [number / 3, number % 40 + 7].map(|service| Arc::from(format!("some-service-{service}")));
        let bucket = EdgeBucket::of_seconds(window.start());
        edges.merge_edge(Edge { bucket, source: EdgeSource::Calls, parent, child }, &totals, 1);
    }
    edges
}

async fn sum_up(job: &Job, period: Period) -> Result<(), StoreError> {
    let ((level, start), tenant) = (period, Tenant::default());
    let below = if level == Level::Day { Level::FourHours } else { Level::Window };
    let sum = job.sum(&tenant, below, start..start + level.seconds(), |bucket| level.bucket(bucket)).await?;
    let sort = start.to_be_bytes().to_vec();
    let place = Contribution { tenant: &tenant, level, sort, expiry: NOW + 9 * DAY };
    job.put_contribution(place, &sum.unwrap_or_default().edges, 0).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_week_is_read_with_a_dozen_requests_and_no_megabyte() -> Result<(), Box<dyn Error + Send + Sync>> {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(UnixNanos::from_secs(NOW.cast_signed())));
    let engine = TestEngine::new(Arc::clone(&clock))?;
    let parts = StoreParts { client: engine.handle("server").client(), clock, seed: Some(1) };
    let store = DynamoStore::open(parts, StoreConfig::embedded()).await?;
    let tenant = Tenant::default();
    let job: Maintenance = store.maintenance(JobMode::InProcess, vec![tenant.clone()]);
    let five_minutes = Duration::from_secs(300);
    let first = NOW - 8 * DAY;
    for start in (first..NOW).step_by(300) {
        let window = Window::around(start, five_minutes);
        let place = Contribution {
            tenant: &tenant,
            level: Level::Window,
            sort: window.to_bytes().to_vec(),
            expiry: NOW + 9 * DAY,
        };
        job.job.put_contribution(place, &edges_of(window), 0).await?;
    }
    for level in [Level::FourHours, Level::Day] {
        let last = level.floor(NOW - 15 * 60);
        for start in (level.ceil(first)..last).step_by(usize::try_from(level.seconds())?) {
            sum_up(&job.job, (level, start)).await?;
        }
    }
    let at = |seconds: u64| UnixNanos::from_secs(seconds.cast_signed());
    let query = DependencyQuery { start: at(NOW - 7 * DAY), end: at(NOW), sources: Default::default() };
    let before = engine.traffic();
    let links = store.dependencies(&tenant, query).await?;
    let cost = engine.traffic().since(&before);
    let windows = 7 * DAY / 300;
    assert_eq!(links.iter().map(|link| link.call_count).sum::<u64>(), windows * 100 * 1000);
    assert!(cost.requests() <= 12, "{cost:?}");
    // Half a unit for each 4 KB.
    let kilobytes = cost.total().read_units * 8.0;
    println!("a week: {} requests, at most {kilobytes} KB", cost.requests());
    assert!(kilobytes <= 512.0, "{cost:?}");
    // The whole of it, with latencies, is what whole windows show.
    let edges = store.edges(&tenant, &query).await?;
    let durations =
        edges.iter().flat_map(|(_, totals)| totals.latency.iter()).map(|(_, count)| count).sum::<i64>();
    assert_eq!(durations, i64::try_from(windows)? * 100 * 1000);
    Ok(())
}
