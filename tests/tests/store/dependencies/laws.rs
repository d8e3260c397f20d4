//! Whatever traces there are, however they are split into Exports and windows of whatever lengths, however often one is
//! sent again, whatever befalls the writers, and whichever jobs run, crash or run at the same time, with whatever
//! horizons: the edges are those of whole traces, as long as the windows of a trace lie within all of these.

use std::iter;
use std::time::Duration;

use futures::future::join_all;
use jaeger_dynamodb_core::Span;
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::strategies::related_spans;
use jaeger_dynamodb_testkit::{Fault, FaultPlan, Refusal, RequestInfo};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, tokio_clock};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::world::World;

const SECOND: u64 = 1_000_000_000;

#[derive(Debug, Clone)]
enum Step {
    Write(usize, Vec<Span>),
    /// Requests of the writer fail one time in so many, or are executed late; it writes until it is acknowledged.
    WriteInTrouble {
        server: usize,
        spans: Vec<Span>,
        one_in: u64,
        seed: u64,
    },
    /// What was written before, or some of it, is sent again.
    WriteAgain(Index),
    Wait(Duration),
    Maintain,
    /// A runner dies at this request.
    MaintainAndCrashAt(u64),
    MaintainTogether,
    /// Requests of a runner fail one time in so many.
    MaintainWithFaults {
        one_in: u64,
        seed: u64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Spans start so long before the first window that all windows count them where they start.
    let now = u64::try_from(NOW.0).unwrap_or_default();
    let spans = || related_spans(0..7, now - 300 * SECOND..now);
    let in_trouble = (0..2_usize, spans(), 2_u64..9, any::<u64>());
    let step = prop_oneof![
        4 => (0..2_usize, spans()).prop_map(|(server, spans)| Step::Write(server, spans)),
        2 => in_trouble
            .prop_map(|(server, spans, one_in, seed)| Step::WriteInTrouble { server, spans, one_in, seed }),
        2 => any::<Index>().prop_map(Step::WriteAgain),
        // All windows lie within the horizon of an hour.
        4 => (0_u64..120).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
        2 => Just(Step::Maintain),
        1 => (0_u64..60).prop_map(Step::MaintainAndCrashAt),
        1 => Just(Step::MaintainTogether),
        1 => (3_u64..20, any::<u64>()).prop_map(|(one_in, seed)| Step::MaintainWithFaults { one_in, seed }),
    ];
    vec(step, 1..14)
}

/// Those of one server, or of two with windows of different lengths.
fn configs() -> impl Strategy<Value = Vec<StoreConfig>> {
    let second = Duration::from_secs(1);
    let config = prop_oneof![
        3 => Just(aws_config()),
        1 => Just(StoreConfig::embedded()),
        1 => Just(StoreConfig { window: 9 * second, window_grace: 6 * second, ..aws_config() }),
        1 => Just(StoreConfig { bucket_bytes: 100, settle: Duration::ZERO, ..aws_config() }),
    ];
    let length = select(&[9_u64, 30, 60, 300, 600][..]);
    (config, prop::option::of(length)).prop_map(|(config, length)| {
        let of_length = |seconds| StoreConfig { window: Duration::from_secs(seconds), ..config.clone() };
        let other = length.map(of_length);
        iter::once(config.clone()).chain(other).collect()
    })
}

async fn take(world: &mut World, written: &mut Vec<Vec<Span>>, step: Step) -> Result<(), AnyError> {
    match step {
        Step::Write(server, spans) => {
            world.write_by(server, spans.clone(), FaultPlan::none()).await?;
            written.push(spans);
        }
        Step::WriteInTrouble { server, spans, one_in, seed } => {
            world.write_by(server, spans.clone(), faults(one_in, seed)).await?;
            written.push(spans);
        }
        Step::WriteAgain(which) if !written.is_empty() => {
            let mut spans = which.get(written).clone();
            spans.truncate(which.index(8).max(1));
            world.write(spans).await?;
        }
        Step::WriteAgain(_) => {}
        Step::Wait(duration) => world.clock.sleep(duration).await,
        Step::Maintain => drop(world.runner().await?.1.round().await),
        Step::MaintainAndCrashAt(request) => {
            let (handle, runner) = world.runner().await?;
            handle.inject(FaultPlan::nth(request, |_: &RequestInfo| true, Fault::CrashAfter));
            drop(runner.round().await);
        }
        Step::MaintainTogether => {
            let runners = [world.runner().await?.1, world.runner().await?.1];
            join_all(runners.iter().map(jaeger_dynamodb_dynamo::Maintenance::round)).await;
        }
        Step::MaintainWithFaults { one_in, seed } => {
            let (handle, runner) = world.runner().await?;
            handle.inject(faults(one_in, seed));
            drop(runner.round().await);
        }
    }
    Ok(())
}

fn faults(one_in: u64, seed: u64) -> FaultPlan {
    FaultPlan::new(move |request| {
        let mut random = fastrand::Rng::with_seed(seed ^ request.index);
        match random.u64(..one_in * 5) {
            0 => Fault::Refuse(Refusal::InternalServerError),
            1 => Fault::Refuse(Refusal::Throttling),
            2 => Fault::CutBefore,
            3 => Fault::CutAfter,
            4 => Fault::CutAndExecuteLater(Duration::from_secs(random.u64(1..400))),
            _ => Fault::None,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_edge_is_that_of_whole_traces(configs in configs(), steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let outcome: Result<(), AnyError> = runtime.map_err(AnyError::from).and_then(|runtime| {
            runtime.block_on(async {
                let (mut world, mut written) = (World::with(tokio_clock(), configs).await?, Vec::new());
                for step in steps {
                    take(&mut world, &mut written, step).await?;
                }
                world.finish().await?;
                world.answers_are_right().await?;
                // Four hours are summed up, then the day: neither changes an answer.
                for wait in [6, 30] {
                    world.clock.sleep(Duration::from_secs(wait * 3600)).await;
                    world.roll_up().await?;
                    world.answers_are_right().await?;
                }
                Ok(())
            })
        });
        outcome.map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}
