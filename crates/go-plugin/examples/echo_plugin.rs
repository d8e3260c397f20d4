//! A plugin that says what it is told: whatever the method, the answer is the text of the request.
//!
//! `ECHO_FLUSH` sets how long it flushes, as milliseconds.

use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use jaeger_dynamodb_go_plugin::{Ending, Handshake, Host, ServeError, hclog};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

const HANDSHAKE: Handshake<'_> =
    Handshake { cookie_key: "ECHO_PLUGIN", cookie_value: "hello", protocol_versions: &[1, 2] };
const FLUSH_WITHIN: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let host = match Host::from_env(&HANDSHAKE) {
        Ok(host) => host,
        Err(refusal) => return refusal.report(),
    };
    hclog::report_panics();
    tracing_subscriber::registry().with(LevelFilter::DEBUG).with(hclog::HclogLayer::stderr()).init();
    match serve(host).await {
        Ok(ending) => {
            tracing::info!(?ending, "plugin ended");
            ExitCode::SUCCESS
        }
        Err(error) => {
            hclog::report(&error);
            ExitCode::FAILURE
        }
    }
}

async fn serve(host: Host) -> Result<Ending, ServeError> {
    tracing::info!(version = host.protocol_version(), ready = true, "plugin starts");
    tracing::warn!(share = 0.5, "a warning");
    tracing::debug!(text = "a\nb", "a detail");
    host.serve(service_fn(echo), FLUSH_WITHIN, flush()).await
}

async fn echo(request: http::Request<Body>) -> Result<http::Response<Body>, Infallible> {
    let codec = ProstCodec::<String, String>::default();
    Ok(tonic::server::Grpc::new(codec).unary(service_fn(answer), request).await)
}

async fn answer(text: Request<String>) -> Result<Response<String>, Status> {
    let text = text.into_inner();
    assert!(text != "panic", "asked to panic");
    Ok(Response::new(text))
}

async fn flush() {
    let wait = std::env::var_os("ECHO_FLUSH").and_then(|millis| millis.to_str()?.parse().ok());
    if let Some(wait) = wait {
        // Nothing is buffered here: this stands for writing it.
        let _ = tokio::time::timeout(Duration::from_millis(wait), std::future::pending::<()>()).await;
    }
    tracing::info!("all is written");
}
