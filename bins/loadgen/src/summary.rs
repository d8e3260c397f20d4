//! What a run comes to.

use std::{fmt, time::Duration};

use jaeger_dynamodb_runtime::exit::Failure;

use crate::{
    drive::Run,
    settings::Settings,
    tally::{Spans, Tally},
};

#[cfg(test)]
mod tests;

/// The figures of a run, written for humans.
#[derive(Debug)]
pub(crate) struct Summary {
    tally: Tally,
    run: Run,
    /// `None` when time was of no account.
    schedule: Option<Schedule>,
}

#[derive(Debug)]
struct Schedule {
    spans_per_second: u32,
    duration: Duration,
}

// === impl Summary ===

impl Summary {
    pub(crate) fn new(settings: &Settings, run: &Run, mut tally: Tally) -> Self {
        tally.latencies.sort_unstable();
        let schedule = (!settings.as_fast_as_possible).then_some(Schedule {
            spans_per_second: settings.spans_per_second.get(),
            duration: settings.duration,
        });
        Self { tally, run: *run, schedule }
    }

    /// Fails unless the server has all spans.
    pub(crate) fn verdict(self) -> Result<(), Failure> {
        let Spans { sent, acknowledged, refused, failed } = self.tally.spans;
        if acknowledged == sent {
            return Ok(());
        }
        let missing = sent - acknowledged;
        let message = format!(
            "{missing} of {sent} spans were not acknowledged: {refused} were refused, {failed} failed"
        );
        let first = self.tally.first_reason.unwrap_or_else(|| "a request ended without an answer".to_owned());
        Err(Failure::runtime(message, format!("the first time: {first}")))
    }

    /// A load's last spans are exported after its traces, so its requests take longer than itself. That is no delay:
    /// only what comes after the last request was due is.
    fn rate(&self) -> f64 {
        let elapsed = self.run.elapsed;
        let time = match &self.schedule {
            Some(schedule) if !self.run.is_interrupted => {
                schedule.duration + elapsed.saturating_sub(self.tally.last_due)
            }
            _ => elapsed,
        };
        per_second(self.tally.spans.acknowledged, time)
    }

    fn latency(&self, percent: usize) -> Milliseconds {
        Milliseconds(percentile(&self.tally.latencies, percent))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { spans, requests, retries, late, .. } = &self.tally;
        let Spans { sent, acknowledged, refused, failed } = spans;
        let (rate, seconds) = (self.rate(), self.run.elapsed.as_secs_f64());
        let interrupted = if self.run.is_interrupted { ", interrupted" } else { "" };
        writeln!(
            f,
            "spans     {sent} sent: {acknowledged} acknowledged, {refused} refused, {failed} failed"
        )?;
        writeln!(f, "requests  {requests} sent, {retries} retries, in {seconds:.1} s{interrupted}")?;
        match &self.schedule {
            Some(Schedule { spans_per_second, .. }) => {
                writeln!(f, "rate      {rate:.0} spans/s acknowledged, {spans_per_second} asked")?;
                let latest = self.tally.latest.as_secs_f64() * 1e3;
                writeln!(f, "late      {late} requests, at most {latest:.1} ms")?;
            }
            None => writeln!(f, "rate      {rate:.0} spans/s acknowledged, as fast as possible")?,
        }
        let waited = self.tally.waited_for_load.as_secs_f64();
        writeln!(f, "waited    {waited:.1} s for requests to be made")?;
        let [p50, p90, p99, max] = [50, 90, 99, 100].map(|percent| self.latency(percent));
        writeln!(f, "latency   p50 {p50}, p90 {p90}, p99 {p99}, max {max}")
    }
}

/// The smallest value that at least so many percent of all do not exceed.
fn percentile(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

fn per_second(count: u64, time: Duration) -> f64 {
    // As good as the whole number below 2^53.
    count as f64 / time.as_secs_f64().max(f64::EPSILON)
}

/// Microseconds, if any, written as milliseconds.
struct Milliseconds(Option<u32>);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(micros) => write!(f, "{:.1} ms", f64::from(micros) / 1e3),
            None => f.write_str("-"),
        }
    }
}
