//! What a gRPC status may carry beside code and message, in the trailer `grpc-status-details-bin`
//! (<https://github.com/googleapis/googleapis/tree/master/google/rpc>).

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Status {
    /// The code of the gRPC status.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// Its message.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Messages of any types, among them [`RetryInfo`].
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<prost_types::Any>,
}

/// `google.rpc.RetryInfo`. OTLP clients try again only if they see it
/// (<https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling>).
#[derive(Clone, PartialEq, prost::Message)]
pub struct RetryInfo {
    /// How long to wait before.
    #[prost(message, optional, tag = "1")]
    pub retry_delay: Option<prost_types::Duration>,
}
