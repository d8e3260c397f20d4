//! What is done to a store beside serving it.

mod arguments;
mod worker;

use std::process::ExitCode;

use jaeger_dynamodb_runtime::exit::{self, Failure};

use crate::arguments::Command;

fn main() -> ExitCode {
    exit::run(start())
}

async fn start() -> Result<(), Failure> {
    match Command::of_process()? {
        Command::Answer(text) => exit::answer(&text),
        Command::Worker(arguments) => Box::pin(worker::run(arguments)).await,
    }
}
