//! A load replayed into a store, with the job at its side, on a clock that nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{
    Clock, Span, Tenant, TraceChunk, TraceId, TraceQuery, TraceReader, TraceRef, TraceWriter,
};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Purpose, Table, Usage};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_testkit::TestEngine;
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open, tokio_clock};

/// DynamoDB charges storage for so many bytes more than an item holds
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
const STORED_BYTES_PER_ITEM: u64 = 100;

/// A window is derived, and its manifest old enough to be read by, so long after its end at the latest.
const UNTIL_DERIVED: Duration = Duration::from_secs(60 + 150 + 30 + 60);

/// What became of a load.
pub(super) struct World {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: TestEngine,
    pub(super) store: Arc<DynamoStore>,
    pub(super) spans: f64,
    pub(super) requests: usize,
    /// Of every hundredth request one trace.
    pub(super) traces: Vec<TraceId>,
    opened: u64,
}

impl World {
    /// Replays the load with settings of `--storage aws`, and waits until all of it is derived.
    pub(super) async fn replay(
        workload: Workload,
        spans_per_second: u32,
        duration: Duration,
    ) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let store = open(&engine.handle("server"), Arc::clone(&clock), aws_config(), 7).await?;
        let job = tokio::spawn(store.maintenance(JobMode::InProcess, vec![Tenant::default()]).run());
        let (mut spans, mut requests, mut now) = (0_u32, 0, Duration::ZERO);
        let mut traces = Vec::new();
        for arrival in workload.arrivals(Load { spans_per_second, duration, start: NOW }) {
            clock.sleep(arrival.at - now).await;
            now = arrival.at;
            let converted = spans_from_otlp(arrival.request.resource_spans);
            assert_eq!(converted.rejected, []);
            spans += u32::try_from(converted.spans.len())?;
            if requests % 100 == 0 {
                traces.extend(converted.spans.first().map(Span::trace_id));
            }
            requests += 1;
            store.write_spans(&Tenant::default(), converted.spans).await?;
        }
        clock.sleep(aws_config().window + UNTIL_DERIVED).await;
        job.abort();
        Ok(Self { clock, engine, store, spans: f64::from(spans), requests, traces, opened: 0 })
    }

    /// Another server, which has read the manifests already.
    pub(super) async fn reader(&mut self) -> Result<Arc<DynamoStore>, AnyError> {
        self.opened += 1;
        let handle = self.engine.handle(&format!("reader {}", self.opened));
        let reader = open(&handle, Arc::clone(&self.clock), aws_config(), 100 + self.opened).await?;
        reader.services(&Tenant::default()).await?;
        Ok(reader)
    }

    pub(super) fn usage(&self, table: Table, purpose: Purpose) -> Usage {
        self.store.capacity().usage().get(&(table, purpose)).copied().unwrap_or_default()
    }

    /// Write units of everything that the server has done, opening it included.
    pub(super) fn write_units(&self) -> f64 {
        self.store.capacity().usage().values().map(|usage| usage.write_units).sum()
    }

    /// Bytes that DynamoDB charges storage for, of everything that was put.
    pub(super) fn stored_bytes(&self) -> u64 {
        let usage = self.store.capacity().usage();
        usage.values().map(|usage| usage.bytes_put + usage.items_put * STORED_BYTES_PER_ITEM).sum()
    }
}

/// What a query has cost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) requests: u64,
    /// Read units without packs.
    pub(super) index: f64,
    /// Part of `index`: what locates traces.
    pub(super) pointers: f64,
    pub(super) packs: f64,
}

impl Cost {
    pub(super) fn of(store: &DynamoStore) -> Self {
        let mut cost = Self::default();
        for ((_, purpose), usage) in store.capacity().usage() {
            cost.requests += usage.requests;
            match purpose {
                Purpose::Pack => cost.packs += usage.read_units,
                Purpose::Pointer => {
                    cost.index += usage.read_units;
                    cost.pointers += usage.read_units;
                }
                _ => cost.index += usage.read_units,
            }
        }
        cost
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            index: self.index - before.index,
            pointers: self.pointers - before.pointers,
            packs: self.packs - before.packs,
        }
    }

    pub(super) fn total(self) -> f64 {
        self.index + self.packs
    }
}

/// The traces that a search finds, and what that cost.
pub(super) async fn search(store: &DynamoStore, query: TraceQuery) -> Result<(Vec<TraceId>, Cost), AnyError> {
    let before = Cost::of(store);
    let chunks: Vec<TraceChunk> = store.find_traces(&Tenant::default(), query).try_collect().await?;
    let mut ids: Vec<_> = chunks.iter().map(TraceChunk::trace_id).collect();
    ids.dedup();
    Ok((ids, Cost::of(store).since(before)))
}

/// Spans of a trace by id, and what that cost.
pub(super) async fn trace(store: &DynamoStore, id: TraceId) -> Result<(usize, Cost), AnyError> {
    let before = Cost::of(store);
    let chunks: Vec<TraceChunk> =
        store.get_traces(&Tenant::default(), vec![TraceRef::from(id)]).try_collect().await?;
    Ok((chunks.iter().map(|chunk| chunk.spans().len()).sum(), Cost::of(store).since(before)))
}
