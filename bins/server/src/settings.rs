use std::{net::SocketAddr, time::Duration};

use jaeger_dynamodb_grpc::GrpcConfig;
use jaeger_dynamodb_runtime::{
    config::{Size, Value},
    telemetry::{LogFilter, LogFormat},
};
use jaeger_dynamodb_storage::StorageSettings;

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
        /// What jaeger.storage.v1 calls the kind of operations without one; Jaeger 1.57 to 1.64 expect: unspecified
        v1_unspecified_kind: String = String::new(),
        /// Let Jaeger v1 stream spans without waiting for an answer: it then never learns of those that are lost
        enable_streaming_writer: bool = false,
        /// The largest gRPC message accepted
        max_message_size: Size = Size::mib(64),
        /// Bytes of requests held at a time, until they are answered; beyond it writes are refused for now
        max_inflight_bytes: Size = Size::mib(64),
        /// Queries answered at a time; more are refused for now
        max_concurrent_queries: usize = 64,
        /// Connections at a time; more are closed at once
        max_connections: usize = 16_384,
        /// How long a client may take nothing of its answer
        slow_reader_timeout: Duration = Duration::from_secs(30),
        /// How long a client may stop in the middle of a message
        slow_sender_timeout: Duration = Duration::from_secs(30),
        /// Serve POST /purge, which deletes every span; for tests
        allow_purge: bool = false,
        /// What to log
        log_level: LogFilter = LogFilter::info(),
        /// How to log, to stderr
        log_format: LogFormat = LogFormat::Text,
        ..storage: StorageSettings,
    }
}

/// An address, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveListen(Option<SocketAddr>);

// === impl Settings ===

impl Settings {
    /// How to log.
    pub(crate) fn logging(&self) -> (&LogFilter, LogFormat) {
        (&self.log_level, self.log_format)
    }

    /// The part that the gRPC services go by.
    pub(crate) fn grpc_config(&self) -> GrpcConfig {
        GrpcConfig {
            max_inbound_bytes: self.max_message_size.to_usize(),
            v1_unspecified_kind: self.v1_unspecified_kind.clone(),
            streaming_writer: self.enable_streaming_writer,
            max_inflight_bytes: self.max_inflight_bytes.to_usize(),
            max_concurrent_queries: self.max_concurrent_queries,
            slow_reader_timeout: self.slow_reader_timeout,
            slow_sender_timeout: self.slow_sender_timeout,
            dependency_sources: self.storage.dependency_sources.sources(),
            ..GrpcConfig::default()
        }
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
