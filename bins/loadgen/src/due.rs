//! A request of the load.

use std::time::Duration;

use bytes::Bytes;
use jaeger_dynamodb_loadgen::Arrival;
use prost::Message;

/// A request that can be sent.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    /// When, counted from the start of the load.
    pub(crate) at: Duration,
    pub(crate) spans: usize,
    /// Encoded, so that sending it costs little, again too.
    pub(crate) message: Bytes,
}

// === impl Due ===

impl Due {
    pub(crate) fn of(arrival: &Arrival) -> Self {
        let message = arrival.request.encode_to_vec().into();
        Self { at: arrival.at, spans: arrival.span_count(), message }
    }
}
