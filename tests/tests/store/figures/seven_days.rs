//! A trace by id among seven days of others, without a hint: windows of five minutes with little in each, since what a
//! lookup costs is a bucket of each run, however full; full buckets are measured beside (`reading`).

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Span, Tenant, TraceReader, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode};
use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};
use jaeger_dynamodb_testkit::{EngineHandle, Fault, FaultPlan, RequestInfo, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, open, tokio_clock};

use super::world::{Cost, trace};

const WINDOW: Duration = Duration::from_secs(300);
const WINDOWS_OF_SEVEN_DAYS: u64 = 7 * 288;
const WINDOWS_OF_A_BLOCK: u64 = 48;
const TRACES_OF_A_WINDOW: u64 = 20;

/// A request takes so long in the simulation, so that time counts round trips.
const ROUND_TRIP: Duration = Duration::from_millis(10);

struct Week {
    clock: Arc<dyn Clock>,
    engine: TestEngine,
    writer: Arc<DynamoStore>,
    windows: u64,
}

impl Week {
    async fn new() -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let writer = open(&engine.handle("server"), Arc::clone(&clock), aws_config(), 7).await?;
        Ok(Self { clock, engine, writer, windows: 0 })
    }

    /// Writes into so many more windows, each of which is derived when it is closed.
    async fn go_on(&mut self, windows: u64) -> Result<(), AnyError> {
        let maintenance = self.writer.maintenance(JobMode::InProcess, vec![Tenant::default()]);
        for _ in 0..windows {
            let first = 1 + self.windows * TRACES_OF_A_WINDOW;
            let traces = first..first + TRACES_OF_A_WINDOW;
            let spans = traces.map(|number| Span::Otlp(otlp_span(number, 1, "shop"))).collect();
            self.writer.write_spans(&Tenant::default(), spans).await?;
            self.windows += 1;
            self.clock.sleep(WINDOW).await;
            maintenance.round().await?;
        }
        Ok(())
    }

    /// A server that has looked once, so that it knows the manifests.
    async fn warm_reader(&self) -> Result<(EngineHandle, Arc<DynamoStore>), AnyError> {
        let handle = self.engine.handle("reader");
        let reader = open(&handle, Arc::clone(&self.clock), aws_config(), 9).await?;
        let before = Cost::of(&reader);
        reader.services(&Tenant::default()).await?;
        let cold = Cost::of(&reader).since(before);
        println!("{} windows: cold manifests and services {:.1} RRU", self.windows, cold.index);
        Ok((handle, reader))
    }

    /// What the dearest of three lookups costs: of the oldest trace, one of the middle and the newest.
    async fn lookup(&self, reader: &DynamoStore) -> Result<Cost, AnyError> {
        let mut worst = Cost::default();
        for number in self.samples() {
            let (spans, cost) = trace(reader, trace_id(number)).await?;
            assert_eq!(spans, 1, "trace {number}");
            if cost.index > worst.index {
                worst = cost;
            }
        }
        Ok(worst)
    }

    async fn round_trips(&self, handle: &EngineHandle, reader: &DynamoStore) -> Result<u128, AnyError> {
        handle.inject(FaultPlan::new(|_: &RequestInfo| Fault::DelayAnswer(ROUND_TRIP)));
        let mut most = 0;
        for number in self.samples() {
            let started = self.clock.monotonic();
            trace(reader, trace_id(number)).await?;
            most = most.max((self.clock.monotonic() - started).as_millis() / ROUND_TRIP.as_millis());
        }
        handle.inject(FaultPlan::none());
        Ok(most)
    }

    fn samples(&self) -> [u64; 3] {
        let oldest = self.windows - WINDOWS_OF_SEVEN_DAYS + 4;
        [oldest, oldest + WINDOWS_OF_SEVEN_DAYS / 2, self.windows - 1]
            .map(|window| window * TRACES_OF_A_WINDOW + 1)
    }
}

#[tokio::test(start_paused = true)]
async fn a_trace_among_seven_days_costs_at_most_50_units_at_any_point_of_the_merge_cycle()
-> Result<(), AnyError> {
    let mut week = Week::new().await?;
    week.go_on(WINDOWS_OF_SEVEN_DAYS + WINDOWS_OF_A_BLOCK).await?;
    let (handle, reader) = week.warm_reader().await?;
    let mut costs = Vec::new();
    for window in 0..WINDOWS_OF_A_BLOCK + 2 {
        // The last window is closed and not derived yet, a new one is open.
        costs.push(week.lookup(&reader).await?);
        if window % 16 == 0 {
            let round_trips = week.round_trips(&handle, &reader).await?;
            assert!(round_trips <= 2, "{round_trips} dependent round trips");
        }
        week.go_on(1).await?;
    }
    let index: Vec<_> = costs.iter().map(|cost| cost.index).collect();
    let worst = index.iter().copied().fold(0.0, f64::max);
    let mean = index.iter().sum::<f64>() / index.len() as f64;
    let requests = costs.iter().map(|cost| cost.requests).max();
    println!(
        "trace by id, 7 days retained: mean {mean:.1} RRU over a merge cycle, at most {worst:.1} in {requests:?} requests \
         and 2 dependent round trips; packs beside"
    );
    assert!(worst <= 50.0, "{index:?}");
    Ok(())
}
