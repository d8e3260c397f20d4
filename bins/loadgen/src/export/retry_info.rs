//! When a server wants to see a request again.

use std::time::Duration;

use jaeger_dynamodb_proto::google_rpc::{RetryInfo, Status as RpcStatus};
use prost::Message;
use tonic::{Code, Status};

/// For a server that does not say how long.
const DEFAULT_DELAY: Duration = Duration::from_secs(1);

/// After which pause to send the request again, if the server asks for that
/// (<https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling>).
pub(super) fn delay(status: &Status) -> Option<Duration> {
    if !matches!(status.code(), Code::Unavailable | Code::ResourceExhausted) {
        return None;
    }
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let info = details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay;
    let delay = delay.and_then(|delay| Duration::try_from(delay).ok());
    Some(delay.filter(|delay| !delay.is_zero()).unwrap_or(DEFAULT_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(code: Code, retry_delay: Option<prost_types::Duration>) -> Status {
        let info = prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: RetryInfo { retry_delay }.encode_to_vec(),
        };
        let other = prost_types::Any { type_url: "type.googleapis.com/other".to_owned(), value: vec![1] };
        let details = RpcStatus { details: vec![other, info], ..RpcStatus::default() }.encode_to_vec();
        Status::with_details(code, "full", details.into())
    }

    fn seconds(seconds: i64) -> Option<prost_types::Duration> {
        Some(prost_types::Duration { seconds, nanos: 500_000_000 })
    }

    #[test]
    fn a_server_that_says_how_long_is_taken_at_its_word() {
        let delay = |code| delay(&asking(code, seconds(2)));
        assert_eq!(delay(Code::Unavailable), Some(Duration::from_millis(2_500)));
        assert_eq!(delay(Code::ResourceExhausted), Some(Duration::from_millis(2_500)));
        assert_eq!(delay(Code::InvalidArgument), None);
    }

    #[test]
    fn a_pause_that_is_none_does_not_make_a_busy_loop() {
        for unusable in [None, Some(prost_types::Duration::default()), seconds(-3)] {
            assert_eq!(delay(&asking(Code::Unavailable, unusable)), Some(DEFAULT_DELAY), "{unusable:?}");
        }
    }

    #[test]
    fn a_server_that_does_not_ask_gets_nothing_again() {
        assert_eq!(delay(&Status::unavailable("gone")), None);
        let garbage = Status::with_details(Code::Unavailable, "gone", vec![0xff, 1].into());
        assert_eq!(delay(&garbage), None);
    }
}
