use std::{fmt::Write as _, io::Write as _, net::SocketAddr, time::Duration};

use tempfile::NamedTempFile;

use super::*;

crate::settings! {
    /// One setting of every kind.
    struct Example {
        /// Where to listen
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 17271)),
        /// How long
        /// a window is
        window: Duration = Duration::from_secs(30),
        /// A default that follows another setting
        grace: Duration = window / 6,
        /// How much
        max_size: Size = Size::mib(64),
        /// A switch
        create_tables: bool = false,
        /// Text
        table_prefix: String = "jaeger.".to_owned(),
        /// A place
        data_dir: PathBuf = PathBuf::from("./data"),
        /// Not set unless given
        endpoint_url: Option<String> = None,
    }
}

crate::settings! {
    /// Settings with a group of others.
    struct Grouped {
        /// Its own
        own: String = "mine".to_owned(),
        ..example: Example,
    }
}

const PROGRAM: Program = Program { name: "example", version: "1.2.3", about: "An example", former_keys: &[] };

/// What is given in a test, each in the way of its place.
#[derive(Clone, Copy, Default)]
struct Case<'a> {
    file: Option<&'a str>,
    environment: &'a [(&'a str, &'a str)],
    flags: &'a [&'a str],
}

fn start(case: Case<'_>, check: impl FnOnce(&Example, &mut Review)) -> Result<Start<Example>, String> {
    let file = case.file.map(|text| {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    });
    let mut arguments: Vec<OsString> = vec!["example".into()];
    let path = file.as_ref().map(|file| file.path().display().to_string()).unwrap_or_default();
    if file.is_some() {
        arguments.extend(["--config".into(), path.clone().into()]);
    }
    arguments.extend(case.flags.iter().map(OsString::from));
    let environment = case.environment.iter().map(|(name, value)| (name.into(), value.into()));
    let shown = |error: ConfigError| match path.as_str() {
        "" => error.to_string(),
        path => error.to_string().replace(path, "FILE"),
    };
    load_from(&PROGRAM, arguments, environment, check).map_err(shown)
}

fn settings(case: Case<'_>) -> Result<Example, String> {
    match start(case, |_, _| ())? {
        Start::Run { settings, .. } => Ok(settings),
        Start::Answer(text) => Err(text),
    }
}

fn defaults() -> Example {
    Example::read(&mut Review::default())
}

#[test]
fn each_source_overrides_the_ones_below_it() {
    let window =
        |file, environment, flags| settings(Case { file, environment, flags }).unwrap().window.as_secs();
    let (file, environment, flags): (_, &[_], &[_]) =
        (Some("window: 1s"), &[("JAEGER_DYNAMODB_WINDOW", "2s")], &["--window", "3s"]);
    assert_eq!(window(None, &[], &[]), 30);
    assert_eq!(window(file, &[], &[]), 1);
    assert_eq!(window(None, environment, &[]), 2);
    assert_eq!(window(None, &[], flags), 3);
    assert_eq!(window(file, environment, &[]), 2);
    assert_eq!(window(file, &[], flags), 3);
    assert_eq!(window(None, environment, flags), 3);
    assert_eq!(window(file, environment, flags), 3);
}

#[test]
fn a_default_follows_the_setting_it_depends_on() {
    let grace = |flags| settings(Case { flags, ..Case::default() }).unwrap().grace.as_secs();
    assert_eq!(grace(&[]), 5);
    assert_eq!(grace(&["--window", "5m"]), 50);
    assert_eq!(grace(&["--window", "5m", "--grace=7s"]), 7);
}

#[test]
fn a_switch_is_a_bare_flag_that_can_also_be_taken_back() {
    let case = |environment, flags| {
        settings(Case { environment, flags, ..Case::default() }).map(|s| s.create_tables)
    };
    let set: &[_] = &[("JAEGER_DYNAMODB_CREATE_TABLES", "true")];
    assert_eq!(case(&[], &["--create-tables"]), Ok(true));
    assert_eq!(case(set, &[]), Ok(true));
    assert_eq!(case(set, &["--create-tables=false"]), Ok(false));
    assert!(
        case(&[], &["--create-tables=yes"])
            .unwrap_err()
            .contains("--create-tables \"yes\": expects true or false")
    );
}

#[test]
fn a_file_without_settings_is_valid() {
    for text in ["", "\n\n", "# nothing\n", "---\n", "{}\n", "endpoint_url:\n"] {
        assert_eq!(settings(Case { file: Some(text), ..Case::default() }), Ok(defaults()), "{text:?}");
    }
}

#[test]
fn a_file_keeps_scalars_as_they_are_written() {
    let prefix = |text| settings(Case { file: Some(text), ..Case::default() }).unwrap().table_prefix;
    assert_eq!(prefix("table_prefix: 007"), "007");
    assert_eq!(prefix("table_prefix: 1.10"), "1.10");
    assert_eq!(prefix("table_prefix: true"), "true");
    assert_eq!(prefix("table_prefix: 'null'"), "null");
    assert_eq!(prefix("table_prefix: ''"), "");
    assert_eq!(prefix("table_prefix: a.b-c_ # comment"), "a.b-c_");
}

#[test]
fn all_faults_of_all_sources_are_reported_at_once() {
    let case = Case {
        file: Some("window: soon\nwidnow: 1s\ndata-dir: /x\nmax_size: 1TB\n"),
        environment: &[
            ("JAEGER_DYNAMODB_WINDOW", "5"),
            ("JAEGER_DYNAMODB_DATADIR", "/x"),
            ("JAEGER_DYNAMODB_LISTEN", ":80"),
            ("JAEGER_OTHER", "not ours"),
        ],
        flags: &["--window", "7d", "--grace", "-1s"],
    };
    let mut given = settings(case).unwrap_err();
    let expected = r#"the configuration has 8 faults
  - FILE:2: widnow: is not a setting; did you mean window?
  - FILE:3: data-dir: is not a setting; did you mean data_dir?
  - FILE:1: window "soon": expects a duration with its unit, such as 30s, 5m or 7d
  - FILE:4: max_size "1TB": expects a whole number of bytes, such as 64MiB, 512KiB or 100000
  - --grace "-1s": expects a duration with its unit, such as 30s, 5m or 7d
  - JAEGER_DYNAMODB_WINDOW "5": expects a duration with its unit, such as 30s, 5m or 7d
  - JAEGER_DYNAMODB_DATADIR: is not a setting; did you mean JAEGER_DYNAMODB_DATA_DIR?
  - JAEGER_DYNAMODB_LISTEN ":80": expects an IP address and a port, such as 127.0.0.1:17271 or 0.0.0.0:17271"#;
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines.join("\n")
    };
    given = sorted(&given);
    assert_eq!(given, sorted(expected));
}

#[test]
fn a_file_that_is_no_flat_mapping_is_refused_with_its_place() {
    for text in
        ["window: {a: 1}", "- window", "window: [1s]", "window: 1s\nwindow: 2s", "window: 'open", "just text"]
    {
        let case = Case { file: Some(text), flags: &["--grace", "soon"], ..Case::default() };
        let error = settings(case).unwrap_err();
        assert!(
            error.contains("2 faults") && error.contains("FILE: is not a flat YAML mapping"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_says_so() {
    let by_flag = settings(Case { flags: &["--config", "/nowhere/at/all.yaml"], ..Case::default() });
    let environment: &[_] = &[("JAEGER_DYNAMODB_CONFIG", "/nowhere/at/all.yaml")];
    let by_variable = settings(Case { environment, ..Case::default() });
    for error in [by_flag.unwrap_err(), by_variable.unwrap_err()] {
        assert!(error.contains("--config /nowhere/at/all.yaml: cannot be read: No such file"), "{error}");
    }
}

#[test]
fn an_unknown_flag_is_refused_with_a_suggestion() {
    let error = settings(Case { flags: &["--data-dri", "/x"], ..Case::default() }).unwrap_err();
    assert!(
        error.starts_with("unexpected argument '--data-dri'") && error.contains("'--data-dir'"),
        "{error}"
    );
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_are_no_fault() {
    let environment: &[_] = &[
        ("JAEGER_DYNAMODB_PORT", "tcp://10.0.0.1:17271"),
        ("JAEGER_DYNAMODB_PORT_17271_TCP_ADDR", "10.0.0.1"),
        ("JAEGER_DYNAMODB_SERVICE_HOST", "10.0.0.1"),
        ("JAEGER_DYNAMODB_SERVICE_PORT", "17271"),
        ("JAEGER_DYNAMODB_SERVER_SERVICE_PORT_GRPC", "17271"),
    ];
    assert_eq!(settings(Case { environment, ..Case::default() }), Ok(defaults()));
}

#[test]
fn a_combination_is_refused_naming_values_and_places() {
    let check = |settings: &Example, review: &mut Review| {
        if settings.grace >= settings.window {
            review.refuse(&["window", "grace"], "the grace must be shorter than the window");
        }
    };
    let refused = |flags| start(Case { flags, ..Case::default() }, check).map(drop).unwrap_err();
    assert_eq!(
        refused(&["--grace", "1m"]),
        "the configuration has 1 fault\n  - window (default) \"30s\", --grace \"1m\": the grace must be shorter than the window"
    );
    let with_a_broken_part = refused(&["--window", "soon", "--grace", "1m"]);
    assert!(with_a_broken_part.contains("has 1 fault\n"), "{with_a_broken_part}");
}

#[test]
fn warnings_do_not_stop_and_know_what_was_given() {
    let check = |_: &Example, review: &mut Review| {
        if review.is_given("data_dir") {
            review.warn(&["data_dir"], "has no effect");
        }
    };
    let warnings = |flags| match start(Case { flags, ..Case::default() }, check) {
        Ok(Start::Run { warnings, .. }) => warnings,
        other => panic!("{other:?}"),
    };
    assert_eq!(warnings(&[]), Vec::<String>::new());
    assert_eq!(warnings(&["--data-dir", "/x"]), ["--data-dir \"/x\": has no effect"]);
}

#[test]
fn the_printed_configuration_can_be_fed_back() {
    for flags in [
        &[][..],
        &["--window=7d", "--grace=1500ms", "--max-size=1000", "--create-tables"],
        &["--table-prefix", "null", "--endpoint-url", "http://127.0.0.1:8000", "--data-dir", ":memory:"],
        &["--table-prefix", " a: \"#'\\\n\u{e9}\t", "--data-dir", "a b", "--endpoint-url", "x:"],
        &["--table-prefix", "", "--max-size=0", "--listen=[::1]:80"],
        &[
            "--table-prefix",
            "\u{7f}\u{85}\u{9f}\u{a0}\u{2028}\u{feff}\u{ffff}\u{1f600}",
            "--data-dir",
            "\u{1}",
        ],
    ] {
        let case = Case { flags, ..Case::default() };
        let printing = [flags, &["--print-config"]].concat();
        let Ok(Start::Answer(yaml)) = start(Case { flags: &printing, ..Case::default() }, |_, _| ()) else {
            panic!("{flags:?}")
        };
        assert_eq!(settings(Case { file: Some(&yaml), ..Case::default() }), settings(case), "{yaml}");
    }
}

#[test]
fn the_printed_configuration_is_plain_yaml() {
    let flags = &["--print-config", "--data-dir", ":memory:"];
    let Ok(Start::Answer(yaml)) = start(Case { flags, ..Case::default() }, |_, _| ()) else { panic!() };
    let expected = "listen: 127.0.0.1:17271\nwindow: 30s\ngrace: 5s\nmax_size: 64MiB\ncreate_tables: false\n\
                    table_prefix: jaeger.\ndata_dir: \":memory:\"\n";
    assert_eq!(yaml, expected);
}

#[test]
fn help_and_version_are_answers() {
    let answer = |flag| match start(Case { flags: &[flag], ..Case::default() }, |_, _| ()) {
        Ok(Start::Answer(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(answer("--version"), "example 1.2.3\n");
    let help = answer("--help");
    let mut missing = String::new();
    for part in [
        "--config <FILE>",
        "--print-config",
        "--window <DURATION>",
        "How long a window is [default: 30s]",
        "--create-tables[=<true|false>]",
        "JAEGER_DYNAMODB_LISTEN",
    ] {
        if !help.contains(part) {
            let _ = writeln!(missing, "{part}");
        }
    }
    assert_eq!(missing, "", "{help}");
}

#[test]
fn durations_are_written_with_their_unit() {
    let seconds = |text| <Duration as Value>::parse(text).map(|duration| duration.as_secs_f64());
    assert_eq!(seconds("7d"), Some(604_800.0));
    assert_eq!(seconds("30s"), Some(30.0));
    assert_eq!(seconds("1h 30m"), Some(5400.0));
    assert_eq!(seconds("200ms"), Some(0.2));
    assert_eq!(seconds("0"), Some(0.0));
    for text in ["", "30", "-1s", "1 fortnight", "s", "1001y", "18446744073709551615s"] {
        assert_eq!(seconds(text), None, "{text:?}");
    }
}

#[test]
fn sizes_are_whole_bytes() {
    let bytes = |text| Size::parse(text).map(Size::to_usize);
    assert_eq!(bytes("64MiB"), Some(64 << 20));
    assert_eq!(bytes("4 KiB"), Some(4096));
    assert_eq!(bytes("1GiB"), Some(1 << 30));
    assert_eq!(bytes("1000"), Some(1000));
    assert_eq!(bytes("7B"), Some(7));
    for text in ["", "MiB", "1.5MiB", "-1", "64MB", "64m", "99999999999GiB"] {
        assert_eq!(bytes(text), None, "{text:?}");
    }
}

#[test]
fn a_group_is_read_and_printed_like_settings_of_its_own() {
    let arguments = ["example", "--own", "a", "--window", "60s", "--print-config"].map(OsString::from);
    let printed = load_from(&PROGRAM, arguments, [], |settings: &Grouped, _| {
        assert_eq!((settings.own.as_str(), settings.example.grace), ("a", Duration::from_secs(10)));
    });
    let Ok(Start::Answer(yaml)) = printed else { panic!("{printed:?}") };
    assert!(yaml.starts_with("own: a\n") && yaml.contains("window: 1m\n"), "{yaml}");
    let fault =
        load_from(&PROGRAM, ["example", "--window", "soon"].map(OsString::from), [], |_: &Grouped, _| {});
    assert!(fault.unwrap_err().to_string().contains("--window \"soon\""));
}

#[test]
fn a_key_of_a_predecessor_is_told_with_what_to_write_instead() {
    let program = Program { former_keys: &[("old", "write new")], ..PROGRAM };
    for text in ["listen: 127.0.0.1:1\nold:\n  deep: 1\n", "x: 1\nold.deep: 1\n"] {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let arguments = ["example", "--config", file.path().to_str().unwrap()].map(OsString::from);
        let faults = load_from(&program, arguments, [], |_: &Example, _| {}).unwrap_err().to_string();
        assert!(faults.contains(":2: old") && faults.contains("write new"), "{faults}");
    }
}
