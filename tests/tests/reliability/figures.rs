//! The figures that a test leaves behind.

use std::fmt::Display;
use std::time::Duration;

use crate::exporter::Tally;

/// A table that is printed.
#[derive(Debug)]
pub(crate) struct Figures {
    title: String,
    rows: Vec<(String, String)>,
}

// === impl Figures ===

impl Figures {
    pub(crate) fn of(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &str, figure: impl Display) {
        self.rows.push((name.to_owned(), figure.to_string()));
    }

    pub(crate) fn add_tally(&mut self, tally: &Tally) {
        self.add("messages", tally.messages());
        self.add("acknowledged", tally.acknowledged);
        let share = 100.0 * tally.refused as f64 / tally.messages().max(1) as f64;
        self.add("refused after one retry", format!("{} ({share:.2} %)", tally.refused));
        self.add("retried", tally.retried);
        self.add_times("acknowledged after", &tally.latencies);
        for (reason, count) in &tally.reasons {
            self.add(&format!("reason: {reason}"), count);
        }
    }

    /// Smallest, middle, and largest of them.
    pub(crate) fn add_times(&mut self, name: &str, times: &[Duration]) {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = |nth: usize| sorted.get(nth).map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
        let (middle, p99, last) = (sorted.len() / 2, sorted.len() * 99 / 100, sorted.len().saturating_sub(1));
        self.add(
            &format!("{name}: min / median / p99 / max"),
            format!("{:.0} / {:.0} / {:.0} / {:.0} ms", at(0), at(middle), at(p99), at(last)),
        );
    }

    #[expect(clippy::print_stdout, reason = "this is what they are for")]
    pub(crate) fn print(&self) {
        println!("\n| {} | |\n|---|---|", self.title);
        for (name, figure) in &self.rows {
            println!("| {name} | {figure} |");
        }
    }
}

/// The middle one.
pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Bytes as people read them.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes >> 20)
}
