//! A window that is written and then closed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use futures::{Stream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{Clock, Span, Tenant, TraceWriter, UnixNanos};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Purpose, StoreConfig, StoreParts, SystemClock, Table};
use jaeger_dynamodb_embedded::{EmbeddedEngine, EngineOptions, ServiceClock};
use jaeger_dynamodb_tests::{AnyError, aws_config};
use tokio::time::Instant;

/// When a window begins, long before the end of its block, so that nothing is merged.
const WINDOW_START: Duration = Duration::from_secs(1_759_999_800);

/// A window of the default settings is closed so long after its start.
const UNTIL_CLOSED: Duration = Duration::from_secs(300 + 60 + 5);

/// When a refused request is sent again, unless the refusal says.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Rounds until the service's time is established and the window is derived.
const ROUNDS: usize = 10;

/// A storage service whose time begins with the window.
pub(crate) struct Service {
    engine: EmbeddedEngine,
    skipped: Arc<AtomicU64>,
}

/// What became of the window.
#[derive(Debug, Default)]
pub(crate) struct Derivation {
    pub(crate) pages_read: u64,
    pub(crate) read_units: f64,
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    /// What counting edges read and wrote, in request units.
    pub(crate) edges_read_units: f64,
    pub(crate) edges_write_units: f64,
}

impl Service {
    /// In a directory or in memory.
    pub(crate) fn open(directory: Option<&Path>) -> Result<Self, AnyError> {
        let (skipped, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let skipped_so_far = Arc::clone(&skipped);
        let clock = ServiceClock::new(move || {
            let skipped = Duration::from_secs(skipped_so_far.load(Ordering::Relaxed));
            UNIX_EPOCH + WINDOW_START + skipped + started.elapsed()
        });
        let options = EngineOptions::default().with_clock(clock);
        let engine = match directory {
            Some(directory) => EmbeddedEngine::open_with(directory, options)?,
            None => EmbeddedEngine::in_memory_with(options)?,
        };
        Ok(Self { engine, skipped })
    }

    pub(crate) fn start() -> UnixNanos {
        UnixNanos::from_secs(i64::try_from(WINDOW_START.as_secs()).unwrap_or_default())
    }

    /// Closes the window, for stores that are opened from now on.
    pub(crate) fn close_window(&self) {
        self.skipped.store(UNTIL_CLOSED.as_secs(), Ordering::Relaxed);
    }

    pub(crate) async fn store(&self, seed: u64, config: StoreConfig) -> Result<DynamoStore, AnyError> {
        let parts =
            StoreParts { client: self.engine.client(), clock: Arc::new(SystemClock), seed: Some(seed) };
        Ok(DynamoStore::open(parts, config).await?)
    }

    /// Writes the spans of requests, so many requests at a time, into the one window.
    pub(crate) async fn write(
        &self,
        requests: impl Stream<Item = Vec<Span>>,
        at_a_time: usize,
    ) -> Result<(), AnyError> {
        let store = self.store(1, aws_config()).await?;
        let tenant = Tenant::default();
        // On a busy machine some are refused at first, as those of collectors are.
        let write = |spans: Vec<Span>| {
            let (store, tenant) = (&store, &tenant);
            async move {
                loop {
                    match store.write_spans(tenant, spans.clone()).await {
                        Err(error) if error.is_retryable() => {
                            SystemClock.sleep(error.retry_after().unwrap_or(AGAIN_AFTER)).await;
                        }
                        outcome => return outcome,
                    }
                }
            }
        };
        requests.map(Ok).try_for_each_concurrent(at_a_time, write).await?;
        store.close().await;
        Ok(())
    }

    pub(crate) async fn end(self) {
        self.engine.close().await;
    }
}

/// Derives the window with a store that has done nothing else.
pub(crate) async fn derive(store: &DynamoStore) -> Result<Derivation, AnyError> {
    let maintenance = store.maintenance(JobMode::InProcess, vec![Tenant::default()]);
    let (mut derived, mut edges) = (0, 0);
    for _ in 0..ROUNDS {
        let report = maintenance.round().await?;
        derived += report.derived;
        edges += report.edges;
        if report.not_done + report.edges_not_done == 0 && derived > 0 {
            break;
        }
    }
    if (derived, edges) != (1, 1) {
        return Err(format!("{derived} windows were derived, and the edges of {edges} counted, instead of one: was it written in time?").into());
    }
    let usage = store.capacity().usage();
    let of = |table, purpose| usage.get(&(table, purpose)).copied().unwrap_or_default();
    let (read, written) = (of(Table::Spans, Purpose::JobRead), of(Table::Index, Purpose::JobWrite));
    let all = |purpose| usage.iter().filter(move |((_, of), _)| *of == purpose).map(|(_, usage)| *usage);
    Ok(Derivation {
        edges_read_units: all(Purpose::EdgesRead).map(|usage| usage.read_units).sum(),
        edges_write_units: all(Purpose::EdgesWrite).map(|usage| usage.write_units).sum(),
        pages_read: read.requests,
        read_units: read.read_units,
        items: written.items_put,
        bytes: written.bytes_put,
    })
}
