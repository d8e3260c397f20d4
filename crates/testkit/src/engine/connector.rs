//! The transport of one handle's SDK clients.

use std::sync::Arc;

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use jaeger_dynamodb_embedded::Call;

use super::process::Process;

#[derive(Clone, Debug)]
pub(crate) struct FaultyConnector(pub(crate) Arc<Process>);

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let process = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let call = Call::from_http(&request)?;
            process.send(&call).await?.into_http()
        })
    }
}

impl HttpClient for FaultyConnector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
