//! What an error of the SDK means.

use std::error::Error;
use std::iter::successors;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use jaeger_dynamodb_core::{StoreError, StoreErrorKind};
use thiserror::Error;

mod throttling;

/// A request that did not succeed.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    /// DynamoDB refused it for its rate; it was not executed.
    #[error("DynamoDB throttled the request: {0}")]
    Throttled(String),
    /// No answer, or one that leaves open whether it was executed.
    #[error("DynamoDB did not answer in time or failed: {0}")]
    Unknown(String),
    /// The condition of a write did not hold; it was not executed.
    #[error("the condition of the write did not hold")]
    ConditionFailed,
    /// Something that trying again does not change: a missing table, missing rights, a faulty request.
    #[error("{0}")]
    Final(String),
}

impl RequestError {
    /// Tells an error of the SDK apart by what is known of the request's fate.
    pub(super) fn of<E>(error: SdkError<E, HttpResponse>, table: &str) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
        let text = with_causes(&error);
        match error {
            SdkError::ConstructionFailure(_) => Self::Final(text),
            SdkError::ServiceError(service) => {
                let is_server_fault = service.raw().status().is_server_error();
                let code = code.as_deref().unwrap_or_default();
                match Self::of_service(code, is_server_fault, table, text) {
                    Self::Throttled(text) => {
                        let reasons = throttling::reasons(service.err());
                        throttling::count(&reasons, table);
                        Self::Throttled(throttling::explain(&reasons, &text))
                    }
                    other => other,
                }
            }
            _ => Self::Unknown(text),
        }
    }

    // Codes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    fn of_service(code: &str, is_server_fault: bool, table: &str, text: String) -> Self {
        match code {
            "ThrottlingException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "LimitExceededException" => Self::Throttled(text),
            "ConditionalCheckFailedException" => Self::ConditionFailed,
            "TransactionConflictException" | "InternalServerError" | "InternalServerErrorException" => {
                Self::Unknown(text)
            }
            "ResourceNotFoundException" => Self::Final(format!(
                "table {table} does not exist: start once with --create-tables, or mend the table prefix or region"
            )),
            "AccessDeniedException" | "UnrecognizedClientException" | "ExpiredTokenException" => {
                Self::Final(format!("AWS refused the credentials for table {table}: {text}"))
            }
            _ if is_server_fault => Self::Unknown(text),
            _ => Self::Final(text),
        }
    }

    pub(super) fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unknown(_))
    }
}

impl From<RequestError> for StoreError {
    fn from(error: RequestError) -> Self {
        let kind = match &error {
            RequestError::Throttled(_) => StoreErrorKind::Overloaded,
            RequestError::Unknown(_) => StoreErrorKind::Unavailable,
            RequestError::ConditionFailed | RequestError::Final(_) => StoreErrorKind::Internal,
        };
        let message = error.to_string();
        Self::new(kind, message)
    }
}

/// An error and what caused it, without the dumps that the SDK adds to it for programmers.
fn with_causes(error: &dyn Error) -> String {
    let mut texts: Vec<String> =
        successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    // Some errors say nothing but what their cause says.
    texts.dedup();
    texts.join(": ")
}
