//! Services and operations as a user picks them from a list.

/// Longest service or operation name in bytes that is listed. A longer one is stored and found by search
/// like any other, but a list of such names would not fit into one gRPC message.
const LISTED_NAME_BYTES: usize = 1024;

/// An operation of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    /// The span name.
    pub name: String,
    /// The span kind in Jaeger's words (`server`, `client`, …), empty for a span without kind.
    pub span_kind: String,
}

/// Which operations are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperationQuery {
    /// The service whose operations are listed.
    pub service: String,
    /// Only operations of this kind; all kinds when empty.
    pub span_kind: String,
}

/// Whether a service or operation name appears in lists: it is neither empty nor longer than 1 KiB (ADR 0007).
#[must_use]
pub fn is_listed(name: &str) -> bool {
    !name.is_empty() && name.len() <= LISTED_NAME_BYTES
}
