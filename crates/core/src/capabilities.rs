//! What a store can search.

/// What searches a store answers; the default is the weakest, so a forgotten field promises nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SearchCapabilities {
    /// A search may leave the service name out.
    pub without_service_name: bool,
    /// All conditions of a search hold on one span, not merely somewhere in the trace.
    pub same_span_conjunction: bool,
}
