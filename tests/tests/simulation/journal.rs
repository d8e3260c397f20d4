//! What happened under a seed, line by line, and how often each kind of thing did.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_testkit::ManualClock;

/// The log of one simulation. Clones are the same log.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    clock: ManualClock,
    written: Arc<Mutex<Written>>,
}

#[derive(Debug)]
struct Written {
    lines: Vec<String>,
    counts: Counts,
    digest: u64,
}

/// How often what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

impl Journal {
    pub(crate) fn new(clock: ManualClock) -> Self {
        let written = Written { lines: Vec::new(), counts: Counts::default(), digest: FNV_OFFSET };
        Self { clock, written: Arc::new(Mutex::new(written)) }
    }

    pub(crate) fn note(&self, line: fmt::Arguments<'_>) {
        let line = format!("{:>10.3}s  {line}", self.clock.monotonic().as_secs_f64());
        let mut written = self.lock();
        written.digest = fnv(written.digest, line.as_bytes());
        written.lines.push(line);
    }

    /// Takes into the digest what is too long to be a line.
    pub(crate) fn digest(&self, bytes: &[u8]) {
        let mut written = self.lock();
        written.digest = fnv(written.digest, bytes);
    }

    pub(crate) fn count(&self, what: &'static str, by: u64) {
        self.lock().counts.add(what, by);
    }

    pub(crate) fn result(&self) -> (Vec<String>, Counts, u64) {
        let written = self.lock();
        (written.lines.clone(), written.counts.clone(), written.digest)
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    pub(crate) fn add(&mut self, what: &'static str, by: u64) {
        *self.0.entry(what).or_default() += by;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, by)| self.add(what, *by));
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, count)| writeln!(f, "{count:>12}  {what}"))
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(digest: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(digest, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
