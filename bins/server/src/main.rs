//! Jaeger remote storage on Amazon DynamoDB, or on a DynamoDB of its own inside the process.

mod serve;
mod settings;
mod store;

use std::process::ExitCode;

use jaeger_dynamodb_runtime::{
    Launched,
    config::Program,
    exit::{self, Failure},
    launch, metrics,
};

use crate::{serve::Server, settings::Settings};

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-server",
    version: env!("CARGO_PKG_VERSION"),
    about: "Jaeger remote storage on Amazon DynamoDB",
    former_keys: jaeger_dynamodb_storage::FORMER_KEYS,
};

fn main() -> ExitCode {
    exit::run(start())
}

async fn start() -> Result<(), Failure> {
    let Some(Launched { settings, stop }) = launch(&PROGRAM, Settings::check, Settings::logging)? else {
        return Ok(());
    };
    let metrics =
        metrics::start_recording().map_err(|error| Failure::runtime("cannot record metrics", error))?;
    let server = Server::bind(&settings, metrics).await?;
    server.run(Box::pin(store::open_store(&settings)), stop).await
}
