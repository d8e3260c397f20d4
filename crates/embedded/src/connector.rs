//! The AWS SDK's transport, answered in process.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    self, BehaviorVersion, Credentials, HttpClient, Region, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;

use crate::EmbeddedEngine;

const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// One request as the engine takes it: the operation's name and its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The JSON document.
    pub body: Bytes,
}

impl Call {
    /// A call as HTTP has it: what the header `x-amz-target` says, and the body.
    pub fn new(target: &str, body: Bytes) -> Self {
        Self { operation: target.strip_prefix(TARGET_PREFIX).unwrap_or(target).to_owned(), body }
    }

    /// Reads the SDK's HTTP request.
    ///
    /// # Errors
    /// If the request names no operation or its body is a stream, neither of which DynamoDB's API knows.
    pub fn from_http(request: &HttpRequest) -> Result<Self, ConnectorError> {
        let refused = |why: &str| ConnectorError::user(why.into());
        let target =
            request.headers().get("x-amz-target").ok_or_else(|| refused("no x-amz-target header"))?;
        let body = request.body().bytes().ok_or_else(|| refused("the body is a stream"))?;
        Ok(Self::new(target, Bytes::copy_from_slice(body)))
    }
}

impl EmbeddedEngine {
    /// A client of this engine; it keeps the engine alive.
    pub fn client(&self) -> Client {
        Client::from_conf(self.sdk_config().build())
    }

    /// The configuration of [`client`](Self::client), to add a time source, a sleep or timeouts to.
    pub fn sdk_config(&self) -> config::Builder {
        sdk_config(self.clone())
    }
}

/// An SDK configuration for an engine behind `http_client`: made-up credentials, no retries (the
/// store does its own), and an address that nobody can resolve.
pub fn sdk_config(http_client: impl HttpClient + 'static) -> config::Builder {
    config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client)
        .endpoint_url("http://embedded.invalid")
        .region(Region::from_static("embedded"))
        .credentials_provider(Credentials::new("embedded", "embedded", None, None, "embedded"))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

impl HttpConnector for EmbeddedEngine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move { answer(&engine, &request).await })
    }
}

impl HttpClient for EmbeddedEngine {
    /// Timeouts of the transport do not apply: there is nothing to connect to or to read from. The
    /// SDK's own timeouts of an attempt and an operation do.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

async fn answer(engine: &EmbeddedEngine, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let Call { operation, body } = Call::from_http(request)?;
    let answer = engine.execute(&operation, body).await.map_err(|error| ConnectorError::io(error.into()))?;
    answer.into_http()
}

#[cfg(test)]
pub(crate) mod tests;
