//! What an exporter makes of an answer that is no success
//! (<https://opentelemetry.io/docs/specs/otlp/#failures>).

use std::error::Error;
use std::time::Duration;

use jaeger_dynamodb_proto::google_rpc::{RetryInfo, Status as RpcStatus};
use prost::Message;
use tonic::{Code, Status};

/// After a connection that was lost.
const PAUSE: Duration = Duration::from_millis(100);

/// What an exporter says to itself when no answer comes.
pub(super) fn none_in_time() -> Status {
    Status::deadline_exceeded("no answer in time")
}

/// How long to wait before the message is sent again, unless the server does not want it.
pub(super) fn pause_before_retry(status: &Status) -> Option<Duration> {
    let asked = retry_delay(status);
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded => Some(asked.unwrap_or(PAUSE)),
        Code::ResourceExhausted => asked,
        _ => is_connection_lost(status).then_some(PAUSE),
    }
}

/// The delay that a server asks for.
pub(crate) fn retry_delay(status: &Status) -> Option<Duration> {
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let info = details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay?.try_into().ok()
}

/// A status that no server has sent has an error of this process behind it.
pub(super) fn is_connection_lost(status: &Status) -> bool {
    status.source().is_some()
}
