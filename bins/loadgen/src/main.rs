//! Drives an OTLP endpoint with the synthetic workloads of the crate `jaeger-dynamodb-loadgen`, in real time.

mod drive;
mod export;
mod load;
mod settings;
mod summary;
mod tally;

use std::process::ExitCode;

use jaeger_dynamodb_runtime::{
    config::{self, Program, Start},
    exit::{self, Failure},
    shutdown, telemetry,
};
use tokio_util::sync::CancellationToken;

use crate::{
    drive::Driver, export::Exporter, load::Making, settings::Settings, summary::Summary, tally::SharedTally,
};

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-loadgen",
    version: env!("CARGO_PKG_VERSION"),
    about: "Drives an OTLP endpoint with synthetic traces",
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
    let Some(connected) = stop.run_until_cancelled(Exporter::connect(&settings)).await else {
        return Ok(());
    };
    run(&settings, connected?, &stop).await
}

/// Sends the load, and says what became of it.
async fn run(settings: &Settings, mut exporter: Exporter, stop: &CancellationToken) -> Result<(), Failure> {
    let tally = SharedTally::default();
    let progress = tokio::spawn(tally.clone().log_regularly());
    let Making { requests, made } = load::make(settings);
    let send = |request| exporter.send(request);
    let run = Driver::new(settings, stop, tally.clone()).drive(requests, send).await;
    progress.abort();
    made.await.map_err(|error| Failure::runtime("cannot make the workload", error))?;
    let summary = Summary::new(settings, &run, tally.take());
    exit::answer(&summary.to_string())?;
    summary.verdict()
}
