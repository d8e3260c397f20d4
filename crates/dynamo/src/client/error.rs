//! What an error of the SDK means.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use jaeger_dynamodb_core::{StoreError, StoreErrorKind};
use thiserror::Error;

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
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
        let text = DisplayErrorContext(&error).to_string();
        match error {
            SdkError::ConstructionFailure(_) => Self::Final(text),
            SdkError::ServiceError(service) => {
                let is_server_fault = service.raw().status().is_server_error();
                Self::of_service(code.as_deref().unwrap_or_default(), is_server_fault, table, text)
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
