//! Running seeds, and telling about one that fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use jaeger_dynamodb_tests::AnyError;

use super::counters::StoreCounters;
use super::journal::Counts;
use super::world::World;

/// Enough that everything happens that can, and few enough for every `make test`.
const DEFAULT_SEEDS: u64 = 300;

/// Lines of a failing seed's log that are shown.
const MOST_LINES: usize = 20_000;

/// Which seeds are run.
#[derive(Debug)]
pub(crate) struct Seeds {
    first: u64,
    count: u64,
    most_steps: u32,
    /// The log of every seed is shown, not only of one that fails.
    are_shown: bool,
}

/// What came of a seed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) failure: Option<String>,
    pub(crate) lines: Vec<String>,
    pub(crate) counts: Counts,
    pub(crate) digest: u64,
}

impl Seeds {
    pub(crate) fn from_environment() -> Self {
        Self {
            first: number("SEED").unwrap_or(1),
            count: number("SEEDS").unwrap_or(DEFAULT_SEEDS),
            most_steps: number("STEPS").and_then(|steps| steps.try_into().ok()).unwrap_or(u32::MAX),
            are_shown: number("LOG").is_some(),
        }
    }

    /// Whether everything should happen under them.
    pub(crate) fn are_many(&self) -> bool {
        self.count >= DEFAULT_SEEDS && self.most_steps == u32::MAX
    }
}

/// Runs the seeds on all cores, each by itself on one thread. The first that fails ends it.
#[expect(clippy::disallowed_methods, reason = "seconds of the machine, for people")]
pub(crate) fn run_all(seeds: &Seeds) -> Result<Counts, String> {
    let next = AtomicU64::new(seeds.first);
    let sum = Mutex::new((Counts::default(), None));
    let end = seeds.first + seeds.count;
    let began = Instant::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            if seed > seeds.first && (seed - seeds.first).is_multiple_of(1000) {
                eprintln!("{} seeds in {:.0} s", seed - seeds.first, began.elapsed().as_secs_f64());
            }
            let outcome = run(seed, seeds.most_steps, false);
            if seeds.are_shown {
                eprintln!("{}", outcome.lines.join("\n"));
            }
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            sum.0.merge(&outcome.counts);
            if let Some(failure) = &outcome.failure {
                next.store(end, Ordering::Relaxed);
                let begin = outcome.lines.len().saturating_sub(MOST_LINES);
                let log = outcome.lines[begin..].join("\n");
                let again = format!("make sim SEEDS=1 SEED={seed}");
                sum.1.get_or_insert(format!("{log}\n\nseed {seed} fails: {failure}\nagain: {again}"));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let (counts, failure) = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failure.is_none() {
        let rate = f64::from(u32::try_from(seeds.count).unwrap_or(u32::MAX)) / seconds;
        eprintln!("{} seeds in {seconds:.1} s, {rate:.1} a second", seeds.count);
    }
    failure.map_or(Ok(counts), Err)
}

/// Runs one seed.
pub(crate) fn run(seed: u64, most_steps: u32, digests_bodies: bool) -> Run {
    let world = World::new(seed, most_steps, digests_bodies);
    let mut world = match world {
        Ok(world) => world,
        Err(error) => return Run::failed_to_begin(&error),
    };
    let recorder = StoreCounters(world.journal.clone());
    if world.setting.stale.is_some() {
        world.journal.count("stale engines", 1);
    }
    let outcome = metrics::with_local_recorder(&recorder, || -> Result<(), AnyError> {
        world.play()?;
        match world.oracle.violation() {
            Some(_) => Ok(()),
            None => world.end(),
        }
    });
    let failure = world.oracle.violation().or_else(|| outcome.err().map(|error| error.to_string()));
    let (lines, counts, digest) = world.journal.result();
    let damage = counts.of("damaged items") + counts.of("missing packs");
    let failure = failure.or_else(|| (damage > 0).then(|| format!("damage is reported {damage} times")));
    Run { failure, lines, counts, digest }
}

impl Run {
    fn failed_to_begin(error: &AnyError) -> Self {
        let failure = Some(format!("it cannot begin: {error}"));
        Self { failure, lines: Vec::new(), counts: Counts::default(), digest: 0 }
    }
}

#[expect(clippy::disallowed_methods, reason = "the knobs of make sim")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
