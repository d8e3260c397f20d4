//! What every binary does before its own work: settings, logging, signals.

use std::ffi::OsString;

use tokio_util::sync::CancellationToken;

use crate::{
    config::{self, Program, Review, Settings, Start},
    exit::{self, Failure},
    shutdown,
    telemetry::{self, LogFilter, LogFormat},
};

/// A process that may begin its work.
#[derive(Debug)]
pub struct Launched<S> {
    /// The settings in effect.
    pub settings: S,
    /// Cancelled by the first signal that asks the process to stop.
    pub stop: CancellationToken,
}

/// Loads the settings, starts logging as they say (`logging` picks them), logs doubtful ones, and listens to signals.
/// `None` if the process was only asked for help, its version or its configuration, which is then printed.
///
/// # Errors
///
/// When the settings are wrong, or logging or signals are not to be had.
pub fn launch<S: Settings>(
    program: &Program,
    check: impl FnOnce(&S, &mut Review),
    logging: impl FnOnce(&S) -> (&LogFilter, LogFormat),
) -> Result<Option<Launched<S>>, Failure> {
    launch_with(program, std::env::args_os(), check, logging)
}

/// As [`launch`], with these arguments (the first is the program) instead of those of the process.
///
/// # Errors
///
/// As [`launch`].
pub fn launch_with<S: Settings>(
    program: &Program,
    arguments: impl IntoIterator<Item = OsString>,
    check: impl FnOnce(&S, &mut Review),
    logging: impl FnOnce(&S) -> (&LogFilter, LogFormat),
) -> Result<Option<Launched<S>>, Failure> {
    let loaded = config::load_from(program, arguments, std::env::vars_os(), check);
    let (settings, warnings) = match loaded.map_err(Failure::configuration)? {
        Start::Answer(text) => return exit::answer(&text).map(|()| None),
        Start::Run { settings, warnings } => (settings, warnings),
    };
    let (filter, format) = logging(&settings);
    telemetry::start_logging(filter, format)
        .map_err(|error| Failure::runtime("cannot start logging", error))?;
    for warning in warnings {
        tracing::warn!(warning, "doubtful setting");
    }
    let stop = shutdown::on_signal().map_err(|error| Failure::runtime("cannot listen to signals", error))?;
    Ok(Some(Launched { settings, stop }))
}
