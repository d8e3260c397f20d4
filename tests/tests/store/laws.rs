//! The laws of the store, as properties: whatever is acknowledged is found, and every answer is the reference's, for
//! random spans, groupings into writes, windows, servers, restarts, faults and stale reads, and with the job early, late,
//! repeated, interrupted, run by two servers at once and by two that cut what they derive differently.
//!
//! What they do not prove: anything about DynamoDB itself; the engine stands for it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jaeger_dynamodb_core::{Clock, MemoryStore, Span, StoreError, Tenant, TraceQuery, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Maintenance, StoreConfig};
use jaeger_dynamodb_testkit::conformance::assert_same_answers;
use jaeger_dynamodb_testkit::strategies::{batches, queries_for};
use jaeger_dynamodb_testkit::{EngineHandle, Fault, FaultPlan, Refusal, StaleReads, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, open, tokio_clock};
use proptest::collection::vec;
use proptest::prelude::*;

/// A client gives up after so many refusals; no law is about giving up.
const MOST_TRIES: usize = 200;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// Batches are written at the same time, each through one of two servers.
    Write(Vec<(usize, Vec<Span>)>),
    /// Time passes.
    Wait(Duration),
    /// A server is replaced by a cold one.
    Restart(usize),
    /// A server dies at its n-th request from now.
    CrashAt(usize, u64),
    /// A server reads, which fills its caches.
    Read(usize),
    /// A server does all the maintenance that is due.
    Maintain(usize),
    /// Both servers do it at the same time, or one of them twice.
    MaintainTogether,
    /// A server dies at the n-th request of its maintenance.
    MaintainAndCrashAt(usize, u64),
}

/// What may befall each request, one time in so many.
#[derive(Debug, Clone, Copy)]
struct Rates {
    one_in: u64,
    seed: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let servers = 0..2_usize;
    let step = prop_oneof![
        4 => batches(1..4).prop_flat_map(|batches| {
            let count = batches.len();
            (Just(batches), vec(0..2_usize, count)).prop_map(|(batches, servers)| {
                Step::Write(servers.into_iter().zip(batches).collect())
            })
        }),
        2 => (0..400_u64).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
        1 => servers.clone().prop_map(Step::Restart),
        1 => (servers.clone(), 0..8_u64).prop_map(|(server, request)| Step::CrashAt(server, request)),
        1 => servers.clone().prop_map(Step::Read),
        3 => servers.clone().prop_map(Step::Maintain),
        1 => Just(Step::MaintainTogether),
        1 => (servers, 0..40_u64).prop_map(|(server, request)| Step::MaintainAndCrashAt(server, request)),
    ];
    vec(step, 1..12)
}

fn config() -> impl Strategy<Value = StoreConfig> {
    let second = Duration::from_secs(1);
    prop_oneof![
        Just(aws_config()),
        Just(StoreConfig::embedded()),
        Just(StoreConfig { window: second, window_grace: second, ..StoreConfig::embedded() }),
        Just(StoreConfig { tail_cache_bytes: 2000, inline_pack_bytes: 0, ..aws_config() }),
        Just(StoreConfig { settle: Duration::ZERO, ..aws_config() }),
        Just(StoreConfig { part_bytes: 100, bucket_bytes: 100, settle: Duration::ZERO, ..aws_config() }),
    ]
}

fn history() -> impl Strategy<Value = (Vec<Step>, Vec<TraceQuery>)> {
    steps().prop_flat_map(|steps| {
        let spans: Vec<_> = steps
            .iter()
            .flat_map(|step| match step {
                Step::Write(batches) => batches.iter().flat_map(|(_, spans)| spans.clone()).collect(),
                _ => Vec::new(),
            })
            .collect();
        (Just(steps), vec(queries_for(&spans), 1..6))
    })
}

struct World {
    clock: Arc<dyn Clock>,
    engine: TestEngine,
    config: StoreConfig,
    rates: Option<Rates>,
    servers: Vec<(EngineHandle, Arc<DynamoStore>)>,
    opened: u64,
    reference: MemoryStore,
}

impl World {
    async fn new(
        config: StoreConfig,
        rates: Option<Rates>,
        stale: Option<StaleReads>,
    ) -> Result<Self, AnyError> {
        let clock = tokio_clock();
        let engine = match stale {
            Some(stale) => TestEngine::with_stale_reads(Arc::clone(&clock), stale)?,
            None => TestEngine::new(Arc::clone(&clock))?,
        };
        let mut world = Self {
            clock,
            engine,
            config,
            rates,
            servers: Vec::new(),
            opened: 0,
            reference: MemoryStore::new(),
        };
        for _ in 0..2 {
            let server = world.open().await?;
            world.servers.push(server);
        }
        Ok(world)
    }

    async fn open(&mut self) -> Result<(EngineHandle, Arc<DynamoStore>), AnyError> {
        self.opened += 1;
        let handle = self.engine.handle(&format!("server {}", self.opened));
        // Every other server stands for a version that cuts what it derives differently.
        let part_bytes = if self.opened.is_multiple_of(2) { 300 } else { self.config.part_bytes };
        let config = StoreConfig { part_bytes, ..self.config.clone() };
        let store = open(&handle, Arc::clone(&self.clock), config, self.opened).await?;
        if let Some(rates) = self.rates {
            handle.inject(rates.plan(self.opened));
        }
        Ok((handle, store))
    }

    async fn take(&mut self, step: Step) -> Result<(), AnyError> {
        match step {
            Step::Wait(duration) => self.clock.sleep(duration).await,
            Step::Restart(server) => self.servers[server] = self.open().await?,
            Step::CrashAt(server, request) => {
                let everything = |_: &jaeger_dynamodb_testkit::RequestInfo| true;
                self.servers[server].0.inject(FaultPlan::nth(request, everything, Fault::CrashAfter));
            }
            Step::Read(server) => {
                // Only what it leaves in caches matters, and a crashed server cannot answer.
                let _ =
                    jaeger_dynamodb_core::TraceReader::services(&*self.servers[server].1, &Tenant::default())
                        .await;
            }
            Step::Maintain(server) => self.maintain(server).await,
            Step::MaintainTogether => {
                let all: Vec<_> = [0, 1, 1].map(|server| self.maintenance(server)).into_iter().collect();
                // What a round fails at, the next one does.
                join_all(all.iter().map(Maintenance::round)).await;
            }
            Step::MaintainAndCrashAt(server, request) => {
                let everything = |_: &jaeger_dynamodb_testkit::RequestInfo| true;
                self.servers[server].0.inject(FaultPlan::nth(request, everything, Fault::CrashAfter));
                self.maintain(server).await;
                if self.servers[server].0.is_crashed() {
                    self.servers[server] = self.open().await?;
                }
            }
            Step::Write(batches) => self.write(batches).await?,
        }
        Ok(())
    }

    fn maintenance(&self, server: usize) -> Maintenance {
        self.servers[server].1.maintenance(JobMode::InProcess, vec![Tenant::default()])
    }

    async fn maintain(&self, server: usize) {
        // What a round fails at, the next one does.
        let _ = self.maintenance(server).round().await;
    }

    /// Writes each batch until it is acknowledged, as a client that retries, all at the same time.
    async fn write(&mut self, mut waiting: Vec<(usize, Vec<Span>)>) -> Result<(), AnyError> {
        let tenant = Tenant::default();
        for _ in 0..MOST_TRIES {
            let outcomes = join_all(waiting.iter().map(|(server, spans)| {
                let store = Arc::clone(&self.servers[*server].1);
                let (tenant, spans) = (tenant.clone(), spans.clone());
                async move { store.write_spans(&tenant, spans).await }
            }));
            let outcomes: Vec<Result<(), StoreError>> = outcomes.await;
            let mut refused = Vec::new();
            for ((server, spans), outcome) in waiting.into_iter().zip(outcomes) {
                match outcome {
                    Ok(()) => self.reference.write_spans(&tenant, spans).await?,
                    Err(_) => refused.push((server, spans)),
                }
            }
            if refused.is_empty() {
                return Ok(());
            }
            for server in 0..self.servers.len() {
                if self.servers[server].0.is_crashed() {
                    self.servers[server] = self.open().await?;
                }
            }
            waiting = refused;
        }
        Err("the store refused a batch over and over".into())
    }

    /// Every server, warm or cold, answers as the reference.
    async fn answers_are_right(&mut self, queries: &[TraceQuery]) -> Result<(), AnyError> {
        let mut servers: Vec<_> = self.servers.drain(..).filter(|(handle, _)| !handle.is_crashed()).collect();
        servers.push(self.open().await?);
        for (handle, store) in servers {
            handle.inject(FaultPlan::none());
            assert_same_answers(&self.reference, &*store, &Tenant::default(), queries).await?;
        }
        assert_eq!(self.engine.traffic().operation("Scan").requests, 0, "no request scans");
        Ok(())
    }
}

impl Rates {
    /// Faults of every kind. Dates are moved by more than the clocks of one service may differ.
    fn plan(self, server: u64) -> FaultPlan {
        FaultPlan::new(move |request| {
            let mut random = fastrand::Rng::with_seed(self.seed ^ server << 32 ^ request.index);
            if random.u64(..self.one_in) > 0 {
                return Fault::None;
            }
            let delay = Duration::from_secs(random.u64(1..400));
            match random.u32(..10) {
                0 => Fault::Refuse(Refusal::InternalServerError),
                1 => Fault::Refuse(Refusal::Throttling),
                2 => Fault::CutBefore,
                3 => Fault::CutAfter,
                4 => Fault::CutAndExecuteLater(delay),
                5 => Fault::Hold(delay),
                6 => Fault::DelayAnswer(delay),
                7 => Fault::ShiftDate(random.i64(60..600)),
                8 => Fault::ShiftDate(-random.i64(60..600)),
                _ => Fault::CrashAfter,
            }
        })
    }
}

fn holds(
    config: StoreConfig,
    rates: Option<Rates>,
    stale: Option<StaleReads>,
    steps: Vec<Step>,
    queries: &[TraceQuery],
) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let outcome: Result<(), AnyError> = runtime.map_err(AnyError::from).and_then(|runtime| {
        runtime.block_on(async {
            let mut world = World::new(config, rates, stale).await?;
            for step in steps {
                world.take(step).await?;
            }
            world.answers_are_right(queries).await
        })
    });
    outcome.map_err(|error| TestCaseError::fail(error.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_references(config in config(), (steps, queries) in history()) {
        holds(config, None, None, steps, &queries)?;
    }

    #[test]
    fn stale_reads_change_no_answer(config in config(), (steps, queries) in history(), seed in any::<u64>()) {
        let stale = StaleReads { percent: 70, seed, ..StaleReads::default() };
        holds(config, None, Some(stale), steps, &queries)?;
    }

    #[test]
    fn faults_lose_nothing_that_was_acknowledged(
        config in config(),
        (steps, queries) in history(),
        one_in in 3..20_u64,
        seed in any::<u64>(),
    ) {
        holds(config, Some(Rates { one_in, seed }), None, steps, &queries)?;
    }
}
