use std::{net::SocketAddr, path::PathBuf, time::Duration};

use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_runtime::{
    config::{Size, Value},
    telemetry::{LogFilter, LogFormat},
};

mod check;

jaeger_dynamodb_runtime::settings! {
    /// What the operator decides.
    pub(crate) struct Settings {
        /// Where to serve gRPC: Jaeger's storage API and OTLP
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 17271)),
        /// Where to serve /live, /ready and /metrics
        http_listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 17272)),
        /// Where spans are kept: in a data directory of this process, or in DynamoDB on AWS
        storage: Storage = Storage::Embedded,
        /// Directory of the embedded storage; `:memory:` keeps nothing
        data_dir: PathBuf = PathBuf::from("./jaeger-dynamodb-data"),
        /// Where to reach DynamoDB instead of AWS's own endpoint, with --storage aws
        endpoint_url: Option<EndpointUrl> = None,
        /// What the name of every table begins with
        table_prefix: String = storage.defaults().table_prefix,
        /// Create the tables that are missing; never change or delete any. Embedded storage always does
        create_tables: bool = storage.defaults().create_tables,
        /// How long spans are kept
        retention: Duration = storage.defaults().retention,
        /// Length of the windows that spans are grouped into by arrival; with --storage aws 5m
        window: Duration = storage.defaults().window,
        /// How long a window accepts what was on its way when it ended; with --storage aws 60s
        window_grace: Duration = storage.defaults().window_grace,
        /// How long spans may wait for others to share a write
        linger: Duration = storage.defaults().linger,
        /// The largest gRPC message accepted
        max_message_size: Size = Size::mib(64),
        /// Serve POST /purge, which deletes every span; for tests
        allow_purge: bool = false,
        /// What to log
        log_level: LogFilter = LogFilter::info(),
        /// How to log, to stderr
        log_format: LogFormat = LogFormat::Text,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    Embedded,
    Aws,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointUrl(String);

// === impl Settings ===

impl Settings {
    /// The part that the store goes by.
    pub(crate) fn store_config(&self) -> StoreConfig {
        let defaults = self.storage.defaults();
        StoreConfig {
            table_prefix: self.table_prefix.clone(),
            create_tables: self.create_tables,
            retention: self.retention,
            window: self.window,
            window_grace: self.window_grace,
            linger: self.linger,
            // Behind an endpoint URL one engine answers, with one clock.
            clock_skew: if self.endpoint_url.is_some() { Duration::ZERO } else { defaults.clock_skew },
            ..defaults
        }
    }
}

// === impl Storage ===

impl Storage {
    fn defaults(self) -> StoreConfig {
        match self {
            Self::Embedded => StoreConfig::embedded(),
            Self::Aws => StoreConfig::aws(),
        }
    }
}

impl Value for Storage {
    const NAME: &'static str = "embedded|aws";
    const EXPECTS: &'static str = "embedded or aws";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "embedded" => Some(Self::Embedded),
            "aws" => Some(Self::Aws),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        Some(match self {
            Self::Embedded => "embedded".to_owned(),
            Self::Aws => "aws".to_owned(),
        })
    }
}

// === impl EndpointUrl ===

impl EndpointUrl {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for EndpointUrl {
    const NAME: &'static str = "URL";
    const EXPECTS: &'static str = "an http or https URL, such as http://127.0.0.1:8000";

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
        let names_a_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        (names_a_host && !text.contains(char::is_whitespace)).then(|| Self(text.to_owned()))
    }

    fn text(&self) -> Option<String> {
        Some(self.0.clone())
    }
}
