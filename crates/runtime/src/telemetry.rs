//! Logs: to stderr, as text or as JSON lines.

use tracing_subscriber::{EnvFilter, util::SubscriberInitExt};

use crate::config::Value;

/// Which events are logged, in the filter syntax of `tracing-subscriber`: `info`,
/// `info,jaeger_dynamodb_dynamo=debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for humans.
    Text,
    /// A JSON object per line.
    Json,
}

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is no filter; a [`LogFilter`] read from settings cannot cause this.
    #[error("cannot read the log filter")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The process has a logger already.
    #[error("cannot install the logger")]
    Install(#[from] tracing_subscriber::util::TryInitError),
}

/// The embedded engine reports every refused conditional put as a warning; to the store those are
/// ordinary answers.
const QUIET_ENGINE: &str = "dynoxide=error";

// === impl LogFilter ===

impl LogFilter {
    /// Everything worth reading in production.
    #[must_use]
    pub fn info() -> Self {
        Self("info".to_owned())
    }

    /// The filter as a layer of a subscriber.
    ///
    /// # Errors
    ///
    /// When it is no filter; one that was read from settings is.
    pub fn to_env_filter(&self) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
        EnvFilter::builder().parse(self.directives())
    }

    fn directives(&self) -> String {
        if self.0.contains("dynoxide") { self.0.clone() } else { format!("{},{QUIET_ENGINE}", self.0) }
    }
}

impl Value for LogFilter {
    const NAME: &'static str = "FILTER";
    const EXPECTS: &'static str = "error, warn, info, debug, trace or a filter such as info,hyper=debug";

    fn parse(text: &str) -> Option<Self> {
        let is_filter = !text.trim().is_empty() && EnvFilter::builder().parse(text).is_ok();
        is_filter.then(|| Self(text.to_owned()))
    }

    fn text(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

// === impl LogFormat ===

impl Value for LogFormat {
    const NAME: &'static str = "text|json";
    const EXPECTS: &'static str = "text or json";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        Some(match self {
            Self::Text => "text".to_owned(),
            Self::Json => "json".to_owned(),
        })
    }
}

/// Starts logging, once per process.
///
/// # Errors
///
/// When the process logs already.
pub fn start_logging(filter: &LogFilter, format: LogFormat) -> Result<(), LogError> {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_env_filter(filter.to_env_filter()?);
    match format {
        LogFormat::Text => builder.finish().try_init()?,
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_quiet_unless_the_filter_names_it() {
        let directives = |text: &str| LogFilter::parse(text).map(|filter| filter.directives());
        assert_eq!(directives("info").as_deref(), Some("info,dynoxide=error"));
        assert_eq!(directives("warn,dynoxide=debug").as_deref(), Some("warn,dynoxide=debug"));
    }

    #[test]
    fn a_filter_that_is_none_is_refused() {
        for text in ["", " ", "info,=,=", "jaeger=loud"] {
            assert_eq!(LogFilter::parse(text), None, "{text:?}");
        }
    }
}
