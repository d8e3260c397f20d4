use std::ffi::OsString;

use jaeger_dynamodb_runtime::config::{self, Start};

use super::*;
use crate::PROGRAM;

fn settings(flags: &[&str]) -> Settings {
    let arguments = [PROGRAM.name].iter().chain(flags).map(OsString::from);
    match config::load_from(&PROGRAM, arguments, [], Settings::check) {
        Ok(Start::Run { settings, .. }) => settings,
        other => panic!("{other:?}"),
    }
}

/// 10 s of 1000 spans/s whose last export is due after 14 s.
fn tally() -> Tally {
    let spans = Spans { sent: 10_000, acknowledged: 10_000, ..Spans::default() };
    let last_due = Duration::from_secs(14);
    Tally { spans, requests: 4, last_due, latencies: vec![4_000, 1_000, 3_000, 2_000], ..Tally::default() }
}

fn summary(flags: &[&str], elapsed: u64, is_interrupted: bool) -> String {
    let run = Run { elapsed: Duration::from_secs(elapsed), is_interrupted };
    Summary::new(&settings(&[&["--duration", "10s"], flags].concat()), &run, tally()).to_string()
}

#[test]
fn a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() {
    let hundred: Vec<u32> = (1..=100).collect();
    for (percent, expected) in [(0, 1), (1, 1), (50, 50), (99, 99), (100, 100)] {
        assert_eq!(percentile(&hundred, percent), Some(expected));
    }
    assert_eq!([50, 90, 99].map(|percent| percentile(&[1, 2, 3, 4], percent)), [Some(2), Some(4), Some(4)]);
    assert_eq!(percentile(&[7], 1), Some(7));
    assert_eq!(percentile(&[], 50), None);
}

#[test]
fn the_figures_are_written_for_humans() {
    let expected = "\
        spans     10000 sent: 10000 acknowledged, 0 refused, 0 failed\n\
        requests  4 sent, 0 retries, in 14.0 s\n\
        rate      1000 spans/s acknowledged, 1000 asked\n\
        late      0 requests, at most 0.0 ms\n\
        waited    0.0 s for requests to be made\n\
        latency   p50 2.0 ms, p90 4.0 ms, p99 4.0 ms, max 4.0 ms\n";
    assert_eq!(summary(&[], 14, false), expected);
}

#[test]
fn the_rate_counts_the_time_after_the_schedule_and_not_the_last_exports() {
    for (elapsed, rate) in [(14, 1000), (15, 909), (24, 500)] {
        let text = summary(&[], elapsed, false);
        assert!(text.contains(&format!("rate      {rate} spans/s acknowledged, 1000 asked\n")), "{text}");
    }
}

#[test]
fn a_run_without_a_schedule_or_cut_short_counts_all_its_time() {
    let fast = summary(&["--as-fast-as-possible"], 5, false);
    assert!(fast.contains("rate      2000 spans/s acknowledged, as fast as possible\n"), "{fast}");
    assert!(!fast.contains("late  "), "{fast}");
    let interrupted = summary(&[], 20, true);
    assert!(interrupted.contains("in 20.0 s, interrupted\n"), "{interrupted}");
    assert!(interrupted.contains("rate      500 spans/s acknowledged"), "{interrupted}");
}

#[test]
fn nothing_sent_is_no_latency_and_no_failure() {
    let run = Run { elapsed: Duration::ZERO, is_interrupted: true };
    let summary = Summary::new(&settings(&[]), &run, Tally::default());
    let text = summary.to_string();
    assert!(text.ends_with("latency   p50 -, p90 -, p99 -, max -\n"), "{text}");
    assert!(text.contains("rate      0 spans/s"), "{text}");
    summary.verdict().unwrap();
}

#[test]
fn missing_spans_are_told_with_the_first_reason() {
    let spans = Spans { sent: 10, acknowledged: 3, refused: 5, failed: 2 };
    let tally = Tally { spans, first_reason: Some("Unavailable: full".to_owned()), ..Tally::default() };
    let run = Run { elapsed: Duration::ZERO, is_interrupted: false };
    let report = Summary::new(&settings(&[]), &run, tally).verdict().unwrap_err().report();
    let expected = "error: 7 of 10 spans were not acknowledged: 5 were refused, 2 failed\n  \
                    caused by: the first time: Unavailable: full";
    assert_eq!(report, expected);
}
