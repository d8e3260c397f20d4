//! The executable that AWS Lambda starts.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use jaeger_dynamodb_dependency_lambda::{
    Counters, CurrentSpan, Handler, HandlerParts, Settings, StoreDeriver, Telemetry,
};
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_runtime::config::{Program, foreign_variable};
use jaeger_dynamodb_runtime::exit::{self, Failure};
use jaeger_dynamodb_runtime::{Launched, launch};
use lambda_runtime::service_fn;
use opentelemetry::KeyValue;

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-dependency-lambda",
    version: env!("CARGO_PKG_VERSION"),
    about: "Derives windows of traces in DynamoDB, as a Lambda function",
    former_keys: &[],
};

fn main() -> ExitCode {
    exit::run(start())
}

async fn start() -> Result<(), Failure> {
    let Some(Launched { settings, stop }) = launch(&PROGRAM, Settings::check, Settings::logging)? else {
        return Ok(());
    };
    let counters = Counters::default();
    metrics::set_global_recorder(counters.clone())
        .map_err(|error| Failure::runtime("cannot count", error.to_string()))?;
    let telemetry = telemetry()?;
    let current_span = CurrentSpan::default();
    let deriver = StoreDeriver::new(settings, Arc::new(current_span.clone()));
    let clock = Arc::new(SystemClock);
    let parts = HandlerParts { deriver, clock, telemetry, counters, current_span, metrics: print_line };
    let handler = Arc::new(Handler::new(parts));
    let service = service_fn(move |event| {
        let handler = Arc::clone(&handler);
        async move { handler.handle(event).await }
    });
    tokio::select! {
        ended = lambda_runtime::run(service) => ended.map_err(|error| Failure::runtime("cannot go on", error)),
        () = stop.cancelled() => Ok(()),
    }
}

/// Metrics are for CloudWatch; who reads none has no stdout either.
fn print_line(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

fn telemetry() -> Result<Telemetry, Failure> {
    if foreign_variable("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        return Ok(Telemetry::off());
    }
    let name = foreign_variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| PROGRAM.name.to_owned());
    Telemetry::to_collector(&name, function())
        .map_err(|error| Failure::configuration(format_args!("OTEL_EXPORTER_OTLP_*: {error}")))
}

/// <https://opentelemetry.io/docs/specs/semconv/resource/cloud-provider/aws/> and `resource/faas`.
fn function() -> Vec<KeyValue> {
    let named = [
        ("faas.name", "AWS_LAMBDA_FUNCTION_NAME"),
        ("faas.version", "AWS_LAMBDA_FUNCTION_VERSION"),
        ("faas.instance", "AWS_LAMBDA_LOG_STREAM_NAME"),
        ("cloud.region", "AWS_REGION"),
    ];
    let mut attributes =
        vec![KeyValue::new("cloud.provider", "aws"), KeyValue::new("cloud.platform", "aws_lambda")];
    attributes.extend(
        named.iter().filter_map(|(key, variable)| Some(KeyValue::new(*key, foreign_variable(variable)?))),
    );
    let megabytes =
        foreign_variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|size| size.parse::<i64>().ok());
    attributes
        .extend(megabytes.map(|size| KeyValue::new("faas.max_memory", size.saturating_mul(1024 * 1024))));
    attributes
}
