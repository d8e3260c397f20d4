use std::time::Duration;

use jaeger_dynamodb_runtime::{
    config::Review,
    telemetry::{LogFilter, LogFormat},
};
use jaeger_dynamodb_storage::{StorageKind, StorageSettings};

jaeger_dynamodb_runtime::settings! {
    /// What the operator decides: the server's settings of storage, and when to look.
    pub(crate) struct Settings {
        /// Print the windows that failed and wait for another try, with their reasons, and exit
        list_parked: bool = false,
        /// How often to look for windows that are not done, whatever the stream says
        round_every: Duration = Duration::from_secs(30),
        /// How long the work at hand may take to end once the process is asked to stop
        drain_timeout: Duration = Duration::from_secs(20),
        /// What to log: a level or a filter
        log_level: LogFilter = LogFilter::info(),
        /// How to log: text or json
        log_format: LogFormat = LogFormat::Text,
        ..storage: StorageSettings,
    }
}

// === impl Settings ===

impl Settings {
    pub(crate) fn check(&self, review: &mut Review) {
        self.storage.check(review);
        if self.storage.storage == StorageKind::Embedded {
            review.refuse(
                &["storage"],
                "embedded storage belongs to the one process that serves it, which derives its windows, too: a worker \
                 needs --storage aws",
            );
        }
        if self.round_every < Duration::from_secs(1) {
            review.refuse(&["round_every"], "at least 1s: each look costs reads");
        }
        if review.is_given("job") {
            review.warn(&["job"], "of no effect: a worker derives every window that it finds");
        }
    }

    pub(crate) fn logging(&self) -> (&LogFilter, LogFormat) {
        (&self.log_level, self.log_format)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use jaeger_dynamodb_runtime::config::{Program, Start, load_from};

    use super::*;

    fn load(flags: &[&str]) -> Result<Settings, String> {
        let program = Program { name: "worker", version: "0", about: "", former_keys: &[] };
        let arguments = std::iter::once(&"worker").chain(flags).map(OsString::from);
        match load_from(&program, arguments, [], Settings::check) {
            Ok(Start::Run { settings, .. }) => Ok(settings),
            Ok(Start::Answer(text)) => Err(text),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_worker_needs_storage_that_others_serve() {
        assert!(load(&[]).unwrap_err().contains("needs --storage aws"));
        assert!(load(&["--storage", "aws", "--round-every", "10ms"]).unwrap_err().contains("at least 1s"));
        assert!(load(&["--storage", "aws", "--list-parked"]).unwrap().list_parked);
    }
}
