//! Settings of the gRPC services.

use jaeger_dynamodb_core::SpanKind;
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
        inbound.into_iter().chain(outbound).chain(kind)
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
    }
}
