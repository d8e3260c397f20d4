//! The three places a setting can be given: file, environment, command line.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};
use serde_saphyr::Spanned;

use super::{
    Program,
    review::{Given, Place, Review},
    setting::Setting,
    spelling::{ENV_PREFIX, variable},
};

pub(super) const CONFIG: &str = "config";
pub(super) const PRINT_CONFIG: &str = "print-config";

/// Below this likeness a suggestion confuses more than it helps.
const LIKELY_MEANT: f64 = 0.8;

pub(super) fn command(program: &Program, table: &[Setting], defaults: &[(&str, Option<String>)]) -> Command {
    let config = Arg::new(CONFIG)
        .long(CONFIG)
        .value_name("FILE")
        .help("YAML file of settings: the names below, written with _ instead of -");
    let print = Arg::new(PRINT_CONFIG)
        .long(PRINT_CONFIG)
        .action(ArgAction::SetTrue)
        .help("Print the settings in effect as such a file, and exit");
    let settings = table.iter().zip(defaults).map(|(setting, (_, default))| {
        let help = match default.as_deref() {
            Some(default) if !setting.is_switch => format!("{} [default: {default}]", setting.help),
            _ => setting.help.to_owned(),
        };
        let arg = Arg::new(setting.key).long(setting.flag()).value_name(setting.value_name).help(help);
        if setting.is_switch {
            arg.num_args(0..=1).require_equals(true).default_missing_value("true")
        } else {
            arg.allow_hyphen_values(true)
        }
    });
    Command::new(program.name)
        .version(program.version)
        .about(program.about)
        .arg(config)
        .args(settings)
        .arg(print)
        .after_help(format!(
            "A setting is taken from its flag, else from the environment ({ENV_PREFIX} and its name in capitals,\n\
             such as {}), else from the file, else it has its default.",
            table.first().map(Setting::variable).unwrap_or_default()
        ))
}

pub(super) fn add_flags(review: &mut Review, table: &[Setting], flags: &ArgMatches) {
    for setting in table {
        if flags.value_source(setting.key) == Some(ValueSource::CommandLine)
            && let Some(text) = flags.get_one::<String>(setting.key)
        {
            review.give(setting.key, Given { place: Place::Flag, text: text.clone() });
        }
    }
}

/// The variables with our prefix, without it and in lower case. Values that are not UTF-8 are faults.
pub(super) fn own_variables(
    review: &mut Review,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> BTreeMap<String, String> {
    let mut own = BTreeMap::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(ENV_PREFIX)) else { continue };
        match value.into_string() {
            Ok(value) => drop(own.insert(name.to_owned(), value)),
            Err(_) => review.fault(format_args!("{name}: is not UTF-8")),
        }
    }
    own
}

pub(super) fn add_variables(review: &mut Review, table: &[Setting], mut own: BTreeMap<String, String>) {
    for setting in table {
        if let Some(text) = own.remove(&setting.variable()) {
            review.give(setting.key, Given { place: Place::Environment, text });
        }
    }
    let known: Vec<String> = table.iter().map(Setting::variable).chain([variable(CONFIG)]).collect();
    for name in own.keys().filter(|name| !known.contains(name) && !is_service_link(name)) {
        review.fault(format_args!("{name}: is not a setting{}", did_you_mean(name, &known)));
    }
}

/// Kubernetes describes a Service called `jaeger-dynamodb…` to every pod beside it by variables such as
/// `JAEGER_DYNAMODB_PORT` and `JAEGER_DYNAMODB_SERVICE_HOST`; nobody wrote those, so they are no fault.
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_service_link(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST") || name.split('_').any(|word| word == "PORT")
}

pub(super) fn add_file(
    review: &mut Review,
    table: &[Setting],
    former_keys: &[(&'static str, &'static str)],
    path: &Path,
) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            review.fault(format_args!("--{CONFIG} {}: cannot be read: {error}", path.display()));
            return;
        }
    };
    if let Some((line, key, instead)) = find_former_key(&text, former_keys) {
        review.fault(format_args!(
            "{}:{line}: {key}: is a setting of another program: {instead}",
            path.display()
        ));
        return;
    }
    let keys: Vec<String> = table.iter().map(|setting| setting.key.to_owned()).collect();
    match parse_file(&text) {
        Ok(entries) => {
            for (key, value) in entries {
                add_entry(review, table, &keys, path, &key, value);
            }
        }
        Err(error) => {
            review.fault(format_args!(
                "{}: is not a flat YAML mapping of settings: {}",
                path.display(),
                error.to_string().trim().replace('\n', "\n      ")
            ));
        }
    }
}

/// The first line that sets such a key, also one whose value is a mapping, which no setting's is.
fn find_former_key<'a>(
    text: &'a str,
    former_keys: &[(&'static str, &'static str)],
) -> Option<(usize, &'a str, &'static str)> {
    (1..).zip(text.lines()).find_map(|(number, line)| {
        let key = line.split_once(':')?.0.trim_end();
        let is_former = |former: &str| key.split('.').next() == Some(former);
        let (_, instead) = former_keys.iter().find(|(former, _)| is_former(former))?;
        Some((number, key, *instead))
    })
}

type Entries = BTreeMap<String, Spanned<Option<String>>>;

/// Scalars are taken as they are written: the setting decides whether `007` is a number.
fn parse_file(text: &str) -> Result<Entries, serde_saphyr::Error> {
    Ok(serde_saphyr::from_str::<Option<Entries>>(text)?.unwrap_or_default())
}

fn add_entry(
    review: &mut Review,
    table: &[Setting],
    keys: &[String],
    path: &Path,
    key: &str,
    value: Spanned<Option<String>>,
) {
    let line = value.referenced.line();
    let Some(setting) = table.iter().find(|setting| setting.key == key) else {
        let hint = did_you_mean(key, keys);
        review.fault(format_args!("{}:{line}: {key}: is not a setting{hint}", path.display()));
        return;
    };
    if let Some(text) = value.value {
        review.give(setting.key, Given { place: Place::File { path: path.to_owned(), line }, text });
    }
}

fn did_you_mean(name: &str, known: &[String]) -> String {
    known
        .iter()
        .map(|known| {
            (strsim::jaro(name.trim_start_matches(ENV_PREFIX), known.trim_start_matches(ENV_PREFIX)), known)
        })
        .filter(|(likeness, _)| *likeness >= LIKELY_MEANT)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| format!("; did you mean {known}?"))
        .unwrap_or_default()
}
