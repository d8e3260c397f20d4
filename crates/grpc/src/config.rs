//! Settings of the gRPC services.

use std::time::Duration;

use jaeger_dynamodb_core::SpanKind;
use jaeger_dynamodb_core::edges::EdgeSources;
use thiserror::Error;

/// Jaeger's client refuses larger messages unless told otherwise.
const CLIENT_LIMIT: usize = 4 * 1024 * 1024;

/// gRPC writes the length of a message in 32 bits.
const LARGEST_MESSAGE: usize = u32::MAX as usize;

/// What a message holds besides values that can be cut must fit into the limit.
const SMALLEST_OUTBOUND: usize = 64 * 1024;

/// Settings of the services. Limits of messages are in bytes, before compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcConfig {
    /// Largest message that is accepted. A collector's batch passes gRPC's usual 4 MiB easily.
    pub max_inbound_bytes: usize,
    /// Largest message that is sent.
    pub max_outbound_bytes: usize,
    /// What `jaeger.storage.v1` calls the kind of an operation without kind: `unspecified` for Jaeger v1.57 to v1.64,
    /// v2.0 and v2.1, empty for others.
    pub v1_unspecified_kind: String,
    /// Whether spans may be written through `StreamingSpanWriterPlugin`, which no error reports. Never together with
    /// tenancy: Jaeger sends the spans of all tenants over one stream, which has the metadata of whoever opened it.
    /// A connection may then hold more unread bytes, up to 64 MiB.
    pub streaming_writer: bool,
    /// Bytes of requests that may be held at a time, from their first byte to their answer, as large as they are in memory. Beyond
    /// it writes are refused, but a message that comes alone is taken, however large.
    pub max_inflight_bytes: usize,
    /// Queries that may be answered at a time, to the end of their answers. More are refused.
    pub max_concurrent_queries: usize,
    /// An answer of which a client takes nothing for so long is cut off; after the same time again its connection is
    /// closed.
    pub slow_reader_timeout: Duration,
    /// A request is given up when a client stops in the middle of a message for so long.
    pub slow_sender_timeout: Duration,
    /// RPCs that a connection may have open at a time. Clients wait before they open more.
    pub max_concurrent_streams: u32,
    /// What the edges of the dependency graph may be derived from. Jaeger draws them all alike.
    pub dependency_sources: EdgeSources,
}

/// Settings that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidConfig {
    /// A span's ids and times alone would not fit.
    #[error("max_outbound_bytes is {0}, but a span needs up to {SMALLEST_OUTBOUND}")]
    OutboundTooSmall(usize),
    /// No request could come in.
    #[error("a gRPC message has between 1 byte and 4GiB")]
    NoInbound,
    /// No message is so large.
    #[error("a gRPC message has between 1 byte and 4GiB")]
    InboundTooLarge,
    /// Nothing could come in.
    #[error("without room for requests in flight nothing could be written")]
    NoInflight,
    /// Nothing could be read.
    #[error("at least one query must be allowed")]
    NoQueries,
    /// Nothing could be asked.
    #[error("a connection needs at least one stream")]
    NoStreams,
    /// Every client would be too slow.
    #[error("a client needs some time")]
    NoTime,
    /// Operations with this kind and those without one could not be told apart.
    #[error("v1_unspecified_kind is {0:?}, which is the name of a kind")]
    KindIsTaken(String),
}

impl Default for GrpcConfig {
    fn default() -> Self {
        Self {
            max_inbound_bytes: 64 * 1024 * 1024,
            max_outbound_bytes: CLIENT_LIMIT - 1024,
            v1_unspecified_kind: String::new(),
            streaming_writer: false,
            max_inflight_bytes: 64 * 1024 * 1024,
            max_concurrent_queries: 64,
            slow_reader_timeout: Duration::from_secs(30),
            slow_sender_timeout: Duration::from_secs(30),
            max_concurrent_streams: 1024,
            dependency_sources: EdgeSources::default(),
        }
    }
}

impl GrpcConfig {
    /// Whether the settings can work.
    ///
    /// # Errors
    /// [`InvalidConfig`] with the first of the reasons.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        self.faults().next().map_or(Ok(()), Err)
    }

    /// Every reason why the settings cannot work.
    pub fn faults(&self) -> impl Iterator<Item = InvalidConfig> {
        let inbound = match self.max_inbound_bytes {
            0 => Some(InvalidConfig::NoInbound),
            1..=LARGEST_MESSAGE => None,
            _ => Some(InvalidConfig::InboundTooLarge),
        };
        let outbound = (self.max_outbound_bytes < SMALLEST_OUTBOUND)
            .then_some(InvalidConfig::OutboundTooSmall(self.max_outbound_bytes));
        let is_taken = SpanKind::from_word(&self.v1_unspecified_kind) != SpanKind::Unspecified;
        let kind = is_taken.then(|| InvalidConfig::KindIsTaken(self.v1_unspecified_kind.clone()));
        inbound.into_iter().chain(outbound).chain(kind).chain(self.faulty_limits())
    }

    fn faulty_limits(&self) -> impl Iterator<Item = InvalidConfig> {
        let is_hasty = self.slow_reader_timeout.is_zero() || self.slow_sender_timeout.is_zero();
        let faults = [
            (self.max_inflight_bytes == 0, InvalidConfig::NoInflight),
            (self.max_concurrent_queries == 0, InvalidConfig::NoQueries),
            (self.max_concurrent_streams == 0, InvalidConfig::NoStreams),
            (is_hasty, InvalidConfig::NoTime),
        ];
        faults.into_iter().filter_map(|(is_faulty, fault)| is_faulty.then_some(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let default = GrpcConfig::default;
        assert_eq!(default().validate(), Ok(()));
        let named = |kind: &str| GrpcConfig { v1_unspecified_kind: kind.to_owned(), ..default() }.validate();
        assert_eq!(named("unspecified"), Ok(()));
        assert_eq!(named("server"), Err(InvalidConfig::KindIsTaken("server".to_owned())));
        let no_inbound = GrpcConfig { max_inbound_bytes: 0, ..default() };
        assert_eq!(no_inbound.validate(), Err(InvalidConfig::NoInbound));
        let too_large = GrpcConfig { max_inbound_bytes: LARGEST_MESSAGE + 1, ..default() };
        assert_eq!(too_large.validate(), Err(InvalidConfig::InboundTooLarge));
        let small = GrpcConfig { max_outbound_bytes: 1000, ..default() };
        assert_eq!(small.validate(), Err(InvalidConfig::OutboundTooSmall(1000)));
        let nothing = GrpcConfig {
            max_inflight_bytes: 0,
            max_concurrent_queries: 0,
            max_concurrent_streams: 0,
            slow_sender_timeout: Duration::ZERO,
            ..default()
        };
        let faults = [
            InvalidConfig::NoInflight,
            InvalidConfig::NoQueries,
            InvalidConfig::NoStreams,
            InvalidConfig::NoTime,
        ];
        assert!(nothing.faults().eq(faults));
    }
}
