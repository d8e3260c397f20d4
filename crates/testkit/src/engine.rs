//! A DynamoDB engine in memory that goes wrong as it is told.
//!
//! A [`TestEngine`] is the service; each [`EngineHandle`] is one process that talks to it, with an SDK
//! client and faults of its own. Everything runs where it is polled and by the test's clock, so that
//! on a runtime with one thread a seed replays.
//!
//! ```
//! use std::sync::Arc;
//!
//! use jaeger_dynamodb_core::UnixNanos;
//! use jaeger_dynamodb_testkit::{Fault, FaultPlan, ManualClock, TestEngine};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = ManualClock::at(UnixNanos::from_secs(1_760_000_000));
//! let engine = TestEngine::new(Arc::new(clock.clone()))?;
//! let server = engine.handle("a server");
//! server.inject(FaultPlan::script([(0, Fault::CutAfter)]));
//! assert!(server.client().list_tables().send().await.is_err());
//! assert!(server.client().list_tables().send().await.is_ok());
//! assert_eq!(engine.traffic().operation("ListTables").requests, 2);
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::{Client, config};
use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_embedded::{EmbeddedEngine, EmbeddedError, EngineOptions, Execution, sdk_config};

#[expect(
    clippy::indexing_slicing,
    reason = "JSON: what is missing reads as null, only objects are written to"
)]
mod batch;
mod connector;
mod fault;
mod plan;
mod process;
mod rates;
mod replica;
#[expect(
    clippy::indexing_slicing,
    reason = "JSON: what is missing reads as null, only objects are written to"
)]
mod request;
mod sdk_clock;
mod server;
#[expect(
    clippy::indexing_slicing,
    reason = "JSON: what is missing reads as null, only objects are written to"
)]
mod service;
#[expect(
    clippy::indexing_slicing,
    reason = "JSON: what is missing reads as null, only objects are written to"
)]
mod traffic;

pub use fault::{Fault, Refusal};
pub use plan::FaultPlan;
pub use rates::{DateShift, FaultRates};
pub use replica::StaleReads;
pub use request::RequestInfo;
pub use server::FaultServer;
pub use traffic::{Tally, Traffic};

use connector::FaultyConnector;
use process::Process;
use replica::Replica;
use sdk_clock::SdkClock;
use service::{Service, service_clock};

/// The service: data, time, and the sum of what was asked of it. Clones share it.
#[derive(Clone, Debug)]
pub struct TestEngine {
    service: Arc<Service>,
}

/// One process that uses the service. Clones are the same process.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    process: Arc<Process>,
    clock: Arc<dyn Clock>,
}

// === impl TestEngine ===

impl TestEngine {
    /// An empty engine in memory, which dates its answers by `clock`.
    ///
    /// # Errors
    /// If the system gives no memory.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, EmbeddedError> {
        Self::in_memory(clock, Execution::Inline, None)
    }

    /// An empty engine in memory whose eventually consistent reads are stale.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_stale_reads(clock: Arc<dyn Clock>, stale: StaleReads) -> Result<Self, EmbeddedError> {
        Self::in_memory(clock, Execution::Inline, Some(stale))
    }

    /// An empty engine in memory that works on threads of its own, for a clock that runs by itself and a runtime that
    /// must not be blocked: what a [`FaultServer`] serves.
    ///
    /// # Errors
    /// If the system gives no memory or no thread.
    pub fn on_threads(clock: Arc<dyn Clock>, stale: Option<StaleReads>) -> Result<Self, EmbeddedError> {
        Self::in_memory(clock, Execution::OwnThread, stale)
    }

    /// An engine that exists already, in a directory for example. It dates its answers by its own
    /// clock; `clock` serves the faults and the SDK.
    pub fn over(engine: EmbeddedEngine, clock: Arc<dyn Clock>) -> Self {
        Self { service: Arc::new(Service::new(engine, None, clock)) }
    }

    /// A new process, by whose label its requests are counted. At first nothing befalls it.
    pub fn handle(&self, label: &str) -> EngineHandle {
        EngineHandle {
            process: Arc::new(Process::new(label, Arc::clone(&self.service))),
            clock: Arc::clone(&self.service.clock),
        }
    }

    /// Deletes what has expired by now, in the stale state too, and counts it.
    ///
    /// # Errors
    /// If the engine fails.
    pub async fn delete_expired(&self) -> Result<usize, EmbeddedError> {
        if let Some(replica) = &self.service.replica {
            replica.engine().delete_expired().await?;
        }
        self.service.primary.delete_expired().await
    }

    /// What all processes together have asked so far.
    pub fn traffic(&self) -> Traffic {
        self.service.traffic()
    }

    /// Is gone from now on for so long: every connection is cut, those included on which an answer is awaited.
    /// `Duration::ZERO` ends it.
    pub fn go_away(&self, duration: Duration) {
        self.service.go_away(duration);
    }

    fn in_memory(
        clock: Arc<dyn Clock>,
        execution: Execution,
        stale: Option<StaleReads>,
    ) -> Result<Self, EmbeddedError> {
        let dated_by = service_clock(&clock);
        let options = EngineOptions::default().with_clock(dated_by).with_execution(execution);
        let engine = || EmbeddedEngine::in_memory_with(options.clone());
        let replica = stale.map(|stale| Ok(Replica::new(engine()?, stale))).transpose()?;
        Ok(Self { service: Arc::new(Service::new(engine()?, replica, clock)) })
    }
}

// === impl EngineHandle ===

impl EngineHandle {
    /// The same process with a clock of its own, which its SDK client goes by.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// A client that speaks for this process.
    pub fn client(&self) -> Client {
        Client::from_conf(self.sdk_config().build())
    }

    /// The configuration of [`client`](Self::client), to add timeouts to for example.
    pub fn sdk_config(&self) -> config::Builder {
        let clock = SdkClock(Arc::clone(&self.clock));
        sdk_config(FaultyConnector(Arc::clone(&self.process))).time_source(clock.clone()).sleep_impl(clock)
    }

    /// Replaces what befalls the process from now on.
    pub fn inject(&self, plan: FaultPlan) {
        self.process.set_plan(plan);
    }

    /// Kills the process now: what it waits for and all it still asks fails. A process that starts
    /// again is a new [`handle`](TestEngine::handle).
    pub fn crash(&self) {
        self.process.crash();
    }

    /// Whether the process was killed, by [`crash`](Self::crash) or by a fault.
    pub fn is_crashed(&self) -> bool {
        self.process.is_crashed()
    }

    /// What the processes of this label have asked so far.
    pub fn traffic(&self) -> Traffic {
        self.process.service.traffic_of(&self.process.label)
    }
}

#[cfg(test)]
mod tests;
