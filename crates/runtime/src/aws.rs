//! The DynamoDB client for AWS, or for whatever answers at an endpoint URL.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::{BehaviorVersion, ConfigLoader, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::{ProvideCredentials as _, error::CredentialsError};
use aws_sdk_dynamodb::{Client, config::SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Region and credentials may come from services that do not exist here and never answer.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach DynamoDB.
#[derive(Clone, Debug)]
pub struct AwsOptions {
    /// Where to send requests; nothing means AWS itself.
    pub endpoint_url: Option<String>,
    /// How long one try of one request may take, from connecting to the end of the answer.
    pub attempt_timeout: Duration,
    /// How long the first byte of the answer may take.
    pub read_timeout: Duration,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// Nothing around the process names a region.
    #[error(
        "no AWS region found: set AWS_REGION, such as AWS_REGION=eu-central-1, or `region` in the AWS profile"
    )]
    NoRegion,
    /// Nothing around the process has credentials.
    #[error(
        "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, set AWS_PROFILE, or give the \
         task, pod or instance a role"
    )]
    NoCredentials(#[source] Option<CredentialsError>),
    /// The same, where the keys need not be real.
    #[error(
        "no AWS credentials found: requests to {endpoint_url} are signed, too; set AWS_ACCESS_KEY_ID=local \
         AWS_SECRET_ACCESS_KEY=local if it does not check them"
    )]
    NoCredentialsForEndpoint {
        /// Where the requests would go.
        endpoint_url: String,
        /// What the providers said, unless they took too long.
        source: Option<CredentialsError>,
    },
}

/// Builds a client from the environment, as [`shared_config`] does.
///
/// # Errors
///
/// When there is no region or there are no credentials, after a few seconds at most.
pub async fn dynamodb_client(options: &AwsOptions) -> Result<Client, AwsError> {
    Ok(Client::new(&shared_config(options).await?))
}

/// What every client of an AWS service begins with, from the environment: variables, profile, web identity, container,
/// instance.
///
/// Clients made of it never try a request twice by themselves: their callers do, since these know the budget and what an
/// unknown outcome means.
///
/// # Errors
///
/// When there is no region or there are no credentials, after a few seconds at most.
pub async fn shared_config(options: &AwsOptions) -> Result<SdkConfig, AwsError> {
    let loading = tokio::time::timeout(LOOKUP_TIMEOUT, loader(options).load());
    let shared = loading.await.map_err(|_elapsed| AwsError::NoRegion)?;
    if shared.region().is_none() {
        return Err(AwsError::NoRegion);
    }
    find_credentials(&shared, options).await?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(options.read_timeout)
        .operation_attempt_timeout(options.attempt_timeout)
        .build();
    Ok(shared.into_builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts).build())
}

fn loader(options: &AwsOptions) -> ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
    match &options.endpoint_url {
        Some(url) => loader.endpoint_url(url),
        None => loader,
    }
}

/// HTTPS with the roots of the machine, and HTTP for local engines.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Asks now, since a missing credential would otherwise be the fault of the first request.
async fn find_credentials(shared: &SdkConfig, options: &AwsOptions) -> Result<(), AwsError> {
    let found = match shared.credentials_provider() {
        Some(provider) => tokio::time::timeout(LOOKUP_TIMEOUT, provider.provide_credentials()).await,
        None => return Err(no_credentials(options, None)),
    };
    match found {
        Ok(Ok(_credentials)) => Ok(()),
        Ok(Err(error)) => Err(no_credentials(options, Some(error))),
        Err(_elapsed) => Err(no_credentials(options, None)),
    }
}

fn no_credentials(options: &AwsOptions, source: Option<CredentialsError>) -> AwsError {
    match options.endpoint_url.clone() {
        Some(endpoint_url) => AwsError::NoCredentialsForEndpoint { endpoint_url, source },
        None => AwsError::NoCredentials(source),
    }
}
