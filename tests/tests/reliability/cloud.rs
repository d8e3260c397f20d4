//! An engine behind a fault layer, and servers on it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dynamo::SystemClock;
use jaeger_dynamodb_testkit::{FaultPlan, FaultRates, FaultServer, StaleReads, TestEngine};
use jaeger_dynamodb_tests::{AnyError, ServerProcess};

use crate::law::Law;
use crate::ledger::Ledger;

/// What stands for AWS.
pub(crate) struct Cloud {
    pub(crate) engine: TestEngine,
    faults: FaultServer,
    seed: u64,
}

// === impl Cloud ===

impl Cloud {
    /// One where everything is well. The seed is that of the faults to come.
    pub(crate) async fn new(seed: u64) -> Result<Self, AnyError> {
        Self::over(TestEngine::on_threads(Arc::new(SystemClock), None)?, seed).await
    }

    pub(crate) async fn with_stale_reads(stale: StaleReads) -> Result<Self, AnyError> {
        Self::over(TestEngine::on_threads(Arc::new(SystemClock), Some(stale))?, stale.seed).await
    }

    /// One whose time is told by this clock, where nothing goes wrong.
    pub(crate) async fn at(clock: Arc<dyn Clock>) -> Result<Self, AnyError> {
        Self::over(TestEngine::on_threads(clock, None)?, 0).await
    }

    async fn over(engine: TestEngine, seed: u64) -> Result<Self, AnyError> {
        let faults = FaultServer::start(&engine, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        Ok(Self { engine, faults, seed })
    }

    /// From now on this befalls all servers.
    pub(crate) fn inject(&self, rates: FaultRates) {
        self.faults.inject(FaultPlan::seeded(self.seed, rates));
    }

    pub(crate) fn heal(&self) {
        self.faults.inject(FaultPlan::none());
    }

    /// Where it is reached.
    pub(crate) fn url(&self) -> String {
        self.faults.url()
    }

    /// Whether there are windows, and all are derived and their edges counted.
    pub(crate) async fn is_derived(&self) -> Result<bool, AnyError> {
        let client = self.engine.handle("inspector").client();
        let found = client.scan().table_name("jaeger.windows").send().await?.items.unwrap_or_default();
        let mut windows = found.iter().filter(|item| item.contains_key("lanes")).peekable();
        let has_some = windows.peek().is_some();
        Ok(has_some && windows.all(|item| item.contains_key("manifest") && item.contains_key("edges")))
    }

    /// A server that keeps its spans here.
    pub(crate) async fn server(&self, key: &str, flags: &[&str]) -> Result<ServerProcess, AnyError> {
        let url = self.url();
        let mut all = vec!["--storage=aws", "--create-tables", "--endpoint-url", &url];
        all.extend(flags);
        ServerProcess::start_as(key, &all).await
    }

    /// Write units so far: all, and those that the writes themselves took.
    pub(crate) fn write_units(&self) -> (f64, f64) {
        let traffic = self.engine.traffic();
        let of_writes =
            traffic.table("jaeger.spans").write_units + traffic.table("jaeger.windows").write_units;
        (traffic.total().write_units, of_writes)
    }
}

/// Checks everything through each of the servers; an error comes with the log of the server that answered wrongly.
pub(crate) async fn holds_at_each(servers: &[&ServerProcess], ledger: &Ledger) -> Result<Vec<Law>, AnyError> {
    let mut laws = Vec::new();
    for (nth, server) in servers.iter().enumerate() {
        let mut law = Law::of(server.grpc_address()).await?;
        let outcome = law.holds_for_all(ledger).await;
        outcome.map_err(|error| format!("server {nth}: {error}\n{}", server.log_tail()))?;
        laws.push(law);
    }
    Ok(laws)
}

/// The sum of a metric over servers.
pub(crate) async fn metric(servers: &[&ServerProcess], name: &str) -> Result<f64, AnyError> {
    let mut sum = 0.0;
    for server in servers {
        sum += server.metric(name).await?;
    }
    Ok(sum)
}
