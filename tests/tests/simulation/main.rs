//! A simulation: servers, jobs and readers on one engine in memory and simulated time, under a scheduler that is all
//! chance from a seed. It suspends, kills and restarts processes between any two of their requests, lets requests fail,
//! come late or be dated wrongly, and holds every answer against an oracle.
//!
//! `make sim SEEDS=20000` runs more seeds, `make sim SEEDS=1 SEED=7` one again; `STEPS=50` ends it after as many steps.

#![expect(clippy::indexing_slicing, clippy::print_stderr, reason = "test code, where a panic is a failure")]

mod answers;
mod calls;
mod counters;
mod edges;
mod ending;
mod faults;
mod gates;
mod interruptions;
mod journal;
mod oracle;
mod process;
mod runner;
mod setting;
mod spans;
mod world;

use runner::{Run, Seeds, run, run_all};

/// What must happen again and again, or the simulation proves nothing.
const KINDS: [&str; 27] = [
    "answers delayed",
    "batches processed in part",
    "blocks merged",
    "calls between services",
    "commits at the closing",
    "connections cut after execution",
    "connections cut before execution",
    "crashes",
    "crashes at a request",
    "huge spans",
    "late commits put again",
    "paused virtual machines",
    "queries answered",
    "queries failed",
    "requests executed later",
    "requests held",
    "requests refused",
    "runs lost",
    "stale engines",
    "suspensions",
    "wild dates",
    "windows derived",
    "windows sealed",
    "windows with edges",
    "writes acknowledged",
    "writes refused",
    "retries",
];

#[test]
fn whatever_happens_acknowledged_spans_are_found() {
    let seeds = Seeds::from_environment();
    let counts = run_all(&seeds).unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{counts}");
    if seeds.are_many() {
        let tame: Vec<_> = KINDS.iter().filter(|kind| counts.of(kind) == 0).collect();
        assert!(tame.is_empty(), "never happened: {tame:?}");
    }
}

#[test]
fn a_seed_replays() {
    for seed in 1..=12 {
        let replay = || {
            let Run { digest, lines, .. } = run(seed, u32::MAX, true);
            (digest, lines)
        };
        let ((first, lines), (second, again)) = (replay(), replay());
        let difference = lines.iter().zip(&again).find(|(one, two)| one != two);
        assert_eq!(first, second, "seed {seed} goes another way: {difference:?}");
    }
}
