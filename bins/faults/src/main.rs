//! A DynamoDB that goes wrong as it is told: the engine of the crate `jaeger-dynamodb-testkit` over HTTP, to try the
//! server against by hand.
//!
//! While it runs, requests on the same port show and replace the faults; see `FaultServer` in the testkit:
//!
//! ```text
//! curl localhost:18000/faults
//! curl localhost:18000/faults -T - <<< '{"throttle": 30, "delay": "500ms", "delay_percent": 10}'
//! curl localhost:18000/traffic
//! curl -X PUT 'localhost:18000/outage?for=1m'
//! ```

mod settings;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_embedded::{EmbeddedEngine, EmbeddedError};
use jaeger_dynamodb_runtime::{
    Launched,
    config::Program,
    exit::{self, Failure},
    launch,
};
use jaeger_dynamodb_testkit::{FaultPlan, FaultServer, StaleReads, TestEngine};

use crate::settings::{IN_MEMORY, Settings};

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb-faults",
    version: env!("CARGO_PKG_VERSION"),
    about: "A DynamoDB that goes wrong as it is told",
    former_keys: &[],
};

fn main() -> ExitCode {
    exit::run(start())
}

async fn start() -> Result<(), Failure> {
    let Some(Launched { settings, stop }) = launch(&PROGRAM, Settings::check, Settings::logging)? else {
        return Ok(());
    };
    let engine =
        open(&settings).map_err(|error| Failure::runtime("cannot open the embedded engine", error))?;
    let server = FaultServer::start(&engine, settings.listen).await.map_err(|error| {
        Failure::runtime(format_args!("cannot listen on --listen {}", settings.listen), error)
    })?;
    server.inject(FaultPlan::seeded(settings.seed, settings.rates()));
    exit::answer(&how_to_use(server.address()))?;
    tracing::info!(listen = %server.address(), "ready");
    stop.cancelled().await;
    server.stop().await;
    Ok(())
}

fn open(settings: &Settings) -> Result<TestEngine, EmbeddedError> {
    let clock = Arc::new(SystemClock);
    if settings.data_dir == IN_MEMORY {
        let seed = settings.seed;
        let stale = settings.stale_reads.map(|lag| StaleReads { lag, seed, ..StaleReads::default() });
        return TestEngine::on_threads(clock, stale);
    }
    Ok(TestEngine::over(EmbeddedEngine::open(Path::new(&settings.data_dir))?, clock))
}

fn how_to_use(address: SocketAddr) -> String {
    format!(
        "Start servers against it, each with an access key of its own:\n  \
         AWS_REGION=local AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=a jaeger-dynamodb-server --storage aws \
         --endpoint-url http://{address} --create-tables\n\
         Look and change while it runs:\n  \
         curl http://{address}/faults\n  \
         curl -X PUT http://{address}/faults -d '{{\"throttle\": 30}}'\n  \
         curl -X PUT http://{address}/faults?process=a -d '{{}}'\n  \
         curl -X PUT http://{address}/outage?for=1m\n  \
         curl http://{address}/traffic\n"
    )
}
