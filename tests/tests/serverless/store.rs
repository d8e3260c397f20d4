//! The handler on a store: what its writes show the stream, and what its work costs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Tenant, TraceWriter};
use jaeger_dynamodb_dependency_lambda::{Counters, CurrentSpan, Handler, HandlerParts, Telemetry};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Maintenance};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_stream::FILTER_PATTERN;
use jaeger_dynamodb_testkit::{EngineHandle, Fault, FaultPlan, RequestInfo, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open, tokio_clock};
use lambda_runtime::LambdaEvent;
use serde_dynamo::AttributeValue;
use serde_json::{Value, json};

use super::MAPPING;
use super::filter;
use super::poller::Polled;
use super::records::record;

const WINDOWS: &str = "jaeger.windows";

/// What AWS lets a function take at most.
const TIMEOUT: Duration = Duration::from_secs(900);

/// A server that only marks windows, and the function.
struct World {
    clock: Arc<dyn Clock>,
    engine: TestEngine,
    server: Arc<DynamoStore>,
    /// The function's.
    handle: EngineHandle,
    handler: Handler<Maintenance>,
    spans: u32,
}

impl World {
    /// One window, closed since a moment.
    async fn with_load(spans_per_second: u32, duration: Duration) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let server = open(&engine.handle("server"), Arc::clone(&clock), aws_config(), 7).await?;
        // To the beginning of a window, so that the load is in one.
        clock.sleep(Duration::from_secs(u64::try_from(300 - NOW.secs_floor().rem_euclid(300))?)).await;
        let load = Load { spans_per_second, duration, start: clock.wall() };
        let (mut spans, mut now) = (0, Duration::ZERO);
        for arrival in Workload::demo(1).arrivals(load).take_while(|arrival| arrival.at < duration) {
            clock.sleep(arrival.at - now).await;
            now = arrival.at;
            let converted = spans_from_otlp(arrival.request.resource_spans).spans;
            spans += u32::try_from(converted.len())?;
            server.write_spans(&Tenant::default(), converted).await?;
        }
        clock.sleep(Duration::from_secs(300 + 70) - now).await;
        let handle = engine.handle("function");
        let store = open(&handle, Arc::clone(&clock), aws_config(), 8).await?;
        let handler = Handler::new(HandlerParts {
            deriver: store.maintenance(JobMode::InProcess, vec![Tenant::default()]),
            clock: Arc::clone(&clock),
            telemetry: Telemetry::off(),
            counters: Counters::default(),
            current_span: CurrentSpan::default(),
            metrics: |_| {},
        });
        Ok(Self { clock, engine, server, handle, handler, spans })
    }

    async fn small() -> Result<Self, AnyError> {
        Self::with_load(100, Duration::from_secs(2)).await
    }

    async fn seal(&self) -> Result<(), AnyError> {
        let round = self.server.maintenance(JobMode::Off, vec![Tenant::default()]).round().await?;
        assert_eq!((round.sealed, round.derived), (1, 0));
        Ok(())
    }

    async fn invoke(&self, event: Value) -> Result<Value, String> {
        let mut context = lambda_runtime::Context::default();
        let timeout = i128::try_from(TIMEOUT.as_nanos()).unwrap_or_default();
        context.deadline = u64::try_from((self.clock.wall().0 + timeout) / 1_000_000).unwrap_or_default();
        let answer = self.handler.handle(LambdaEvent::new(event, context)).await;
        answer.map_err(|failure| failure.to_string())
    }

    async fn schedule(&self) -> Result<Value, String> {
        self.invoke(json!({"detail-type": "Scheduled Event", "source": "aws.events"})).await
    }

    /// The record that the stream would have of the window's item as it is now.
    async fn record(&self) -> Result<Value, AnyError> {
        let found = self.engine.handle("stream").client().scan().table_name(WINDOWS).send().await?;
        let windows = found.items.unwrap_or_default().into_iter().filter(|item| item.contains_key("lanes"));
        let [image] = <[_; 1]>::try_from(windows.collect::<Vec<_>>()).map_err(|_| "not one window")?;
        let image = image.into_iter().map(|(name, value)| (name, AttributeValue::from(value)));
        Ok(record(1, "MODIFY", image.collect::<HashMap<_, _>>()))
    }

    /// Whether the filter lets that record through.
    async fn is_announced(&self) -> Result<bool, AnyError> {
        let pattern: Value = serde_json::from_str(FILTER_PATTERN)?;
        Ok(filter::matches(&pattern, &self.record().await?))
    }

    /// The function's process dies with its write of that number to the table that has the stream.
    fn crash_after(&self, write: u64) {
        let is_seen =
            |request: &RequestInfo| request.is_write() && request.tables.iter().any(|table| table == WINDOWS);
        self.handle.inject(FaultPlan::nth(write, is_seen, Fault::CrashAfter));
    }

    fn writes_that_the_stream_shows(&self) -> u64 {
        let traffic = self.handle.traffic();
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];
        writes.map(|operation| traffic.of(operation, WINDOWS).requests).iter().sum()
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_the_function_has_written_the_window_is_not_announced_again() -> Result<(), AnyError> {
    for last_write in 0..3 {
        let world = World::small().await?;
        assert!(!world.is_announced().await?, "nobody has sealed it");
        world.seal().await?;
        assert!(world.is_announced().await?);
        world.crash_after(last_write);
        let _ = world.invoke(json!({"Records": [world.record().await?]})).await;
        assert!(!world.is_announced().await?, "after write {last_write}");
        // The manifest, and the mark that its edges are counted: there is no third one to die after.
        assert_eq!(
            (world.writes_that_the_stream_shows(), world.handle.is_crashed()),
            match last_write {
                0 => (1, true),
                1 => (2, true),
                _ => (2, false),
            }
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_window_that_the_function_seals_is_announced_once_and_then_done() -> Result<(), AnyError> {
    for last_write in 0..3 {
        let world = World::small().await?;
        world.crash_after(last_write);
        let _ = world.schedule().await;
        assert_eq!(world.is_announced().await?, last_write == 0, "after write {last_write}");
    }
    let world = World::small().await?;
    let answer = world.schedule().await?;
    assert_eq!((&answer["sealed"], &answer["derived"], &answer["edges"]), (&json!(1), &json!(1), &json!(1)));
    let before = world.handle.traffic();
    let mut announced = world.record().await?;
    let image = announced["dynamodb"]["NewImage"].as_object_mut().ok_or("no image")?;
    image.retain(|name, _| name != "manifest" && name != "edges");
    assert_eq!(world.invoke(json!({"Records": [announced]})).await?, json!({"batchItemFailures": []}));
    // The time, and the window.
    let told = world.handle.traffic().since(&before);
    assert_eq!((told.requests(), told.total().write_units), (2, 0.0));
    Ok(())
}

/// What a window of the demo workload has cost the function.
struct Cost {
    spans: f64,
    polled: Polled,
    requests: u64,
    read_units: f64,
    write_units: f64,
    /// What the function waits for by itself, so that its writes throttle nobody.
    paced: Duration,
}

async fn cost(spans_per_second: u32, duration: Duration) -> Result<Cost, AnyError> {
    let world = World::with_load(spans_per_second, duration).await?;
    world.seal().await?;
    let (before, began) = (world.handle.traffic(), world.clock.monotonic());
    let shard = vec![world.record().await?];
    let polled = MAPPING.poll(shard, async |event| world.invoke(event).await).await;
    assert_eq!((polled.errors, polled.discarded.len(), world.is_announced().await?), (0, 0, false));
    let used = world.handle.traffic().since(&before);
    Ok(Cost {
        spans: f64::from(world.spans),
        polled,
        requests: used.requests(),
        read_units: used.total().read_units,
        write_units: used.total().write_units,
        paced: world.clock.monotonic().saturating_sub(began),
    })
}

#[tokio::test(start_paused = true)]
async fn a_window_is_one_invocation_of_few_units_a_span() -> Result<(), AnyError> {
    let cost = cost(1_000, Duration::from_secs(20)).await?;
    assert_eq!(cost.polled.invocations, 1);
    assert!(cost.write_units / cost.spans < 0.02, "{} WRU", cost.write_units);
    assert!(cost.read_units / cost.spans < 0.05, "{} RRU", cost.read_units);
    assert!(cost.requests < 400 && cost.paced < Duration::from_secs(20), "{} requests", cost.requests);
    Ok(())
}

/// Seconds of one processor that a span takes to be derived and its edges to be counted, as `make bench` prints them.
const CPU_PER_SPAN: f64 = 10e-6;

/// Seconds that a request takes in DynamoDB, about; reads come one after another, or eight at a time.
const PER_REQUEST: f64 = 0.005;

/// A function has a processor to itself with so much memory, in GB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const MEMORY: f64 = 1.769;

#[tokio::test(start_paused = true)]
#[ignore = "prints what a window costs: make bench"]
async fn figures_of_the_function() -> Result<(), AnyError> {
    for (spans_per_second, seconds) in [(1_000, 300), (20_000, 30)] {
        let cost = cost(spans_per_second, Duration::from_secs(seconds)).await?;
        let per_million = |figure: f64| figure * 1e6 / cost.spans;
        let windows = 1e6 / (f64::from(spans_per_second) * 300.0);
        let busy = cost.spans * CPU_PER_SPAN + cost.requests as f64 * PER_REQUEST;
        let seconds_taken = cost.paced.as_secs_f64().max(busy);
        println!(
            "{spans_per_second} spans/s, {} spans in the window, per million spans: {windows:.2} invocations of full \
             windows, {:.0} WRU, {:.0} RRU, {:.0} requests, {:.1} s paced; {:.1} GB-s with {MEMORY} GB",
            cost.spans,
            per_million(cost.write_units),
            per_million(cost.read_units),
            per_million(cost.requests as f64),
            per_million(cost.paced.as_secs_f64()),
            per_million(seconds_taken * MEMORY),
        );
        assert_eq!(cost.polled.invocations, 1);
    }
    Ok(())
}
