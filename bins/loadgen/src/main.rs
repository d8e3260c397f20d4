//! Drives an OTLP endpoint with the synthetic workloads of the crate `jaeger-dynamodb-loadgen`, in real time.

mod calls;
mod drive;
mod due;
mod export;
mod load;
mod repeat;
mod settings;
mod summary;
mod tally;

use std::process::ExitCode;

use jaeger_dynamodb_runtime::{
    Launched,
    config::Program,
    exit::{self, Failure},
    launch,
};
use tokio_util::sync::CancellationToken;

use crate::{
    drive::Driver, export::Exporter, load::Making, settings::Settings, summary::Summary, tally::SharedTally,
};

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-loadgen",
    version: env!("CARGO_PKG_VERSION"),
    about: "Drives an OTLP endpoint with synthetic traces",
    former_keys: &[],
};

fn main() -> ExitCode {
    exit::run(start())
}

async fn start() -> Result<(), Failure> {
    let Some(Launched { settings, stop }) = launch(&PROGRAM, Settings::check, Settings::logging)? else {
        return Ok(());
    };
    if settings.print_calls {
        return exit::answer(&calls::of_load(&settings));
    }
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
