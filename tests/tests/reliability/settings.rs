//! What the environment says, and what a test that fails tells of it.

use jaeger_dynamodb_tests::AnyError;

/// `SEED`, to make the same choices again; else any.
#[expect(clippy::print_stdout, reason = "whoever reads the figures may want to make them again")]
pub(crate) fn seed() -> u64 {
    let seed = variable("SEED").and_then(|text| text.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("SEED={seed}");
    seed
}

/// Whether `LONG` asks for the figures of the long run.
pub(crate) fn is_long() -> bool {
    variable("LONG").is_some()
}

/// The outcome; an error, which has a server's log in it, is printed as people read it.
#[expect(clippy::print_stdout, reason = "a test prints its error on one line")]
pub(crate) fn told<T>(seed: u64, outcome: Result<T, AnyError>) -> Result<T, AnyError> {
    outcome.map_err(|error| {
        println!("{error}");
        format!("the law does not hold, with SEED={seed}").into()
    })
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test that no program reads")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
