//! Settings of the gRPC services.

use thiserror::Error;

/// Jaeger's client refuses larger messages unless told otherwise.
const CLIENT_LIMIT: usize = 4 * 1024 * 1024;

/// What a message holds besides values that can be cut must fit into the limit.
const SMALLEST_OUTBOUND: usize = 64 * 1024;

/// Limits of messages in bytes, before compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrpcConfig {
    /// Largest message that is accepted. A collector's batch passes gRPC's usual 4 MiB easily.
    pub max_inbound_bytes: usize,
    /// Largest message that is sent.
    pub max_outbound_bytes: usize,
}

/// Settings that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidConfig {
    /// A span's ids and times alone would not fit.
    #[error("max_outbound_bytes is {0}, but a span needs up to {SMALLEST_OUTBOUND}")]
    OutboundTooSmall(usize),
    /// No request could come in.
    #[error("max_inbound_bytes is 0, so that no request would be accepted")]
    NoInbound,
}

impl Default for GrpcConfig {
    fn default() -> Self {
        Self { max_inbound_bytes: 64 * 1024 * 1024, max_outbound_bytes: CLIENT_LIMIT - 1024 }
    }
}

impl GrpcConfig {
    /// Whether the settings can work.
    ///
    /// # Errors
    /// [`InvalidConfig`] with the reason.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        if self.max_inbound_bytes == 0 {
            return Err(InvalidConfig::NoInbound);
        }
        if self.max_outbound_bytes < SMALLEST_OUTBOUND {
            return Err(InvalidConfig::OutboundTooSmall(self.max_outbound_bytes));
        }
        Ok(())
    }
}
