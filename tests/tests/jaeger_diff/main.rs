//! The differential ring: the same random spans and random queries go to our server and to Jaeger's own memory store,
//! two processes behind gRPC, and the answers must be equal but for the listed [`Difference`]s.
//!
//! `tests/jaeger/v2/diff.sh` builds both servers and runs this. It reads from the environment: `JAEGER`, the binary
//! of Jaeger v2; `SERVER`, ours; `CASES`, how many; `SEED` of the first, to replay a case.
//!
//! What it does not prove: anything that Jaeger's memory store of this release cannot do, such as pages and filters.

mod cases;
mod client;
mod differences;
mod lists;
mod prediction;
mod ring;
mod searches;
mod server;
mod summary;

use std::path::{Path, PathBuf};

use jaeger_dynamodb_tests::AnyError;
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::differences::Difference;
use crate::ring::Ring;

const USUAL_CASES: u64 = 400;

/// So many cases meet every listed difference.
const CASES_THAT_MEET_ALL: u64 = 300;

/// What the environment says.
struct Settings {
    jaeger: PathBuf,
    server: PathBuf,
    cases: u64,
    first_seed: u64,
}

#[test]
fn our_server_answers_as_jaegers_memory_store() -> Result<(), AnyError> {
    let settings = Settings::read()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ring = runtime.block_on(Ring::start(&settings.jaeger, &settings.server))?;
    for case in 0..settings.cases {
        let seed = settings.first_seed.wrapping_add(case);
        if let Err(reason) = run(&runtime, &ring, seed) {
            panic!("replay with SEED={seed} CASES=1: {reason}");
        }
    }
    println!("{} cases from SEED={}\n{}", settings.cases, settings.first_seed, ring.tally);
    let unmet: Vec<_> = Difference::ALL.into_iter().filter(|one| ring.tally.count(*one) == 0).collect();
    assert!(
        unmet.is_empty() || settings.cases < CASES_THAT_MEET_ALL,
        "differences that do not exist must not be listed: {unmet:?}"
    );
    Ok(())
}

/// Runs the case of the seed; one that fails is made as small as it can be and left in a file.
fn run(runtime: &Runtime, ring: &Ring, seed: u64) -> Result<(), AnyError> {
    let config = ProptestConfig {
        cases: 1,
        max_shrink_iters: 400,
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
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jaeger_diff.case");
            std::fs::write(&file, format!("{smallest:#?}\n"))?;
            Err(format!("{reason}\nthe smallest such case is in {}", file.display()).into())
        }
    }
}

impl Settings {
    fn read() -> Result<Self, AnyError> {
        Ok(Self {
            jaeger: variable("JAEGER").ok_or("JAEGER must name the binary of Jaeger v2")?.into(),
            server: variable("SERVER").ok_or("SERVER must name the binary of our server")?.into(),
            cases: variable("CASES").map_or(Ok(USUAL_CASES), |text| text.parse())?,
            first_seed: variable("SEED").map_or_else(|| Ok(fastrand::u64(..)), |text| text.parse())?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test that no program reads")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
