//! Settings, from the environment of the function.

use std::time::Duration;

use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_runtime::config::{Review, Size};
use jaeger_dynamodb_runtime::telemetry::{LogFilter, LogFormat};

jaeger_dynamodb_runtime::settings! {
    /// What the operator decides: the server's settings, as far as they concern what is derived.
    pub struct Settings {
        /// What the name of every table begins with
        table_prefix: String = StoreConfig::aws().table_prefix,
        /// Where to reach DynamoDB instead of AWS's own endpoint
        endpoint_url: Option<String> = None,
        /// Memory that deriving a window may take, roughly
        job_memory: Size = Size::bytes(StoreConfig::aws().job_memory_bytes as u64),
        /// How long before a window the other spans of its traces may have come for calls between them to be counted; the
        /// same as the servers'
        dependency_horizon: Duration = StoreConfig::aws().dependency_horizon,
        /// What to log
        log_level: LogFilter = LogFilter::info(),
        /// How to log it
        log_format: LogFormat = LogFormat::Json,
    }
}

// === impl Settings ===

impl Settings {
    /// Refuses what cannot work.
    pub fn check(&self, review: &mut Review) {
        let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if self.endpoint_url.as_ref().is_some_and(|url| !is_url(url)) {
            review.refuse(&["endpoint_url"], "expects an http or https URL, such as http://127.0.0.1:8000");
        }
        if let Err(problems) = self.store_config().validate() {
            review.refuse(&["job_memory", "dependency_horizon"], problems);
        }
    }

    /// What to log, and how.
    #[must_use]
    pub fn logging(&self) -> (&LogFilter, LogFormat) {
        (&self.log_level, self.log_format)
    }

    /// The part that the store goes by. What windows are like is said by their items.
    pub(crate) fn store_config(&self) -> StoreConfig {
        let defaults = StoreConfig::aws();
        StoreConfig {
            table_prefix: self.table_prefix.clone(),
            job_memory_bytes: self.job_memory.to_usize(),
            // Whether there is a stream is checked by those who make the tables.
            streams: false,
            dependency_horizon: self.dependency_horizon,
            // Behind an endpoint URL one engine answers, with one clock.
            clock_skew: if self.endpoint_url.is_some() { Duration::ZERO } else { defaults.clock_skew },
            ..defaults
        }
    }
}
