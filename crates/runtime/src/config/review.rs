use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use super::{spelling, value::Value};

/// Where a value was given.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Default,
    File { path: PathBuf, line: u64 },
    Environment,
    Flag,
}

#[derive(Debug)]
pub(super) struct Given {
    pub(super) place: Place,
    pub(super) text: String,
}

/// Everything given for the settings, and the faults found in it so far.
#[derive(Debug, Default)]
pub struct Review {
    given: BTreeMap<&'static str, Vec<Given>>,
    effective: BTreeMap<&'static str, (Place, String)>,
    broken: BTreeSet<&'static str>,
    pub(super) faults: Vec<String>,
    pub(super) warnings: Vec<String>,
}

// === impl Place ===

impl Place {
    /// Names a setting the way it is spelled here.
    fn name(&self, key: &str) -> String {
        match self {
            Self::Default => format!("{key} (default)"),
            Self::File { path, line } => format!("{}:{line}: {key}", path.display()),
            Self::Environment => spelling::variable(key),
            Self::Flag => format!("--{}", spelling::flag(key)),
        }
    }
}

// === impl Review ===

impl Review {
    /// Adds a value; what is added later wins.
    pub(super) fn give(&mut self, key: &'static str, given: Given) {
        self.given.entry(key).or_default().push(given);
    }

    pub(super) fn fault(&mut self, fault: impl fmt::Display) {
        self.faults.push(fault.to_string());
    }

    /// Takes the value that wins. Every value given is tried, so that a bad one is not hidden by
    /// another that overrides it today.
    pub fn read<T: Value>(&mut self, key: &'static str, default: T) -> T {
        let (mut value, mut place) = (default, Place::Default);
        for given in self.given.remove(key).unwrap_or_default() {
            if let Some(parsed) = T::parse(&given.text) {
                (value, place) = (parsed, given.place);
            } else {
                let name = given.place.name(key);
                self.fault(format_args!("{name} {:?}: expects {}", given.text, T::EXPECTS));
                self.broken.insert(key);
            }
        }
        self.effective.insert(key, (place, value.text().unwrap_or_default()));
        value
    }

    /// Whether the setting was given at all, rather than left to its default.
    #[must_use]
    pub fn is_given(&self, key: &str) -> bool {
        self.effective.get(key).is_some_and(|(place, _)| !matches!(place, Place::Default))
    }

    /// Refuses a combination of settings that were each well written. Says nothing when one of
    /// them was already refused by itself: its value is not what the user meant.
    pub fn refuse(&mut self, keys: &[&'static str], why: impl fmt::Display) {
        if !keys.iter().any(|key| self.broken.contains(key)) {
            let fault = format!("{}: {why}", self.name_all(keys));
            self.faults.push(fault);
        }
    }

    /// Notes what is allowed and probably not meant; the binary logs it at its start.
    pub fn warn(&mut self, keys: &[&'static str], why: impl fmt::Display) {
        let warning = format!("{}: {why}", self.name_all(keys));
        self.warnings.push(warning);
    }

    fn name_all(&self, keys: &[&'static str]) -> String {
        let names: Vec<String> = keys
            .iter()
            .filter_map(|key| self.effective.get(key).map(|(place, text)| (key, place, text)))
            .map(|(key, place, text)| format!("{} {text:?}", place.name(key)))
            .collect();
        names.join(", ")
    }
}
