//! A server that is written to, runners that come and go, and the reference.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::edges::{EdgeSource, EdgeSources, Edges};
use jaeger_dynamodb_core::{
    Clock, DependencyQuery, DependencyReader, MemoryStore, Span, Tenant, TraceWriter, UnixNanos,
};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Maintenance, StoreConfig};
use jaeger_dynamodb_testkit::{EngineHandle, FaultPlan, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, edge_sums, open, tokio_clock};

use super::answers::always;

/// Rounds within which all is done, unless something is wrong: each waits a little, a lost claim two minutes.
const ROUNDS: usize = 200;

/// So often a write in good times may be refused because of what went before.
const MOST_TRIES: usize = 5;

pub(super) struct World {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: TestEngine,
    pub(super) config: StoreConfig,
    /// The first of the servers.
    pub(super) server: Arc<DynamoStore>,
    servers: Vec<(EngineHandle, Arc<DynamoStore>)>,
    pub(super) reference: MemoryStore,
    written: Vec<Span>,
    opened: u64,
    began: Duration,
}

impl World {
    pub(super) async fn new(config: StoreConfig) -> Result<Self, AnyError> {
        Self::with(tokio_clock(), vec![config]).await
    }

    /// One with a server for each of the settings, of which there is at least one.
    pub(super) async fn with(clock: Arc<dyn Clock>, configs: Vec<StoreConfig>) -> Result<Self, AnyError> {
        let began = clock.monotonic();
        let engine = TestEngine::new(Arc::clone(&clock))?;
        let (mut servers, mut opened) = (Vec::new(), 0);
        for config in &configs {
            opened += 1;
            let handle = engine.handle(&format!("server {opened}"));
            let store = open(&handle, Arc::clone(&clock), config.clone(), opened).await?;
            servers.push((handle, store));
        }
        let server = Arc::clone(&servers.first().ok_or("no server")?.1);
        let config = configs.into_iter().max_by_key(|config| config.window).unwrap_or_else(aws_config);
        let (reference, written) = (MemoryStore::new(), Vec::new());
        Ok(Self { clock, engine, config, server, servers, reference, written, opened, began })
    }

    pub(super) async fn open(&mut self) -> Result<(EngineHandle, Arc<DynamoStore>), AnyError> {
        self.opened += 1;
        let handle = self.engine.handle(&format!("process {}", self.opened));
        // Nobody has to look further back than the others, as long as all look far enough.
        let horizon = Duration::from_secs(3600) * [1, 2, 6][usize::try_from(self.opened % 3)?];
        let config = StoreConfig { dependency_horizon: horizon, ..self.config.clone() };
        let store = open(&handle, Arc::clone(&self.clock), config, self.opened).await?;
        Ok((handle, store))
    }

    pub(super) async fn runner(&mut self) -> Result<(EngineHandle, Maintenance), AnyError> {
        let (handle, store) = self.open().await?;
        Ok((handle, store.maintenance(JobMode::InProcess, vec![Tenant::default()])))
    }

    /// Since the tests began.
    pub(super) fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.began)
    }

    pub(super) async fn write(&mut self, spans: Vec<Span>) -> Result<(), AnyError> {
        self.write_by(0, spans, FaultPlan::none()).await
    }

    /// Writes by a server whose requests are befallen at first. Like a collector, it sends again what was not acknowledged.
    pub(super) async fn write_by(
        &mut self,
        server: usize,
        spans: Vec<Span>,
        faults: FaultPlan,
    ) -> Result<(), AnyError> {
        let (handle, store) = &self.servers[server % self.servers.len()];
        handle.inject(faults);
        let mut outcome = store.write_spans(&Tenant::default(), spans.clone()).await;
        handle.inject(FaultPlan::none());
        for _ in 0..MOST_TRIES {
            if outcome.is_ok() {
                break;
            }
            outcome = store.write_spans(&Tenant::default(), spans.clone()).await;
        }
        outcome?;
        self.was_written(spans).await
    }

    /// Notes what somebody has written.
    pub(super) async fn was_written(&mut self, spans: Vec<Span>) -> Result<(), AnyError> {
        self.reference.write_spans(&Tenant::default(), spans.clone()).await?;
        self.written.extend(spans);
        Ok(())
    }

    /// Waits until every window is closed, derived and has its edges, and says how many periods were rolled up.
    pub(super) async fn finish(&mut self) -> Result<usize, AnyError> {
        let (handle, runner) = self.runner().await?;
        handle.inject(FaultPlan::none());
        self.clock.sleep(self.config.window + self.config.window_grace + Duration::from_secs(2)).await;
        let mut rolled_up = 0;
        for _ in 0..ROUNDS {
            let report = runner.round().await?;
            rolled_up += report.rolled_up;
            if report.not_done + report.edges_not_done == 0 {
                return Ok(rolled_up);
            }
            self.clock.sleep(Duration::from_secs(5)).await;
        }
        Err(format!("never done: {:?}", runner.parked(&Tenant::default()).await).into())
    }

    /// Rounds of a fresh runner until nothing more is rolled up, and how many periods were.
    pub(super) async fn roll_up(&mut self) -> Result<usize, AnyError> {
        let (_, runner) = self.runner().await?;
        let mut rolled_up = 0;
        loop {
            match runner.round().await?.rolled_up {
                0 => return Ok(rolled_up),
                more => rolled_up += more,
            }
        }
    }

    /// Calls, errors and latencies are those of whole traces, and Jaeger's answers are the reference's.
    pub(super) async fn answers_are_right(&mut self) -> Result<(), AnyError> {
        let (_, cold) = self.open().await?;
        let all = EdgeSources::from_iter(EdgeSource::ALL);
        let always = DependencyQuery { sources: all, ..always() };
        let found = edge_sums(&cold.edges(&Tenant::default(), &always).await?);
        assert_eq!(found, edge_sums(&Edges::of_spans(&self.written)));
        for sources in EdgeSource::ALL.map(|source| EdgeSources::from_iter([source])).into_iter().chain([all])
        {
            for (from, to) in
                [(-9000, 9000), (-620, -300), (-300, -1), (-100_000, 400_000), (-620, -620), (9, -9)]
            {
                let query = DependencyQuery { start: after(from), end: after(to), sources };
                let answer = cold.dependencies(&Tenant::default(), query).await?;
                let expected = self.reference.dependencies(&Tenant::default(), query).await?;
                assert_eq!(answer, expected, "{from} {to} {sources:?}");
            }
        }
        Ok(())
    }
}

/// So many seconds after the tests begin.
fn after(seconds: i128) -> UnixNanos {
    UnixNanos(NOW.0 + seconds * 1_000_000_000)
}
