use std::{net::SocketAddr, time::Duration};

use jaeger_dynamodb_grpc::{GrpcConfig, InvalidConfig};
use jaeger_dynamodb_runtime::{
    config::{Review, Size},
    telemetry::{LogFilter, LogFormat},
};
use jaeger_dynamodb_storage::StorageSettings;

jaeger_dynamodb_runtime::settings! {
    /// What the operator decides: the server's settings, so that one file serves both.
    pub(crate) struct Settings {
        /// Of no effect: Jaeger calls its plugin over a socket of their own
        listen: Option<SocketAddr> = None,
        /// Of no effect: Jaeger finds the archive over the same socket
        archive_listen: Option<String> = None,
        /// Where to serve /live, /ready and /metrics; nowhere, unless it is set
        http_listen: Option<SocketAddr> = None,
        /// What jaeger.storage.v1 calls the kind of operations without one; Jaeger 1.57 expects unspecified, up to 1.43
        /// nothing
        v1_unspecified_kind: String = "unspecified".to_owned(),
        /// Let Jaeger stream spans without waiting for an answer: it then never learns of those that are lost
        enable_streaming_writer: bool = false,
        /// The largest gRPC message accepted
        max_message_size: Size = Size::mib(64),
        /// Bytes of requests held at a time, until they are answered; beyond it writes are refused for now
        max_inflight_bytes: Size = Size::mib(64),
        /// Queries answered at a time; more are refused for now
        max_concurrent_queries: usize = 64,
        /// Of no effect: Jaeger has one connection
        max_connections: Option<usize> = None,
        /// How long a client may take nothing of its answer
        slow_reader_timeout: Duration = Duration::from_secs(30),
        /// How long a client may stop in the middle of a message
        slow_sender_timeout: Duration = Duration::from_secs(30),
        /// Of no effect: see wipe_on_start
        allow_purge: bool = false,
        /// Delete every span at the start, archived ones too; for tests
        wipe_on_start: bool = false,
        /// What to log, unless GRPC_STORAGE_PLUGIN_LOG_LEVEL says otherwise
        log_level: LogFilter = LogFilter::info(),
        /// Of no effect: logs are as Jaeger reads them
        log_format: LogFormat = LogFormat::Text,
        ..storage: StorageSettings,
    }
}

// === impl Settings ===

impl Settings {
    /// Refuses what cannot work.
    pub(crate) fn check(&self, review: &mut Review) {
        self.storage.check(review);
        if self.wipe_on_start && self.storage.is_on_aws() {
            review.refuse(
                &["wipe_on_start", "storage"],
                "refused on AWS, where every start would delete production data; give endpoint_url for a test engine",
            );
        }
        for why in self.grpc_config().faults() {
            let key = match why {
                InvalidConfig::KindIsTaken(_) => "v1_unspecified_kind",
                // The size of what goes out is no setting.
                InvalidConfig::NoInbound
                | InvalidConfig::InboundTooLarge
                | InvalidConfig::OutboundTooSmall(_) => "max_message_size",
                InvalidConfig::NoInflight => "max_inflight_bytes",
                // Nor is the number of streams.
                InvalidConfig::NoQueries | InvalidConfig::NoStreams => "max_concurrent_queries",
                InvalidConfig::NoTime => "slow_reader_timeout",
            };
            review.refuse(&[key], why);
        }
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
