//! A writer that sleeps nearly as long as the horizon at any of its requests, while others write, count and sum up: what
//! it is told on waking is written counts once, in whatever window it comes to lie.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Span, Tenant, TraceWriter};
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::{Fault, FaultPlan, ManualClock, RequestInfo};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

use super::answers::call;
use super::world::World;

/// When it falls asleep, in the last window of four hours, since the beginning.
const ASLEEP: Duration = Duration::from_secs(10_900);

/// When these four hours can be summed up.
const OVER: Duration = Duration::from_secs(12_200);

/// When it wakes.
const AWAKE: Duration = Duration::from_secs(13_800);

const NAP: Duration = Duration::from_secs(2_900);

/// More requests than one commit makes, those that follow a late one included.
const REQUESTS: u64 = 8;

/// Processes on one clock, of which one does nothing while nobody runs it.
struct Processes {
    clock: Arc<ManualClock>,
    awake: Runtime,
    sleeper: Runtime,
}

impl Processes {
    fn new() -> Result<Self, AnyError> {
        let runtime = || Builder::new_current_thread().build();
        Ok(Self { clock: Arc::new(ManualClock::at(NOW)), awake: runtime()?, sleeper: runtime()? })
    }

    /// Runs some work of a process to its end, while time passes as it needs.
    fn run<T>(&self, runtime: &Runtime, work: impl Future<Output = T>) -> T {
        runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            loop {
                for _ in 0..200 {
                    if let std::task::Poll::Ready(done) = futures::poll!(&mut work) {
                        return done;
                    }
                    yield_now().await;
                }
                self.clock.advance_to_next_sleeper();
            }
        })
    }
}

/// A call between spans that start shortly before it falls asleep.
fn late_call(world: &World, trace: u64) -> [Span; 2] {
    call(world, trace).map(|span| match span {
        Span::Otlp(mut span) => {
            let by = 1_000_000_000 * (ASLEEP.as_secs() - 30);
            (span.start_time_unix_nano, span.end_time_unix_nano) =
                (span.start_time_unix_nano + by, span.end_time_unix_nano + by);
            Span::Otlp(span)
        }
        v1 @ Span::V1(_) => v1,
    })
}

/// It writes a call of its own, and the called half of a call whose other half others write while it sleeps.
fn sleep_at(nth: u64, fault: Fault, config: &StoreConfig) -> Result<bool, AnyError> {
    let processes = Processes::new()?;
    let Processes { clock, awake, sleeper } = &processes;
    let clock_of_all = Arc::<ManualClock>::clone(clock);
    let mut world = processes.run(awake, World::with(clock_of_all, vec![config.clone()]))?;
    let until = |time: Duration, world: &World| clock.advance(time.saturating_sub(world.elapsed()));
    let [caller, called] = late_call(&world, 2);
    let spans: Vec<Span> = late_call(&world, 3).into_iter().chain([called]).collect();
    let first = call(&world, 1).to_vec();
    processes.run(awake, world.write(first))?;
    let handle = world.engine.handle("sleeper");
    let writer =
        processes.run(sleeper, open(&handle, Arc::<ManualClock>::clone(clock), config.clone(), 99))?;

    until(ASLEEP, &world);
    handle.inject(FaultPlan::nth(nth, |_: &RequestInfo| true, fault));
    let writing = sleeper.spawn({
        let (writer, spans) = (Arc::clone(&writer), spans.clone());
        async move { writer.write_spans(&Tenant::default(), spans).await }
    });
    sleeper.block_on(async {
        for _ in 0..200 {
            yield_now().await;
        }
    });
    let has_slept = !writing.is_finished();
    processes.run(awake, world.finish())?;
    until(OVER, &world);
    processes.run(awake, world.write(vec![caller]))?;
    processes.run(awake, world.roll_up())?;
    until(AWAKE, &world);

    // It wakes, and sends again what is not acknowledged.
    if processes.run(sleeper, writing)?.is_err() {
        processes.run(sleeper, writer.write_spans(&Tenant::default(), spans.clone()))?;
    }
    processes.run(awake, world.was_written(spans))?;
    processes.run(awake, world.finish())?;
    processes.run(awake, world.answers_are_right())?;
    clock.advance(Duration::from_secs(30 * 3600));
    processes.run(awake, world.roll_up())?;
    processes.run(awake, world.answers_are_right())?;
    Ok(has_slept)
}

fn sleep_everywhere(fault: Fault) -> Result<(), AnyError> {
    for config in
        [aws_config(), StoreConfig { inline_pack_bytes: 0, ..aws_config() }, StoreConfig::embedded()]
    {
        let mut naps = 0;
        for nth in 0..REQUESTS {
            let has_slept = sleep_at(nth, fault, &config);
            naps += u32::from(has_slept.map_err(|error| format!("asleep at request {nth}: {error}"))?);
        }
        assert!(naps > 0, "no request was slept at");
    }
    Ok(())
}

#[test]
fn a_writer_that_sleeps_before_a_request_is_executed_counts_once() -> Result<(), AnyError> {
    sleep_everywhere(Fault::Hold(NAP))
}

#[test]
fn a_writer_that_sleeps_before_it_sees_an_answer_counts_once() -> Result<(), AnyError> {
    sleep_everywhere(Fault::DelayAnswer(NAP))
}
