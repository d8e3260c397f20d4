//! The differential ring: the same random spans and random queries go to our server and to Jaeger's own memory store,
//! two processes behind gRPC, and the answers must be equal but for the listed [`Difference`]s.
//!
//! `tests/jaeger/v2/diff.sh` builds both servers and runs this. It reads from the environment: `JAEGER`, the binary
//! of Jaeger v2; `SERVER`, ours; `CASES`, how many; `SEED` of the first, to replay a case.
//!
//! It is held three times: with the usual settings; with windows so short that all are derived before anything is
//! asked, and no log is read; and with windows as short that are never derived.
//!
//! What it does not prove: anything that Jaeger's memory store of this release cannot do, such as pages and filters;
//! anything about many spans, or about pointers of many windows that were merged.

mod cases;
mod client;
mod derived;
mod differences;
mod lists;
mod metrics;
mod prediction;
mod ring;
mod searches;
mod server;
mod set_up;
mod summary;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::differences::{Difference, Tally};
use crate::ring::Ring;
use crate::set_up::{DERIVED, Derivation, NEVER_DERIVED, SetUp, USUAL};

/// So many cases meet every listed difference.
const CASES_THAT_MEET_ALL: u64 = 300;

/// How often a case that fails is made smaller, at most.
const SHRINKS: u32 = 400;

/// The same where each takes seconds.
const SLOW_SHRINKS: u32 = 10;

/// What the environment says.
struct Settings {
    jaeger: PathBuf,
    server: PathBuf,
    cases: u64,
    first_seed: u64,
}

#[test]
fn our_server_answers_as_jaegers_memory_store() -> Result<(), AnyError> {
    hold(&USUAL).map(drop)
}

#[test]
fn our_server_answers_so_by_what_is_derived() -> Result<(), AnyError> {
    let (settings, tally) = hold(&DERIVED)?;
    let segments = tally.figure("requests of ours for segments");
    assert!(segments > 0 || settings.cases < CASES_THAT_MEET_ALL, "no search has read a segment");
    Ok(())
}

#[test]
fn our_server_answers_so_when_nothing_is_ever_derived() -> Result<(), AnyError> {
    hold(&NEVER_DERIVED).map(drop)
}

/// Expects all cases to hold in a set-up, and every difference to be met if they are enough.
#[expect(clippy::panic, clippy::print_stdout, reason = "this is what the tests are made of")]
fn hold(set_up: &SetUp) -> Result<(Settings, Arc<Tally>), AnyError> {
    let settings = Settings::read(set_up)?;
    let tally = Arc::new(Tally::default());
    let clock = tokio_clock();
    let began = clock.monotonic();
    if let Some(reason) = run_all(&settings, set_up, &tally)? {
        panic!("{reason}");
    }
    let took = (clock.monotonic() - began).as_secs();
    let Settings { cases, first_seed, .. } = settings;
    println!("{}: {cases} cases from SEED={first_seed} in {took} s", set_up.name);
    println!(
        "{}",
        if set_up.derivation == Derivation::AsItComes { format!("{tally:#}") } else { tally.to_string() }
    );
    let unmet: Vec<_> = Difference::ALL.into_iter().filter(|one| tally.count(*one) == 0).collect();
    assert!(
        unmet.is_empty() || settings.cases < CASES_THAT_MEET_ALL,
        "differences that do not exist must not be listed: {unmet:?}"
    );
    Ok((settings, tally))
}

/// Runs the cases, some at a time, and answers with the reason if one failed.
fn run_all(settings: &Settings, set_up: &SetUp, tally: &Arc<Tally>) -> Result<Option<String>, AnyError> {
    let next = AtomicU64::new(0);
    let failed = Mutex::new(None);
    let fail = |reason: String| {
        // The others finish what they are at.
        next.store(settings.cases, Ordering::Relaxed);
        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    };
    let run_some = |runtime: Runtime, ring: Ring| {
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= settings.cases {
                break;
            }
            let seed = settings.first_seed.wrapping_add(case);
            if let Err(reason) = run(&runtime, &ring, set_up, seed) {
                fail(format!("replay with SEED={seed} CASES=1: {reason}"));
            }
        }
        if let Err(reason) = ring.ours.has_logged_nothing() {
            fail(reason.to_string());
        }
    };
    thread::scope(|scope| {
        for number in 0..set_up.at_a_time.min(usize::try_from(settings.cases)?) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (jaeger, server) = (&settings.jaeger, &settings.server);
            let ring = runtime.block_on(Ring::start(jaeger, server, set_up, number, Arc::clone(tally)))?;
            let run_some = &run_some;
            scope.spawn(move || run_some(runtime, ring));
        }
        Ok::<_, AnyError>(())
    })?;
    Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Runs the case of the seed; one that fails is made as small as it can be and left in a file.
fn run(runtime: &Runtime, ring: &Ring, set_up: &SetUp, seed: u64) -> Result<(), AnyError> {
    let is_slow = set_up.derivation == Derivation::BeforeReading;
    let config = ProptestConfig {
        cases: 1,
        max_shrink_iters: if is_slow { SLOW_SHRINKS } else { SHRINKS },
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed.to_le_bytes().repeat(4));
    let outcome = TestRunner::new_with_rng(config, rng).run(&cases::case(), |case| {
        runtime.block_on(ring.hold(&case)).map_err(|error| TestCaseError::fail(error.to_string()))
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => Err(reason.to_string().into()),
        Err(TestError::Fail(reason, smallest)) => {
            let file =
                Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("jaeger_diff.{}.case", set_up.name));
            std::fs::write(&file, format!("{smallest:#?}\n"))?;
            Err(format!("{reason}\nthe smallest such case is in {}", file.display()).into())
        }
    }
}

impl Settings {
    fn read(set_up: &SetUp) -> Result<Self, AnyError> {
        Ok(Self {
            jaeger: variable("JAEGER").ok_or("JAEGER must name the binary of Jaeger v2")?.into(),
            server: variable("SERVER").ok_or("SERVER must name the binary of our server")?.into(),
            cases: variable("CASES").map_or(Ok(set_up.usual_cases), |text| text.parse())?,
            first_seed: variable("SEED").map_or_else(|| Ok(fastrand::u64(..)), |text| text.parse())?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test that no program reads")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
