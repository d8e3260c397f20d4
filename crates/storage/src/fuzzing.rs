//! What the fuzz target of the configuration calls. `make fuzz` feeds it what a fuzzer thinks of, `cargo test` the
//! corpus in `tests/fuzz/corpus`.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

use jaeger_dynamodb_runtime::config::{self, ConfigError, Program, Start};
use jaeger_dynamodb_runtime::telemetry::{LogFilter, LogFormat};

use crate::StorageSettings;

const PROGRAM: Program =
    Program { name: "program", version: "1.0.0", about: "Has storage", former_keys: crate::FORMER_KEYS };

jaeger_dynamodb_runtime::settings! {
    /// What binaries have besides storage.
    struct Settings {
        /// Where to listen
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 17271)),
        /// What to log
        log_level: LogFilter = LogFilter::info(),
        /// How to log
        log_format: LogFormat = LogFormat::Text,
        ..storage: StorageSettings,
    }
}

/// Where settings are given, cut at zero bytes: the file, then flags, which begin with a dash, and variables.
#[derive(Default)]
struct Given<'a> {
    file: &'a [u8],
    flags: Vec<&'a str>,
    variables: Vec<(&'a str, &'a str)>,
}

/// Settings are refused with a reason, or come back when they are printed and loaded again.
pub fn config(data: &[u8]) {
    let given = Given::of(data);
    let Ok(path) = File::holding(given.file) else { return };
    match load(&given, &path.0, &[]) {
        Ok(Start::Answer(text)) => assert!(!text.is_empty() || given.flags.contains(&"--print-config")),
        Ok(Start::Run { settings, .. }) => {
            let printed = load(&given, &path.0, &["--print-config"]);
            let Ok(Start::Answer(yaml)) = printed else { unreachable!("{printed:?} is no configuration") };
            let Ok(path) = File::holding(yaml.as_bytes()) else { return };
            let again = load(&Given::default(), &path.0, &[]);
            let Ok(Start::Run { settings: again, .. }) = again else {
                unreachable!("{yaml} is refused: {again:?}")
            };
            assert_eq!(again, settings, "{yaml}");
        }
        Err(ConfigError::Usage(text)) => assert!(!text.is_empty()),
        Err(ConfigError::Faults(faults)) => {
            assert!(!faults.is_empty() && !faults.iter().any(String::is_empty));
        }
    }
}

/// The flags come first: behind `--` there are none.
fn load(given: &Given<'_>, file: &Path, flags: &[&str]) -> Result<Start<Settings>, ConfigError> {
    let file = [OsString::from("--config"), file.into()];
    let flags = flags.iter().chain(&given.flags).map(OsString::from);
    let arguments = [PROGRAM.name.into()].into_iter().chain(file).chain(flags);
    let variables = given.variables.iter().map(|(name, value)| (name.into(), value.into()));
    config::load_from(&PROGRAM, arguments, variables, |settings: &Settings, review| {
        settings.storage.check(review);
    })
}

/// A file that exists as long as this does.
struct File(PathBuf);

// === impl Given ===

impl<'a> Given<'a> {
    /// Only this process may say which file is read.
    fn of(data: &'a [u8]) -> Self {
        let mut chunks = data.split(|byte| *byte == 0);
        let file = chunks.next().unwrap_or_default();
        let texts = chunks.filter_map(|chunk| std::str::from_utf8(chunk).ok());
        let (flags, variables): (Vec<_>, Vec<_>) = texts.partition(|text| text.starts_with('-'));
        let names_file = |flag: &&str| flag.starts_with("--config");
        Self {
            file,
            flags: flags.into_iter().filter(|flag| !names_file(flag)).collect(),
            variables: variables
                .into_iter()
                .filter_map(|text| text.split_once('='))
                .filter(|(name, _)| !name.is_empty() && !name.ends_with("CONFIG"))
                .collect(),
        }
    }
}

// === impl File ===

impl File {
    fn holding(content: &[u8]) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("jaeger-dynamodb-fuzz-{}-{number}.yaml", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content)?;
        Ok(Self(path))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}
