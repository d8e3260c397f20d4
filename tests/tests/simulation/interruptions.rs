//! Work that is interrupted: suspensions, crashes, jobs that overtake each other.

use std::time::Duration;

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_tests::AnyError;

use super::calls;
use super::faults::between;
use super::process::{Process, Suspension};
use super::world::{AT_ONCE, BURST, World};

/// The longest suspension: longer than any window with its grace.
const LONGEST_NAP_MILLIS: u32 = 20 * 60 * 1000;

/// Longer than a claim of the job lasts.
const CLAIM_MILLIS: u32 = 130 * 1000;

/// About as many steps as a round of the job has.
const STEPS_OF_A_ROUND: usize = 60;

/// As many steps as a commit has at most, mostly.
const STEPS_OF_A_COMMIT: usize = 8;

/// Longer than front ends of the service may differ.
const AROUND_CLOSING_MILLIS: u64 = 7000;

impl World {
    pub(crate) fn maintain(&mut self, number: usize) {
        let process = &mut self.processes[number];
        if process.suspended.is_none() {
            calls::maintain(process, &self.oracle, &self.journal);
            self.perhaps_at_once(number);
        }
    }

    /// A job is suspended anywhere in its round until its claim has ended, and another one does the same work before
    /// it goes on.
    pub(crate) fn overtake(&mut self, number: usize) {
        let other = (number + 1) % self.processes.len();
        let is_ready = |process: &Process| process.suspended.is_none() && process.opened().is_some();
        if !is_ready(&self.processes[number]) || !is_ready(&self.processes[other]) {
            return;
        }
        calls::maintain(&mut self.processes[number], &self.oracle, &self.journal);
        let steps = self.random.usize(1..STEPS_OF_A_ROUND);
        self.step(number, steps);
        self.suspend(number);
        let nap = between(&mut self.random, CLAIM_MILLIS, 2 * CLAIM_MILLIS);
        self.pass(nap);
        let process = &mut self.processes[other];
        process.gates.open(AT_ONCE);
        calls::maintain(process, &self.oracle, &self.journal);
        process.run();
        process.run();
        process.gates.open(0);
    }

    /// A writer is suspended in the middle of a commit until its window closes or nearly does, another process looks at
    /// the window meanwhile, and then the commit goes on.
    pub(crate) fn straddle(&mut self, number: usize) {
        let other = (number + 1) % self.processes.len();
        let is_ready = |process: &Process| process.suspended.is_none() && process.opened().is_some();
        if !is_ready(&self.processes[number]) || !is_ready(&self.processes[other]) {
            return;
        }
        let to_closing = self.until_closing();
        self.write(number);
        let steps = self.random.usize(..STEPS_OF_A_COMMIT);
        self.step(number, steps);
        let name = &self.processes[number].name;
        self.journal.note(format_args!("{name}  sleeps for {to_closing:?} in a commit"));
        self.journal.count("commits at the closing", 1);
        self.processes[number].faults.add_trouble();
        self.pass(to_closing);
        if self.setting.has_job && self.random.u8(..4) == 0 {
            self.maintain(other);
        }
        for _ in 0..self.random.usize(1..4) {
            self.ask(other);
        }
        if self.random.u8(..3) == 0 {
            self.processes[number].faults.begin_wild_date();
        }
        self.go_on(number);
        self.step(number, BURST);
    }

    /// Until the present window closes, some seconds sooner or a moment later.
    fn until_closing(&mut self) -> Duration {
        let config = &self.setting.configs[0];
        let (window, grace) = (config.window.as_millis(), config.window_grace.as_millis());
        let now = self.clock.wall().0.cast_unsigned() / 1_000_000;
        let closing = (now / window + 1) * window + grace;
        let sooner = u128::from(self.random.u64(..AROUND_CLOSING_MILLIS));
        let millis = (closing + 1000).saturating_sub(sooner).saturating_sub(now);
        Duration::from_millis(millis.try_into().unwrap_or_default())
    }

    /// Suspends a process, rather one whose job is at work: others take over when its claims have ended.
    pub(crate) fn suspend(&mut self, number: usize) {
        let at_work = self.processes.iter().position(Process::is_maintaining);
        let number = at_work.unwrap_or(number);
        let shortest = if at_work.is_some() { CLAIM_MILLIS } else { 500 };
        let nap = between(&mut self.random, shortest, LONGEST_NAP_MILLIS);
        let is_frozen = self.random.u8(..3) == 0;
        let until = self.clock.monotonic() + nap;
        let process = &mut self.processes[number];
        if process.suspended.is_none() {
            let what = if is_frozen { "paused virtual machines" } else { "suspensions" };
            self.journal.note(format_args!("{}  suspended for {nap:?}, {what}", process.name));
            self.journal.count(what, 1);
            process.faults.add_trouble();
            process.suspended = Some(Suspension { until, is_frozen });
        }
    }

    /// Ends a suspension, mostly when its time is over: then its requests may have gone ahead.
    pub(crate) fn resume(&mut self, number: usize) {
        let Some(suspension) = self.processes[number].suspended else { return };
        let rest = suspension.until.saturating_sub(self.clock.monotonic());
        if !rest.is_zero() && self.random.u8(..4) > 0 {
            self.pass(rest);
            if self.random.bool() {
                // Others come before it.
                return;
            }
        }
        let process = &mut self.processes[number];
        self.journal.note(format_args!("{}  resumed", process.name));
        process.faults.add_trouble();
        process.suspended = None;
        if self.random.bool() {
            self.go_on(number);
        }
    }

    /// What was under way when a process went to sleep is there when it wakes, before it notices how late it is.
    fn go_on(&mut self, number: usize) {
        let free = self.random.u64(..4);
        let process = &mut self.processes[number];
        process.gates.open(free);
        process.run();
        process.gates.open(0);
    }

    /// A process that could not open its store gives up.
    pub(crate) fn restart_unopened(&mut self, number: usize) -> Result<(), AnyError> {
        if self.processes[number].opening_error().is_some() {
            self.restart(number)?;
        }
        Ok(())
    }

    /// Replaces processes that have been killed.
    pub(crate) fn bury(&mut self) -> Result<(), AnyError> {
        for number in 0..self.processes.len() {
            if self.processes[number].is_dead() {
                self.journal.count("crashes", 1);
                self.restart(number)?;
            }
            self.processes[number].busy().unwrap_or_else(|why| {
                self.oracle.violated(why);
                0
            });
        }
        Ok(())
    }

    pub(crate) fn restart(&mut self, number: usize) -> Result<(), AnyError> {
        let successor = self.start(number, false)?;
        let name = &self.processes[number].name;
        self.journal.note(format_args!("{name}  has ended; {} starts", successor.name));
        self.processes[number].crash();
        self.processes[number] = successor;
        if self.random.bool() {
            self.finish_opening(number)?;
        }
        Ok(())
    }
}
