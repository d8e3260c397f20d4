//! Jaeger storage on Amazon DynamoDB as a go-plugin sidecar, for Jaeger up to v1.57.

mod arguments;
mod install;
mod logging;
mod serve;
mod settings;

use std::process::ExitCode;

use jaeger_dynamodb_go_plugin::{Handshake, Host, hclog};
use jaeger_dynamodb_runtime::{
    config::{self, ConfigError, Program, Start},
    exit::{self, Failure},
};

use crate::{arguments::Arguments, settings::Settings};

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-plugin",
    version: env!("CARGO_PKG_VERSION"),
    about: "Jaeger storage on Amazon DynamoDB as a go-plugin sidecar, for Jaeger up to v1.57, which starts it; \
            by hand only: install DIR, which copies this program there",
    former_keys: jaeger_dynamodb_storage::FORMER_KEYS,
};

/// What Jaeger and its plugins have agreed on (`plugin/storage/grpc/shared/interface.go`).
const HANDSHAKE: Handshake<'_> =
    Handshake { cookie_key: "STORAGE_PLUGIN", cookie_value: "jaeger", protocol_versions: &[1] };

fn main() -> ExitCode {
    let arguments = match Arguments::of_process() {
        Arguments::Install(folder) => return exit::run(async move { install::install(&folder) }),
        Arguments::Settings(arguments) => arguments,
    };
    let loaded = config::load_from(&PROGRAM, arguments, std::env::vars_os(), Settings::check);
    if let Ok(Start::Answer(text)) = loaded {
        return exit::run(async move { exit::answer(&text) });
    }
    let host = match Host::from_env(&HANDSHAKE) {
        Ok(host) => host,
        Err(refusal) => return refusal.report(),
    };
    hclog::report_panics();
    exit::run_reporting(run(host, loaded), |report| hclog::report(&report))
}

async fn run(host: Host, loaded: Result<Start<Settings>, ConfigError>) -> Result<(), Failure> {
    match loaded.map_err(Failure::configuration)? {
        Start::Answer(text) => exit::answer(&text),
        Start::Run { settings, warnings } => {
            logging::start(&settings)?;
            for warning in warnings {
                tracing::warn!(warning, "doubtful setting");
            }
            serve::serve(host, settings).await
        }
    }
}
