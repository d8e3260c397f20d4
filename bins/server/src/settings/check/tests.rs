use std::ffi::OsString;

use jaeger_dynamodb_runtime::config::{self, Start};

use super::*;
use crate::PROGRAM;

fn start(flags: &[&str]) -> Result<Start<Settings>, String> {
    let arguments = [PROGRAM.name].iter().chain(flags).map(OsString::from);
    config::load_from(&PROGRAM, arguments, [], Settings::check).map_err(|error| error.to_string())
}

fn settings(flags: &[&str]) -> (Settings, Vec<String>) {
    match start(flags) {
        Ok(Start::Run { settings, warnings }) => (settings, warnings),
        other => panic!("{flags:?}: {other:?}"),
    }
}

#[test]
fn a_bad_combination_is_refused_with_its_reason() {
    let cases: &[(&[&str], &str)] = &[
        (&["--allow-purge", "--storage", "aws"], "refused on AWS"),
        (&["--window-grace", "10ms"], "--window-grace \"10ms\""),
        (&["--listen", "0.0.0.0:17272"], "cannot share an address"),
        (&["--listen", "127.0.0.1:80", "--http-listen", "127.0.0.1:80"], "cannot share an address"),
        (&["--archive-listen", "0.0.0.0:17271"], "listen (default) \"127.0.0.1:17271\", --archive-listen"),
        (&["--archive-listen", "127.0.0.1:17272"], "cannot share an address"),
        (&["--archive-listen", "no"], "such as 127.0.0.1:17273, or off"),
        (&["--v1-unspecified-kind", "server"], "which is the name of a kind"),
        (&["--max-message-size", "0"], "between 1 byte and 4GiB"),
        (&["--max-message-size", "5GiB"], "between 1 byte and 4GiB"),
        (&["--log-level", "jaeger=loud"], "expects error, warn, info"),
    ];
    for (flags, reason) in cases {
        let error = start(flags).unwrap_err();
        assert!(error.contains("has 1 fault\n") && error.contains(reason), "{flags:?}: {error}");
    }
}

#[test]
fn a_good_combination_is_accepted_in_silence() {
    let cases: &[&[&str]] = &[
        &[
            "--storage",
            "aws",
            "--endpoint-url",
            "http://127.0.0.1:8000",
            "--allow-purge",
            "--window-grace",
            "1s",
        ],
        &["--window", "1s", "--window-grace", "1s", "--allow-purge"],
        &["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--archive-listen", "127.0.0.1:0"],
        &["--archive-listen", "off", "--archive-retention", "365d"],
        &["--v1-unspecified-kind", "unspecified", "--enable-streaming-writer"],
    ];
    for flags in cases {
        assert_eq!(settings(flags).1, Vec::<String>::new(), "{flags:?}");
    }
}

#[test]
fn every_printed_configuration_is_accepted_again() {
    for flags in [
        &["--storage", "aws", "--job", "off", "--max-query-rru", "7"][..],
        &["--window", "1s", "--data-dir", ":memory:", "--log-level", "info,h2=off"],
        &["--archive-listen", "off", "--archive-retention", "90d", "--v1-unspecified-kind", "unspecified"],
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
