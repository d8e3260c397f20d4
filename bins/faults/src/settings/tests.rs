use std::ffi::OsString;

use jaeger_dynamodb_runtime::config::{self, Start};
use jaeger_dynamodb_testkit::DateShift;

use super::*;
use crate::PROGRAM;

fn settings(flags: &[&str]) -> Result<Settings, String> {
    let arguments = [PROGRAM.name].iter().chain(flags).map(OsString::from);
    match config::load_from(&PROGRAM, arguments, [], Settings::check) {
        Ok(Start::Run { settings, .. }) => Ok(settings),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn without_flags_nothing_goes_wrong() {
    let rates = settings(&[]).unwrap().rates();
    assert_eq!(FaultRates { slow_by: Duration::ZERO, ..rates }, FaultRates::ZERO);
}

#[test]
fn every_rate_has_its_flag() {
    let flags = [
        "--throttle=1",
        "--http-500=2",
        "--cut-before=3",
        "--cut-after=4",
        "--execute-later=5",
        "--process-only=6",
        "--delay=7ms",
        "--delay-percent=8",
        "--shift-date=-9s",
        "--shift-date-percent=10",
        "--vary",
        "--slow-partitions=11",
        "--slow-by=12s",
    ];
    let expected = FaultRates {
        throttle: 1,
        http_500: 2,
        cut_before: 3,
        cut_after: 4,
        execute_later: 5,
        process_only: 6,
        delay: Duration::from_millis(7),
        delay_percent: 8,
        shift_date: DateShift(-9),
        shift_date_percent: 10,
        vary: true,
        slow_partitions: 11,
        slow_by: Duration::from_secs(12),
    };
    assert_eq!(settings(&flags).unwrap().rates(), expected);
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    for (flags, reason) in [
        (["--throttle=60", "--cut-after=41"], "their sum is 101"),
        (["--throttle=101", "--vary"], "expects a whole number from 0 to 100"),
        (["--shift-date=1500ms", "--vary"], "expects a shift in whole seconds"),
        (["--stale-reads=2s", "--data-dir=somewhere"], "kept in memory only"),
    ] {
        let refused = settings(&flags).unwrap_err();
        assert!(refused.contains(reason), "{flags:?}: {refused}");
    }
}
