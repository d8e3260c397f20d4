//! Settings from a YAML file, the environment and the command line.
//!
//! default < file < environment < flag. Unknown keys and variables are refused, and everything that is
//! wrong anywhere is reported at once.

mod review;
mod setting;
mod sources;
mod spelling;
#[cfg(test)]
mod tests;
mod value;

use std::{ffi::OsString, path::PathBuf};

pub use review::Review;
pub use setting::{Setting, Settings};
pub use value::{Size, Value};

/// How a binary introduces itself in `--help` and `--version`.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the binary.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Keys that files written for a predecessor have, and what to write instead.
    pub former_keys: &'static [(&'static str, &'static str)],
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Start<S> {
    /// To run with these settings.
    Run {
        /// The settings in effect.
        settings: S,
        /// What is allowed and probably not meant, to be logged.
        warnings: Vec<String>,
    },
    /// To print this text on stdout and exit: help, version or the configuration.
    Answer(String),
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line itself has a fault, such as an unknown flag.
    #[error("{0}")]
    Usage(String),
    /// Every fault found in the settings, one text each.
    #[error("the configuration has {} fault{}\n  - {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.join("\n  - "))]
    Faults(Vec<String>),
}

/// Loads the settings of this process. `check` refuses or warns of combinations.
///
/// # Errors
///
/// When anything given is wrong; the error lists everything that is.
pub fn load<S: Settings>(
    program: &Program,
    check: impl FnOnce(&S, &mut Review),
) -> Result<Start<S>, ConfigError> {
    load_from(program, std::env::args_os(), std::env::vars_os(), check)
}

/// Loads settings from the given arguments (the first is the program) and environment.
///
/// # Errors
///
/// As [`load`].
pub fn load_from<S: Settings>(
    program: &Program,
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    check: impl FnOnce(&S, &mut Review),
) -> Result<Start<S>, ConfigError> {
    let table = S::table();
    let defaults = S::read(&mut Review::default()).texts();
    let flags = match sources::command(program, &table, &defaults).try_get_matches_from(arguments) {
        Ok(flags) => flags,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            return Err(ConfigError::Usage(text.trim_start_matches("error: ").trim_end().to_owned()));
        }
        Err(help_or_version) => return Ok(Start::Answer(help_or_version.to_string())),
    };

    let mut review = Review::default();
    let variables = sources::own_variables(&mut review, environment);
    let path =
        flags.get_one::<String>(sources::CONFIG).or(variables.get(&spelling::variable(sources::CONFIG)));
    if let Some(path) = path.map(PathBuf::from) {
        sources::add_file(&mut review, &table, program.former_keys, &path);
    }
    sources::add_variables(&mut review, &table, variables);
    sources::add_flags(&mut review, &table, &flags);

    let settings = S::read(&mut review);
    check(&settings, &mut review);
    if !review.faults.is_empty() {
        return Err(ConfigError::Faults(review.faults));
    }
    if flags.get_flag(sources::PRINT_CONFIG) {
        return Ok(Start::Answer(to_yaml(&settings)));
    }
    Ok(Start::Run { settings, warnings: review.warnings })
}

/// A variable of the environment that is none of the settings, if it is set and says anything.
#[must_use]
pub fn foreign_variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this crate is where the environment is read")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Writes the settings as a file that `--config` accepts.
fn to_yaml<S: Settings>(settings: &S) -> String {
    settings
        .texts()
        .into_iter()
        .filter_map(|(key, text)| Some(format!("{key}: {}\n", yaml_scalar(&text?))))
        .collect()
}

/// Plain where every YAML reader takes it for this very text, else quoted as in JSON, which is YAML but for characters
/// that YAML takes only escaped (<https://yaml.org/spec/1.2.2/#51-character-set>).
fn yaml_scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "./".contains(c))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/.:_-".contains(c))
        && !text.ends_with(':')
        && !text.eq_ignore_ascii_case("null");
    if plain {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    let is_refused = |c: char| c.is_control() || "\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}".contains(c);
    let escaped = |c: char| if is_refused(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    quoted.chars().map(escaped).collect()
}
