//! What the service answers, before and after it looks like HTTP.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

const JSON: &str = "application/x-amz-json-1.0";

/// One answer of the service, an error included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status: 200, or what DynamoDB sends with this error.
    pub status: u16,
    /// The service's time when it had finished the call.
    pub date: SystemTime,
    /// Names this answer in logs.
    pub request_id: String,
    /// The JSON document.
    pub body: Bytes,
}

impl Answer {
    /// Whether the call was carried out.
    pub fn is_success(&self) -> bool {
        self.status == 200
    }

    /// The answer as the SDK wants it, with the headers that DynamoDB sends. `Date` has whole
    /// seconds, rounded down.
    ///
    /// # Errors
    /// If the status is no HTTP status or the date lies outside the years that HTTP can write.
    pub fn into_http(self) -> Result<HttpResponse, ConnectorError> {
        let status = StatusCode::try_from(self.status).map_err(|error| broken(error.into()))?;
        let date = http_date(self.date)?;
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        let headers = response.headers_mut();
        for (name, value) in
            [("date", date), ("x-amzn-requestid", self.request_id), ("content-type", JSON.to_owned())]
        {
            headers.try_insert(name, value).map_err(|error| broken(error.into()))?;
        }
        Ok(response)
    }
}

fn http_date(date: SystemTime) -> Result<String, ConnectorError> {
    let seconds = date.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = i64::try_from(seconds).map_err(|error| broken(error.into()))?;
    DateTime::from_secs(seconds).fmt(DateTimeFormat::HttpDate).map_err(|error| broken(error.into()))
}

fn broken(source: Box<dyn std::error::Error + Send + Sync>) -> ConnectorError {
    ConnectorError::other(source, None)
}
