//! Jaeger remote storage on Amazon DynamoDB, or on a DynamoDB of its own inside the process.

mod serve;
mod settings;
mod store;

use std::process::ExitCode;

use jaeger_dynamodb_runtime::{
    config::{self, Program, Start},
    exit::{self, Failure},
    metrics, shutdown, telemetry,
};

use crate::{serve::Server, settings::Settings};

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-server",
    version: env!("CARGO_PKG_VERSION"),
    about: "Jaeger remote storage on Amazon DynamoDB",
};

fn main() -> ExitCode {
    exit::run(start())
}

async fn start() -> Result<(), Failure> {
    let (settings, warnings) =
        match config::load(&PROGRAM, Settings::check).map_err(Failure::configuration)? {
            Start::Answer(text) => return exit::answer(&text),
            Start::Run { settings, warnings } => (settings, warnings),
        };
    telemetry::start_logging(&settings.log_level, settings.log_format)
        .map_err(|error| Failure::runtime("cannot start logging", error))?;
    for warning in warnings {
        tracing::warn!(warning, "doubtful setting");
    }
    let stop = shutdown::on_signal().map_err(|error| Failure::runtime("cannot listen to signals", error))?;
    let metrics =
        metrics::start_recording().map_err(|error| Failure::runtime("cannot record metrics", error))?;
    let server = Server::bind(&settings, metrics).await?;
    server.run(Box::pin(store::open_store(&settings)), stop).await
}
