//! What every store must do, as a library: one suite for the in-memory store, a database, and a server behind a
//! network.
//!
//! [`run_all`] runs named cases with hand-written expectations, each against a fresh store.
//! [`assert_same_answers`] holds a store that was filled in any way against a [`MemoryStore`] with the same
//! spans. Neither tells how a store behaves when what it is built on fails: that is for the store's own tests.
//!
//! [`MemoryStore`]: jaeger_dynamodb_core::MemoryStore

mod answers;
mod cases;
mod dependencies;
mod differential;
mod expect;
mod failure;
mod store;

mod bounds;
mod getting;
mod listing;
mod ordering;
mod searching;
mod sizes;
mod special_keys;
mod summing;
mod tenants;
mod texts;
mod writing;

use std::error::Error;

pub use dependencies::{Form, assert_dependencies};
pub use differential::assert_same_answers;
pub use failure::{CaseFailure, ConformanceFailure};
pub use store::{OptOut, StoreUnderTest};

use cases::CASES;

/// Runs every case that the store does not opt out of, each against a store of its own from `fresh`.
///
/// # Errors
/// [`ConformanceFailure`] with all cases that failed.
pub async fn run_all<F, Fut>(fresh: F, opt_outs: &[OptOut]) -> Result<(), ConformanceFailure>
where
    F: Fn() -> Fut + Sync,
    Fut: Future<Output = Result<StoreUnderTest, Box<dyn Error + Send + Sync>>> + Send,
{
    run_named(fresh, opt_outs, "").await
}

/// Runs the cases of [`run_all`] whose name contains the text.
///
/// # Errors
/// [`ConformanceFailure`] with all cases that failed, or if no case has such a name.
pub async fn run_named<F, Fut>(fresh: F, opt_outs: &[OptOut], part: &str) -> Result<(), ConformanceFailure>
where
    F: Fn() -> Fut + Sync,
    Fut: Future<Output = Result<StoreUnderTest, Box<dyn Error + Send + Sync>>> + Send,
{
    let mut failures = Vec::new();
    let mut ran = 0;
    for case in CASES.iter().filter(|case| case.name.contains(part)) {
        if case.unless.iter().any(|opt_out| opt_outs.contains(opt_out)) {
            continue;
        }
        ran += 1;
        let outcome = match fresh().await {
            Ok(store) => (case.run)(&store).await,
            Err(error) => Err(format!("no fresh store: {error}")),
        };
        failures.extend(outcome.err().map(|reason| CaseFailure { case: case.name, reason }));
    }
    if ran == 0 {
        failures.push(CaseFailure { case: "suite", reason: format!("no case is named like {part:?}") });
    }
    ConformanceFailure::unless_empty(ran, failures)
}
