//! Errors as gRPC statuses: the only place where a code is chosen for a store's error.

use std::error::Error;
use std::time::Duration;

use jaeger_dynamodb_core::{StoreError, StoreErrorKind};
use jaeger_dynamodb_proto::google_rpc::{RetryInfo, Status as RpcStatus};
use prost::Message;
use tonic::{Code, Status};

/// How long a client waits when the store does not say.
const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(1);

/// The status of a store's error, which is logged.
pub(crate) fn of_store_error(error: &StoreError) -> Status {
    if code(error.kind()) != Code::InvalidArgument {
        tracing::warn!(
            error.r#type = ?error.kind(),
            error.message = %error,
            error.sources = %sources(error),
            "request failed"
        );
    }
    status(error)
}

/// The status of a write that failed. One that may be tried again is not logged: the store has logged the commit that
/// failed, once for all requests in it, and counted what it refused. An outage would fill the log.
pub(crate) fn of_write_error(error: &StoreError) -> Status {
    if error.is_retryable() { status(error) } else { of_store_error(error) }
}

fn status(error: &StoreError) -> Status {
    let (code, message) = (code(error.kind()), error.to_string());
    if !error.is_retryable() {
        return Status::new(code, message);
    }
    let details = retry_details(code, &message, error.retry_after().unwrap_or(DEFAULT_RETRY_DELAY));
    Status::with_details(code, message, details.into())
}

/// The status of a request that is refused although nothing is wrong with it. OTLP's clients send it again after the
/// delay (<https://opentelemetry.io/docs/specs/otlp/#failures>).
pub(crate) fn try_again_later(message: &str) -> Status {
    let details = retry_details(Code::Unavailable, message, DEFAULT_RETRY_DELAY);
    Status::with_details(Code::Unavailable, message, details.into())
}

fn code(kind: StoreErrorKind) -> Code {
    match kind {
        StoreErrorKind::InvalidRequest => Code::InvalidArgument,
        StoreErrorKind::Unsupported => Code::Unimplemented,
        StoreErrorKind::Overloaded | StoreErrorKind::Unavailable => Code::Unavailable,
        StoreErrorKind::LimitExceeded => Code::ResourceExhausted,
        StoreErrorKind::Damaged => Code::DataLoss,
        // The kinds may grow.
        StoreErrorKind::Internal | _ => Code::Internal,
    }
}

fn retry_details(code: Code, message: &str, delay: Duration) -> Vec<u8> {
    let info = RetryInfo { retry_delay: prost_types::Duration::try_from(delay).ok() };
    let info = prost_types::Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: info.encode_to_vec(),
    };
    RpcStatus { code: code.into(), message: message.to_owned(), details: vec![info] }.encode_to_vec()
}

fn sources(error: &StoreError) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details_of(status: &Status) -> RpcStatus {
        RpcStatus::decode(status.details()).unwrap()
    }

    #[test]
    fn each_kind_has_its_code() {
        let codes = [
            (StoreErrorKind::InvalidRequest, Code::InvalidArgument),
            (StoreErrorKind::Unsupported, Code::Unimplemented),
            (StoreErrorKind::Overloaded, Code::Unavailable),
            (StoreErrorKind::Unavailable, Code::Unavailable),
            (StoreErrorKind::LimitExceeded, Code::ResourceExhausted),
            (StoreErrorKind::Damaged, Code::DataLoss),
            (StoreErrorKind::Internal, Code::Internal),
        ];
        for (kind, code) in codes {
            let status = of_store_error(&StoreError::new(kind, "what happened"));
            assert_eq!((status.code(), status.message()), (code, "what happened"));
            assert_eq!(status.details().is_empty(), code != Code::Unavailable, "{kind:?}");
        }
    }

    #[test]
    fn a_retryable_error_says_when_to_try_again() {
        let error =
            StoreError::new(StoreErrorKind::Overloaded, "full").with_retry_after(Duration::from_millis(1500));
        let details = details_of(&of_store_error(&error));
        assert_eq!((details.code, details.message.as_str()), (14, "full"));
        assert_eq!(details.details[0].type_url, "type.googleapis.com/google.rpc.RetryInfo");
        let info = RetryInfo::decode(details.details[0].value.as_slice()).unwrap();
        assert_eq!(info.retry_delay, Some(prost_types::Duration { seconds: 1, nanos: 500_000_000 }));
    }

    #[test]
    fn a_retryable_error_without_a_time_asks_for_a_pause_all_the_same() {
        let details = details_of(&of_store_error(&StoreError::new(StoreErrorKind::Unavailable, "gone")));
        let info = RetryInfo::decode(details.details[0].value.as_slice()).unwrap();
        assert_eq!(info.retry_delay, Some(prost_types::Duration { seconds: 1, nanos: 0 }));
    }
}
