use std::{ffi::OsString, time::Duration};

use jaeger_dynamodb_runtime::config::{self, Program, Start};

use super::*;
const PROGRAM: Program =
    Program { name: "program", version: "1.0.0", about: "Has storage", former_keys: &[] };

fn start(flags: &[&str]) -> Result<Start<StorageSettings>, String> {
    let arguments = [PROGRAM.name].iter().chain(flags).map(OsString::from);
    config::load_from(&PROGRAM, arguments, [], StorageSettings::check).map_err(|error| error.to_string())
}

fn settings(flags: &[&str]) -> (StorageSettings, Vec<String>) {
    match start(flags) {
        Ok(Start::Run { settings, warnings }) => (settings, warnings),
        other => panic!("{flags:?}: {other:?}"),
    }
}

#[test]
fn the_defaults_are_valid_for_both_storages() {
    for (flags, window, grace, creates) in
        [(&["--storage", "embedded"], 30, 5, true), (&["--storage", "aws"], 300, 60, false)]
    {
        let (settings, warnings) = settings(flags);
        assert_eq!(settings.window, Duration::from_secs(window));
        assert_eq!(settings.window_grace, Duration::from_secs(grace));
        assert_eq!(settings.create_tables, creates);
        assert_eq!(warnings, Vec::<String>::new());
    }
}

#[test]
fn a_bad_combination_is_refused_with_its_reason() {
    let cases: &[(&[&str], &str)] = &[
        (&["--endpoint-url", "http://localhost:8000"], "has no endpoint"),
        (&["--create-tables=false"], "always creates its tables"),
        (&["--archive-retention", "0s"], "--archive-retention \"0s\": archive-retention must"),
        (&["--window", "1500ms"], "--window \"1s 500ms\": window must be whole seconds"),
        (&["--window", "0"], "window must be whole seconds, at least 1s"),
        (&["--window-grace", "10ms"], "--window-grace \"10ms\""),
        (&["--storage", "aws", "--window-grace", "5s"], "5s by which clocks may differ"),
        (
            &["--retention", "35s"],
            "--retention \"35s\", window (default) \"30s\", window_grace (default) \"5s\": retention must exceed",
        ),
        (&["--window", "20m"], "must not exceed 900s"),
        (&["--linger", "3s"], "at most half of the grace"),
        (&["--max-tail-bytes", "100KiB"], "--max-tail-bytes \"100KiB\": at least 1MiB"),
        (&["--max-query-rru", "0"], "--max-query-rru \"0\": expects a whole number of read request units"),
        (&["--job", "lambda"], "--job \"lambda\": expects in-process, takeover or off"),
        (&["--job-memory", "1MiB"], "--job-memory \"1MiB\": job-memory must be at least 16MiB"),
        (&["--settle", "1500ms"], "--settle \"1s 500ms\": settle must be whole seconds"),
        (&["--settle", "8d"], "would expire before it is ever read"),
        (&["--table-prefix", "jaeger/"], "DynamoDB names tables"),
        (&["--storage", "s3"], "--storage \"s3\": expects embedded or aws"),
        (&["--storage", "aws", "--endpoint-url", "localhost:8000"], "expects an http or https URL"),
    ];
    for (flags, reason) in cases {
        let error = start(flags).unwrap_err();
        assert!(error.contains("has 1 fault\n") && error.contains(reason), "{flags:?}: {error}");
    }
}

#[test]
fn a_good_combination_is_accepted_in_silence() {
    let cases: &[&[&str]] = &[
        &["--data-dir", ":memory:", "--archive-retention", "365d"],
        &["--job", "takeover", "--settle", "2s", "--max-query-rru", "5", "--job-memory", "16MiB"],
        &["--storage", "aws", "--create-tables", "--linger", "30s", "--table-prefix", ""],
    ];
    for flags in cases {
        assert_eq!(settings(flags).1, Vec::<String>::new(), "{flags:?}");
    }
}

#[test]
fn what_is_derived_settles_only_where_reads_may_be_stale() {
    let endpoint = ["--storage", "aws", "--endpoint-url", "http://127.0.0.1:8000"];
    let given = [&endpoint[..], &["--settle", "7s"]].concat();
    for (flags, seconds) in [(&[][..], 0), (&["--storage", "aws"], 30), (&endpoint, 0), (&given, 7)] {
        assert_eq!(settings(flags).0.store_config().settle, Duration::from_secs(seconds), "{flags:?}");
    }
}

#[test]
fn a_data_directory_that_has_no_effect_is_a_warning() {
    let (_, warnings) = settings(&["--storage", "aws", "--data-dir", "/data", "--durability", "power"]);
    assert_eq!(
        warnings,
        [
            "--storage \"aws\", --data-dir \"/data\": a data directory has no effect with --storage aws",
            "--storage \"aws\", --durability \"power\": durability has no effect with --storage aws: DynamoDB survives both"
        ]
    );
}

#[test]
fn every_printed_configuration_is_accepted_again() {
    for flags in [
        &["--storage", "aws", "--job", "off", "--max-query-rru", "7"][..],
        &["--window", "1s", "--data-dir", ":memory:", "--archive-retention", "90d"],
    ] {
        let Ok(Start::Answer(yaml)) = start(&[flags, &["--print-config"]].concat()) else {
            panic!("{flags:?}")
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &yaml).unwrap();
        let path = file.path().display().to_string();
        assert_eq!(settings(&["--config", &path]).0, settings(flags).0, "{yaml}");
    }
}
