//! Processes on one engine under a seeded scheduler.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Span, Tenant};
use jaeger_dynamodb_testkit::{ManualClock, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW};

use super::faults::{Faults, between};
use super::journal::Journal;
use super::oracle::Oracle;
use super::process::{Plan, Process};
use super::setting::Setting;
use super::{calls, spans};

/// More requests than a query or a round needs.
pub(crate) const AT_ONCE: u64 = 2000;

/// How often a process is stepped at most while time passes in pieces.
pub(crate) const BURST: usize = 12;

pub(crate) struct World {
    pub(crate) random: fastrand::Rng,
    pub(crate) clock: ManualClock,
    pub(crate) engine: TestEngine,
    pub(crate) journal: Journal,
    pub(crate) oracle: Oracle,
    pub(crate) setting: Setting,
    pub(crate) processes: Vec<Process>,
    digests_bodies: bool,
    started: usize,
    sent: u64,
}

/// What may happen next, by weight.
#[derive(Clone, Copy, Debug)]
enum Action {
    Step,
    Write,
    Ask,
    PassTime,
    Maintain,
    Overtake,
    Straddle,
    Suspend,
    Resume,
    Crash,
    Restart,
    Faults,
}

impl World {
    pub(crate) fn new(seed: u64, most_steps: u32, digests_bodies: bool) -> Result<Self, AnyError> {
        let mut random = fastrand::Rng::with_seed(seed);
        let setting = Setting::draw(&mut random, most_steps);
        let clock = ManualClock::at(NOW);
        let engine = match setting.stale {
            Some(stale) => TestEngine::with_stale_reads(Arc::new(clock.clone()), stale)?,
            None => TestEngine::new(Arc::new(clock.clone()))?,
        };
        let journal = Journal::new(clock.clone());
        let oracle = Oracle::new(journal.clone());
        let processes = Vec::new();
        let mut world = Self {
            random,
            clock,
            engine,
            journal,
            oracle,
            setting,
            processes,
            digests_bodies,
            started: 0,
            sent: 0,
        };
        world.begin()?;
        Ok(world)
    }

    /// Makes the tables and starts the processes.
    fn begin(&mut self) -> Result<(), AnyError> {
        self.journal.note(format_args!("{:#?}", self.setting));
        // Windows begin at any moment of the clock.
        let into_window = between(&mut self.random, 1, 300_000);
        self.pass(into_window);
        for number in 0..self.setting.configs.len() {
            let process = self.start(number, number == 0)?;
            self.processes.push(process);
            self.finish_opening(number)?;
        }
        Ok(())
    }

    /// Starts the process of this number anew.
    pub(crate) fn start(&mut self, number: usize, creates_tables: bool) -> Result<Process, AnyError> {
        let mut config = self.setting.configs[number % self.setting.configs.len()].clone();
        config.create_tables = creates_tables;
        let mode = self.setting.modes[number % self.setting.modes.len()];
        let names = ["A", "B", "C", "D"];
        let name = format!("{}{}", names[number % names.len()], self.started);
        self.started += 1;
        let (journal, seed) = (self.journal.clone(), self.random.u64(..));
        let faults = Faults::new(seed, self.setting.skew, journal, self.digests_bodies);
        let plan = Plan { name, config, mode, seed };
        Process::start(plan, &self.engine, ManualClock::at(self.clock.wall()), faults)
    }

    /// Waits until a process that nothing befalls is open.
    pub(crate) fn finish_opening(&mut self, number: usize) -> Result<(), AnyError> {
        let process = &mut self.processes[number];
        process.gates.open(1000);
        process.run();
        process.gates.open(0);
        match process.opening_error() {
            Some(error) => Err(format!("{} could not be opened: {error}", process.name).into()),
            None if process.opened().is_none() => Err(format!("{} is not open", process.name).into()),
            None => Ok(()),
        }
    }

    /// Draws and takes the steps of the seed.
    pub(crate) fn play(&mut self) -> Result<(), AnyError> {
        for _ in 0..self.setting.steps {
            let number = self.random.usize(..self.processes.len());
            let action = self.draw();
            self.act(action, number)?;
            self.bury()?;
            if self.oracle.violation().is_some() {
                break;
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> Action {
        let maintain = if self.setting.has_job { 7 } else { 0 };
        let actions = [
            (Action::Step, 50),
            (Action::Write, 14),
            (Action::Ask, 8),
            (Action::PassTime, 14),
            (Action::Maintain, maintain),
            (Action::Overtake, maintain / 4),
            (Action::Straddle, 3),
            (Action::Suspend, self.setting.suspensions),
            (Action::Resume, 8),
            (Action::Crash, self.setting.crashes),
            (Action::Restart, 4),
            (Action::Faults, 4),
        ];
        let sum: u32 = actions.iter().map(|(_, weight)| weight).sum();
        let mut dice = self.random.u32(..sum);
        for (action, weight) in actions {
            if dice < weight {
                return action;
            }
            dice -= weight;
        }
        Action::Step
    }

    fn act(&mut self, action: Action, number: usize) -> Result<(), AnyError> {
        match action {
            Action::Step => {
                let releases = self.random.usize(1..=BURST);
                self.step(number, releases);
            }
            Action::Write => self.write(number),
            Action::Ask => self.ask(number),
            Action::PassTime => self.pass_time(),
            Action::Maintain => self.maintain(number),
            Action::Overtake => self.overtake(number),
            Action::Straddle => self.straddle(number),
            Action::Suspend => self.suspend(number),
            Action::Resume => self.resume(number),
            Action::Crash => self.processes[number].crash(),
            Action::Restart => self.restart_unopened(number)?,
            Action::Faults => self.begin_faults(number),
        }
        Ok(())
    }

    /// Lets a process go on, by so many requests that reach the service or answers that reach the process.
    pub(crate) fn step(&mut self, number: usize, releases: usize) {
        let process = &mut self.processes[number];
        if process.suspended.is_some() {
            return;
        }
        process.run();
        for _ in 0..releases {
            if !process.gates.release(&mut self.random) {
                break;
            }
            process.run();
        }
    }

    pub(crate) fn write(&mut self, number: usize) {
        let spans = self.batch();
        let process = &mut self.processes[number];
        if process.suspended.is_none() && process.opened().is_some() {
            calls::write(process, &self.oracle, &self.journal, spans);
        }
    }

    /// New spans, and some that were sent before: a client that was refused, or did not hear, writes again.
    pub(crate) fn batch(&mut self) -> Vec<Span> {
        let mut batch = Vec::new();
        let known = self.oracle.sent_count();
        if known > 0 && self.random.u8(..5) == 0 {
            for _ in 0..self.random.usize(1..4) {
                batch.push(self.oracle.sent(self.random.usize(..known)));
            }
        }
        for _ in 0..self.random.usize(1..5) {
            self.sent += 1;
            batch.push(spans::span(&mut self.random, self.clock.wall(), self.setting.traces, self.sent));
        }
        if self.setting.has_huge_spans && self.random.u8(..20) == 0 {
            let huge = batch.pop().map(|span| spans::huge(&mut self.random, span));
            batch.extend(huge);
            self.journal.count("huge spans", 1);
        }
        batch
    }

    pub(crate) fn ask(&mut self, number: usize) {
        let question = spans::question(&mut self.random, self.clock.wall(), self.setting.traces);
        let process = &mut self.processes[number];
        if process.suspended.is_none() && process.opened().is_some() {
            calls::ask(process, &self.oracle, &self.journal, question);
            self.perhaps_at_once(number);
        }
    }

    /// Sometimes what was begun is not interrupted.
    pub(crate) fn perhaps_at_once(&mut self, number: usize) {
        if self.random.bool() {
            let process = &mut self.processes[number];
            process.gates.open(AT_ONCE);
            process.run();
            process.run();
            process.gates.open(0);
        }
    }

    /// Moments mostly, sometimes minutes; at once, or in pieces between which everybody works.
    fn pass_time(&mut self) {
        let window = self.setting.configs[0].window.as_millis().try_into().unwrap_or(u32::MAX);
        let by = match self.random.u8(..12) {
            0..4 => between(&mut self.random, 1, 1_000),
            4..6 => between(&mut self.random, window / 20, window / 2),
            6..10 => self.until_a_boundary(),
            _ => between(&mut self.random, window / 2, window * 3),
        };
        let pieces = self.random.u32(1..=4);
        self.journal.note(format_args!("{by:?} pass in {pieces} pieces"));
        for _ in 0..pieces {
            self.pass(by / pieces);
            if pieces > 1 {
                for number in 0..self.processes.len() {
                    self.step(number, BURST);
                }
            }
        }
    }

    /// Until a window ends or closes, or any moment between, or just before.
    fn until_a_boundary(&mut self) -> Duration {
        let config = &self.setting.configs[0];
        let now = u64::try_from(self.clock.wall().0 / 1_000_000).unwrap_or_default();
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or_default();
        let (window, grace) = (millis(config.window), millis(config.window_grace));
        let end = (now / window + 1) * window;
        let moments = [end - 100, end, end + self.random.u64(..grace), end + grace - 1000, end + grace];
        let moment = self.random.choice(moments).unwrap_or(end);
        Duration::from_millis(moment.saturating_sub(now))
    }

    /// Lets time pass for everybody whose clock goes.
    pub(crate) fn pass(&mut self, by: Duration) {
        self.clock.advance(by);
        for process in &self.processes {
            if !process.suspended.is_some_and(|suspension| suspension.is_frozen) {
                process.clock.advance(by);
            }
        }
    }

    fn begin_faults(&mut self, number: usize) {
        let requests = self.random.u32(1..40);
        let process = &self.processes[number];
        self.journal.note(format_args!("{}  faults among the next {requests} requests", process.name));
        if self.random.u8(..3) == 0 {
            process.faults.begin_outage(requests.min(15));
        } else {
            process.faults.begin(requests, self.setting.fault_percent);
        }
    }

    pub(crate) fn tenant() -> Tenant {
        Tenant::default()
    }
}
