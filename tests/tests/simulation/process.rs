//! One simulated process: a runtime that runs only when it is told to, a clock, a store.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use jaeger_dynamodb_core::{Clock, StoreError, Tenant};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode, Maintenance, StoreConfig, StoreParts};
use jaeger_dynamodb_testkit::{EngineHandle, ManualClock, TestEngine};
use jaeger_dynamodb_tests::AnyError;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::faults::Faults;
use super::gates::{Gated, Gates};

/// A task that yields goes on as often as this before others get their turn.
const YIELDS: usize = 24;

/// How long a call may take without an excuse for failing.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a process is made of.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) config: StoreConfig,
    pub(crate) mode: JobMode,
    pub(crate) seed: u64,
}

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) clock: ManualClock,
    pub(crate) gates: Arc<Gates>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) suspended: Option<Suspension>,
    handle: EngineHandle,
    opened: Arc<OnceLock<Result<Opened, StoreError>>>,
    tasks: Vec<JoinHandle<()>>,
    runtime: Runtime,
}

/// Why a process does not run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspension {
    /// By the clock of the world.
    pub(crate) until: Duration,
    /// Its clock stands still too, as that of a paused virtual machine.
    pub(crate) is_frozen: bool,
}

/// What a process works with once it is open.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) store: Arc<DynamoStore>,
    pub(crate) maintenance: Arc<Maintenance>,
    pub(crate) is_maintaining: Arc<AtomicBool>,
    /// Calls to write that have not ended.
    pub(crate) writes: Arc<AtomicU64>,
}

/// What may excuse an error: faults, suspensions, or time that passed meanwhile.
#[derive(Debug)]
pub(crate) struct Excuse {
    faults: Arc<Faults>,
    clock: ManualClock,
    trouble: u64,
    began: Duration,
}

impl Process {
    pub(crate) fn start(
        plan: Plan,
        engine: &TestEngine,
        clock: ManualClock,
        faults: Arc<Faults>,
    ) -> Result<Self, AnyError> {
        let Plan { name, config, mode, seed } = plan;
        let handle = engine.handle(&name).with_clock(Arc::new(clock.clone()));
        handle.inject(faults.plan());
        let gates = Arc::new(Gates::default());
        let sdk = handle.sdk_config().build();
        let inner = sdk.http_client().ok_or("a configuration without a client")?;
        let gated = Gated { inner, gates: Arc::clone(&gates) };
        // Signing takes longer than the engine.
        let unsigned = sdk.to_builder().allow_no_auth().auth_scheme_preference([AuthSchemeId::new("noAuth")]);
        let client = Client::from_conf(unsigned.http_client(gated).build());
        let runtime = Builder::new_current_thread().build()?;
        let opened = Arc::new(OnceLock::new());
        let parts = StoreParts { client, clock: Arc::new(clock.clone()), seed: Some(seed) };
        let opening = {
            let opened = Arc::clone(&opened);
            async move {
                let store = DynamoStore::open(parts, config).await.map(Arc::new);
                // Nobody else sets it.
                let _ = opened.set(store.map(|store| Opened {
                    maintenance: Arc::new(store.maintenance(mode, vec![Tenant::default()])),
                    is_maintaining: Arc::default(),
                    writes: Arc::default(),
                    store,
                }));
            }
        };
        let tasks = vec![runtime.spawn(opening)];
        Ok(Self { name, clock, gates, faults, suspended: None, handle, opened, tasks, runtime })
    }

    /// The store, unless it is still being opened or that has failed.
    pub(crate) fn opened(&self) -> Option<Opened> {
        self.opened.get()?.as_ref().ok().cloned()
    }

    /// Why the store could not be opened.
    pub(crate) fn opening_error(&self) -> Option<&StoreError> {
        self.opened.get()?.as_ref().err()
    }

    /// Whether a fault has killed it.
    pub(crate) fn is_dead(&self) -> bool {
        self.handle.is_crashed()
    }

    pub(crate) fn crash(&self) {
        self.handle.crash();
    }

    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(self.runtime.spawn(task));
    }

    /// Lets it do all that it can do without another answer or more time.
    pub(crate) fn run(&mut self) {
        self.runtime.block_on(async {
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Whether a round of its job is under way.
    pub(crate) fn is_maintaining(&self) -> bool {
        self.opened().is_some_and(|opened| opened.is_maintaining.load(Ordering::Relaxed))
    }

    /// Tasks that have not ended; an error if one has panicked.
    pub(crate) fn busy(&mut self) -> Result<usize, String> {
        let (ended, busy): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.tasks).into_iter().partition(JoinHandle::is_finished);
        self.tasks = busy;
        for task in ended {
            let joined = self.runtime.block_on(task);
            joined.map_err(|error| format!("a task of {} has panicked: {error}", self.name))?;
        }
        Ok(self.tasks.len())
    }

    pub(crate) fn excuse(&self) -> Excuse {
        let (faults, clock) = (Arc::clone(&self.faults), self.clock.clone());
        Excuse { trouble: faults.trouble(), began: clock.monotonic(), faults, clock }
    }
}

impl Opened {
    /// Begins a round, unless one is under way.
    pub(crate) fn begin_round(&self) -> bool {
        !self.is_maintaining.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn end_round(&self) {
        self.is_maintaining.store(false, Ordering::Relaxed);
    }
}

impl Excuse {
    pub(crate) fn holds(&self) -> bool {
        self.faults.trouble() != self.trouble || self.clock.monotonic().saturating_sub(self.began) >= PATIENCE
    }
}
