use std::ffi::OsString;

use jaeger_dynamodb_runtime::config::{self, Start};

use super::*;
use crate::PROGRAM;

fn start(flags: &[&str]) -> Result<Start<Settings>, String> {
    let arguments = [PROGRAM.name].iter().chain(flags).map(OsString::from);
    config::load_from(&PROGRAM, arguments, [], Settings::check).map_err(|error| error.to_string())
}

#[test]
fn what_cannot_work_is_refused_with_its_reason() {
    let cases: &[(&[&str], &str)] = &[
        (&["--duration", "0s"], "--duration \"0s\": nothing would be sent"),
        (&["--duration", "10"], "expects a duration with its unit"),
        (&["--spans-per-second", "0"], "--spans-per-second \"0\": expects a whole number, at least 1"),
        (&["--spans-per-second", "1000001"], "at most 1000000 spans a second"),
        (&["--batch-spans", "0"], "expects a whole number, at least 1"),
        (&["--connections", "0"], "expects a whole number, at least 1"),
        (&["--connections", "9"], "--connections \"9\", max_in_flight (default) \"8\": there would never be"),
        (&["--max-in-flight", "10001"], "at most 10000"),
        (&["--seed", "-1"], "expects a whole number"),
        (&["--workload", "shop"], "expects demo, three-span, batch or many-services"),
        (&["--endpoint", "127.0.0.1:4317"], "expects an http URL"),
        (&["--endpoint", "https://collector:4317"], "expects an http URL"),
        (&["--endpoint", "http://collector"], "expects an http URL"),
        (&["--endpoint", "http://collector:4318/v1/traces"], "expects an http URL"),
    ];
    for (flags, reason) in cases {
        let error = start(flags).unwrap_err();
        assert!(error.contains("has 1 fault\n") && error.contains(reason), "{flags:?}: {error}");
    }
}

#[test]
fn what_can_work_is_accepted_in_silence() {
    let cases: &[&[&str]] = &[
        &[],
        &["--endpoint", "http://[::1]:4317/", "--seed", "0", "--retry", "0s"],
        &["--workload", "three-span", "--duration", "1ms", "--spans-per-second", "1"],
        &["--as-fast-as-possible", "--batch-spans", "512", "--connections", "4", "--max-in-flight", "4"],
    ];
    for flags in cases {
        match start(flags) {
            Ok(Start::Run { warnings, .. }) => assert_eq!(warnings, Vec::<String>::new(), "{flags:?}"),
            other => panic!("{flags:?}: {other:?}"),
        }
    }
}

#[test]
fn every_workload_can_be_named_and_is_printed_by_that_name() {
    for name in ["demo", "three-span", "batch", "many-services"] {
        let Ok(Start::Answer(yaml)) = start(&["--print-config", "--workload", name]) else {
            panic!("{name}")
        };
        assert!(yaml.contains(&format!("workload: {name}\n")), "{yaml}");
    }
}
