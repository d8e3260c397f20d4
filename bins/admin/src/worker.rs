//! Derives closed windows until it is stopped.

mod parked;
mod rounds;
mod settings;
mod triggers;

use std::ffi::OsString;
use std::sync::Arc;

use aws_sdk_dynamodb::Client as TablesClient;
use aws_sdk_dynamodbstreams::Client as StreamsClient;
use jaeger_dynamodb_core::{Clock, Tenant};
use jaeger_dynamodb_dynamo::{JobMode, Maintenance, SystemClock, Table};
use jaeger_dynamodb_runtime::config::Program;
use jaeger_dynamodb_runtime::exit::{self, Failure};
use jaeger_dynamodb_runtime::shutdown::drain;
use jaeger_dynamodb_runtime::{Launched, launch_with};
use jaeger_dynamodb_storage::{LoggedSeal, RemoteStore, open_remote};
use jaeger_dynamodb_stream::{Follower, Position, SdkSource};
use tokio::sync::mpsc;

use self::rounds::Worker;
use self::settings::Settings;

const PROGRAM: Program = Program {
    name: "jaeger-dynamodb worker",
    version: env!("CARGO_PKG_VERSION"),
    about: "Derives closed windows: told of them by their table's stream, if it has one, and by looking for them",
    former_keys: jaeger_dynamodb_storage::FORMER_KEYS,
};

/// Triggers that wait while a window is derived. Behind them the stream waits.
const WAITING: usize = 100;

pub(crate) async fn run(arguments: Vec<OsString>) -> Result<(), Failure> {
    let launched = launch_with(&PROGRAM, arguments, Settings::check, Settings::logging)?;
    let Some(Launched { settings, stop }) = launched else { return Ok(()) };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let RemoteStore { store, aws } = open_remote(&settings.storage, Arc::clone(&clock)).await?;
    let maintenance = store.maintenance(JobMode::InProcess, vec![Tenant::default()]);
    let maintenance = maintenance.with_seal_trace(Arc::new(LoggedSeal));
    if settings.list_parked {
        return list_parked(&maintenance).await;
    }

    let table = format!("{}{}", settings.storage.table_prefix, Table::Windows.suffix());
    let source = SdkSource::new(table, TablesClient::new(&aws), StreamsClient::new(&aws));
    // What the stream still has is found by the first round.
    let follower = Follower::new(source, Arc::clone(&clock), Position::Newest);
    let (sender, triggers) = mpsc::channel(WAITING);
    let following = tokio::spawn(triggers::follow(follower, sender));
    let worker = Worker { maintenance, clock, round_every: settings.round_every };
    let working = worker.run(triggers, stop.clone());
    tokio::pin!(working);
    tokio::select! {
        () = &mut working => {}
        () = stop.cancelled() => drain(settings.drain_timeout, working).await,
    }
    following.abort();
    tracing::info!("stopped");
    Ok(())
}

async fn list_parked(maintenance: &Maintenance) -> Result<(), Failure> {
    let parked = maintenance.parked(&Tenant::default()).await;
    let parked = parked.map_err(|error| Failure::runtime("cannot list what is parked", error))?;
    exit::answer(&parked::table(&parked))
}
