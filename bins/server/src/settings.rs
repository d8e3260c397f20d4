use std::{net::SocketAddr, path::PathBuf, time::Duration};

use jaeger_dynamodb_dynamo::{JobMode, StoreConfig};
use jaeger_dynamodb_grpc::GrpcConfig;
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
        /// Where to serve the archive, which Jaeger 1.66 and newer, and v2, ask at an address of its own
        archive_listen: ArchiveListen = ArchiveListen::at(SocketAddr::from(([127, 0, 0, 1], 17273))),
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
        /// How long archived traces are kept since they were last archived; for ever, unless it is set
        archive_retention: Option<Duration> = None,
        /// Length of the windows that spans are grouped into by arrival; with --storage aws 5m
        window: Duration = storage.defaults().window,
        /// How long a window accepts what was on its way when it ended; with --storage aws 60s
        window_grace: Duration = storage.defaults().window_grace,
        /// How long spans may wait for others to share a write
        linger: Duration = storage.defaults().linger,
        /// Which closed windows this process derives for faster reading: in-process all, takeover those that nobody
        /// else has derived 15m after they closed, off none
        job: Job = Job::InProcess,
        /// How old what was derived must be before it is read; with --storage aws 30s, behind an endpoint URL 0s
        settle: Duration = if endpoint_url.is_some() { Duration::ZERO } else { storage.defaults().settle },
        /// The most read request units that one query may cost
        max_query_rru: ReadUnits = ReadUnits(storage.defaults().max_query_read_units),
        /// The most bytes of the log, of windows that are not derived yet, that one query may read
        max_tail_bytes: Size = Size::bytes(storage.defaults().max_tail_bytes as u64),
        /// Memory that deriving a window may take, roughly
        job_memory: Size = Size::bytes(storage.defaults().job_memory_bytes as u64),
        /// What jaeger.storage.v1 calls the kind of operations without one; Jaeger 1.57 to 1.64 expect: unspecified
        v1_unspecified_kind: String = String::new(),
        /// Let Jaeger v1 stream spans without waiting for an answer: it then never learns of those that are lost
        enable_streaming_writer: bool = false,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    InProcess,
    Takeover,
    Off,
}

/// An address, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveListen(Option<SocketAddr>);

/// Read request units of DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadUnits(u32);

// === impl Settings ===

impl Settings {
    /// How to log.
    pub(crate) fn logging(&self) -> (&LogFilter, LogFormat) {
        (&self.log_level, self.log_format)
    }

    /// The part that the store goes by.
    pub(crate) fn store_config(&self) -> StoreConfig {
        let defaults = self.storage.defaults();
        StoreConfig {
            table_prefix: self.table_prefix.clone(),
            create_tables: self.create_tables,
            retention: self.retention,
            archive_retention: self.archive_retention,
            window: self.window,
            window_grace: self.window_grace,
            linger: self.linger,
            settle: self.settle,
            max_query_read_units: self.max_query_rru.0,
            max_tail_bytes: self.max_tail_bytes.to_usize(),
            job_memory_bytes: self.job_memory.to_usize(),
            // Behind an endpoint URL one engine answers, with one clock.
            clock_skew: if self.endpoint_url.is_some() { Duration::ZERO } else { defaults.clock_skew },
            ..defaults
        }
    }

    /// The part that the gRPC services go by.
    pub(crate) fn grpc_config(&self) -> GrpcConfig {
        GrpcConfig {
            max_inbound_bytes: self.max_message_size.to_usize(),
            v1_unspecified_kind: self.v1_unspecified_kind.clone(),
            streaming_writer: self.enable_streaming_writer,
            ..GrpcConfig::default()
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

// === impl Job ===

impl Job {
    pub(crate) fn mode(self) -> JobMode {
        match self {
            Self::InProcess => JobMode::InProcess,
            Self::Takeover => JobMode::Takeover,
            Self::Off => JobMode::Off,
        }
    }
}

impl Value for Job {
    const NAME: &'static str = "in-process|takeover|off";
    const EXPECTS: &'static str = "in-process, takeover or off";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "in-process" => Some(Self::InProcess),
            "takeover" => Some(Self::Takeover),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        let text = match self {
            Self::InProcess => "in-process",
            Self::Takeover => "takeover",
            Self::Off => "off",
        };
        Some(text.to_owned())
    }
}

// === impl ArchiveListen ===

impl ArchiveListen {
    const fn at(address: SocketAddr) -> Self {
        Self(Some(address))
    }

    pub(crate) fn address(self) -> Option<SocketAddr> {
        self.0
    }
}

impl Value for ArchiveListen {
    const NAME: &'static str = "IP:PORT|off";
    const EXPECTS: &'static str = "an IP address and a port, such as 127.0.0.1:17273, or off";

    fn parse(text: &str) -> Option<Self> {
        if text == "off" { Some(Self(None)) } else { text.parse().ok().map(Self::at) }
    }

    fn text(&self) -> Option<String> {
        Some(self.0.map_or_else(|| "off".to_owned(), |address| address.to_string()))
    }
}

// === impl ReadUnits ===

impl Value for ReadUnits {
    const NAME: &'static str = "UNITS";
    const EXPECTS: &'static str = "a whole number of read request units, at least 1, such as 100000";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|units| *units > 0).map(Self)
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}
