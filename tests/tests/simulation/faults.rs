//! What befalls the requests of a process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jaeger_dynamodb_testkit::{Fault, FaultPlan, Refusal, RequestInfo};

use super::journal::Journal;

/// A single wild date must stay a single one: the store believes a service that insists (`service_time.rs`), and a
/// first date that the second one confirms.
const BETWEEN_WILD_DATES: u64 = 6;

/// Wild dates must not confirm each other either.
const WILD_STEP_SECONDS: i64 = 97;

/// Kinds of faults, by weight.
const KINDS: u8 = 100;
const WILD_DATE: u8 = 99;

/// The faults of one process, switched by the scheduler.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    journal: Journal,
    digests_bodies: bool,
    /// How far dates are moved at all times, by different front ends of the service: within the store's `clock_skew`.
    skew: (i64, i64),
    /// So many of the next requests may be befallen, each with this probability.
    left: u32,
    percent: u8,
    /// All of them are of one kind.
    kind: Option<u8>,
    requests: u64,
    last_wild: u64,
    wild_dates: i64,
    /// Counts everything that excuses an error.
    trouble: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64, skew: (i64, i64), journal: Journal, digests_bodies: bool) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            random: fastrand::Rng::with_seed(seed),
            journal,
            digests_bodies,
            skew,
            left: 0,
            percent: 0,
            kind: None,
            requests: 0,
            last_wild: 0,
            wild_dates: 0,
            trouble: 0,
        })))
    }

    pub(crate) fn plan(self: &Arc<Self>) -> FaultPlan {
        let faults = Arc::clone(self);
        FaultPlan::new(move |request| faults.lock().decide(request))
    }

    /// From now on so many requests may be befallen.
    pub(crate) fn begin(&self, requests: u32, percent: u8) {
        let mut state = self.lock();
        (state.left, state.percent, state.kind) = (requests, percent, None);
    }

    /// From now on the same befalls so many requests.
    pub(crate) fn begin_outage(&self, requests: u32) {
        let mut state = self.lock();
        (state.left, state.percent) = (requests, 100);
        state.kind = Some(state.random.u8(..KINDS));
    }

    /// The next answer is dated wildly, if that is still a single one.
    pub(crate) fn begin_wild_date(&self) {
        let mut state = self.lock();
        (state.left, state.percent, state.kind) = (1, 100, Some(WILD_DATE));
    }

    pub(crate) fn end(&self) {
        self.begin(0, 0);
    }

    pub(crate) fn trouble(&self) -> u64 {
        self.lock().trouble
    }

    /// Something beside a fault excuses errors of the process.
    pub(crate) fn add_trouble(&self) {
        self.lock().trouble += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn decide(&mut self, request: &RequestInfo) -> Fault {
        self.requests += 1;
        self.journal.count("requests", 1);
        let fault = self.draw();
        if self.digests_bodies {
            // The order of members is by chance and means nothing.
            let mut bytes = request.body.to_string().into_bytes();
            bytes.sort_unstable();
            self.journal.digest(&bytes);
        }
        let tables = request.tables.join(" ");
        let tables = tables.replace("jaeger.", "");
        let place = request.body["Item"]["sk"]["B"].as_str().unwrap_or_default();
        let (handle, operation) = (&request.handle, &request.operation);
        match fault {
            Fault::None => self.journal.note(format_args!("{handle}  {operation} {tables} {place}")),
            _ => self.journal.note(format_args!("{handle}  {operation} {tables} {place}: {fault:?}")),
        }
        fault
    }

    fn draw(&mut self) -> Fault {
        let (least, most) = self.skew;
        if self.left == 0 || self.random.u8(..100) >= self.percent {
            self.left = self.left.saturating_sub(1);
            return match self.random.i64(least..=most) {
                0 => Fault::None,
                seconds => Fault::ShiftDate(seconds),
            };
        }
        self.left -= 1;
        let fault = self.fault();
        if fault != Fault::None {
            self.trouble += 1;
            self.journal.count(name(fault), 1);
        }
        fault
    }

    fn fault(&mut self) -> Fault {
        let kind = self.kind.unwrap_or_else(|| self.random.u8(..KINDS));
        let random = &mut self.random;
        match kind {
            0..20 => Fault::Refuse(match random.u8(..4) {
                0 => Refusal::InternalServerError,
                1 => Refusal::Throttling,
                2 => Refusal::ThroughputExceeded,
                _ => Refusal::RequestLimitExceeded,
            }),
            20..30 => Fault::CutBefore,
            30..46 => Fault::CutAfter,
            46..60 => Fault::CutAndExecuteLater(between(random, 1_000, 2_400_000)),
            60..70 => Fault::Hold(between(random, 10, 90_000)),
            70..80 => Fault::DelayAnswer(between(random, 10, 90_000)),
            80..82 => Fault::ProcessOnly(random.usize(..3)),
            82..84 => Fault::CrashBefore,
            84..86 => Fault::CrashAfter,
            _ => self.wild_date(),
        }
    }

    fn wild_date(&mut self) -> Fault {
        if self.requests < self.last_wild + BETWEEN_WILD_DATES {
            return Fault::None;
        }
        self.last_wild = self.requests;
        self.wild_dates += 1;
        let magnitude = WILD_STEP_SECONDS * (1 + (self.wild_dates * 5) % 11) + self.random.i64(0..30);
        Fault::ShiftDate(if self.random.bool() { magnitude } else { -magnitude })
    }
}

/// A duration whose order of magnitude is random.
pub(crate) fn between(random: &mut fastrand::Rng, least_millis: u32, most_millis: u32) -> Duration {
    let (least, most) = (f64::from(least_millis).ln(), f64::from(most_millis).ln());
    let seconds = (least + (most - least) * random.f64()).exp() / 1000.0;
    // Whole milliseconds are easier to read in the log.
    Duration::from_secs_f64((seconds * 1000.0).round() / 1000.0)
}

fn name(fault: Fault) -> &'static str {
    match fault {
        Fault::None => "no fault",
        Fault::Hold(_) => "requests held",
        Fault::DelayAnswer(_) => "answers delayed",
        Fault::ShiftDate(_) => "wild dates",
        Fault::Refuse(_) => "requests refused",
        Fault::CutBefore => "connections cut before execution",
        Fault::CutAfter => "connections cut after execution",
        Fault::CutAndExecuteLater(_) => "requests executed later",
        Fault::ProcessOnly(_) => "batches processed in part",
        Fault::CrashBefore | Fault::CrashAfter => "crashes at a request",
    }
}
