//! The job: from the logs of closed windows to what searches and lookups read instead, and from the pointers of many
//! windows to those of a block.
//!
//! A window is derived by a *run*: it reads the whole log, writes items under an id of its own and ends with one
//! conditional write of the manifest into the window's item. The first manifest wins, and only what it names is ever
//! read. So a run that is interrupted, repeated, or made twice at once costs money and changes no answer; claims only
//! save that money. A window whose run fails is parked for a while and never keeps others waiting.
//!
//! The edges of a window are counted by a run of their own, see [`edges`], and summed up over longer periods, see
//! [`rollup`].
//!
//! Time is the storage service's, as everywhere: nothing here asks a local clock what is due.

mod backlog;
mod catalog;
mod claim;
mod derive;
mod edges;
mod limits;
mod merge;
mod pace;
mod records;
mod rollup;
mod single;
mod windows;
mod writer;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};

use self::backlog::Backlog;
use self::catalog::KnownCatalog;
use self::limits::LongestRun;
use self::merge::BlockStep;
pub use self::single::{ParkedWindow, SealTrace, WindowId, WindowReport, Work, sealed_by};
use crate::client::Deadline;
use crate::commit::WriterContext;

/// How long one request of the job, with all of its retries, may take.
const REQUEST_BUDGET: Duration = Duration::from_secs(30);

/// Between two rounds, at least and at most.
const PERIOD: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(10);

/// So long after its closing a window or block is left to others by whoever only takes over, in seconds.
const TAKEOVER_WAIT: u64 = 15 * 60;

/// Which closed windows a process derives, and which blocks it merges. All mark windows that are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobMode {
    /// All of them.
    InProcess,
    /// Those that nobody else has derived 15 minutes after they closed.
    Takeover,
    /// None.
    Off,
}

/// Derives what is read instead of the log. Any number of them may work on the same tables.
#[derive(Debug)]
pub struct Maintenance {
    job: Job,
    tenants: Vec<Tenant>,
}

/// What a round has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundReport {
    /// Closed windows that were marked.
    pub sealed: usize,
    /// Windows whose manifest this round has published.
    pub derived: usize,
    /// Windows and blocks for which another run was faster.
    pub lost: usize,
    /// Blocks whose pointers were merged.
    pub merged: usize,
    /// Windows that are claimed by others, that have failed and wait, or that wait for a newer version.
    pub postponed: usize,
    /// Closed windows without a manifest, after the round.
    pub not_done: usize,
    /// Windows whose edges this round has counted.
    pub edges: usize,
    /// Closed windows whose edges are not counted, after the round.
    pub edges_not_done: usize,
    /// Periods whose edges were summed up.
    pub rolled_up: usize,
    /// How long the oldest window has been closed that lacks its manifest or its edges.
    pub oldest_not_done_seconds: Option<u64>,
}

/// What work is done with.
#[derive(Debug)]
struct Job {
    context: Arc<WriterContext>,
    mode: JobMode,
    /// What a run may take, roughly.
    memory_bytes: usize,
    /// Stands for this process in claims.
    holder: String,
    catalog: KnownCatalog,
    backlogs: Mutex<HashMap<Tenant, Backlog>>,
    seal_trace: Option<Arc<dyn SealTrace>>,
    longest_run: LongestRun,
}

/// One kind of work on one tenant.
type TenantWork =
    for<'a> fn(&'a Job, &'a Tenant, &'a mut RoundReport) -> BoxFuture<'a, Result<(), StoreError>>;

const WINDOWS: TenantWork = |job, tenant, report| job.windows_round(tenant, report).boxed();
const EDGES: TenantWork = |job, tenant, report| job.edges_and_sums_round(tenant, report).boxed();
const BLOCKS: TenantWork = |job, tenant, report| job.blocks_round(tenant, report).boxed();

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Derived,
    /// Another run was faster, or what it was about is gone.
    Lost,
    /// It has records of a version that this program does not know.
    LeftToNewerVersion,
}

// === impl JobMode ===

impl JobMode {
    /// For how many seconds after its closing something is left to others; `None` for ever.
    fn wait(self) -> Option<u64> {
        match self {
            Self::InProcess => Some(0),
            Self::Takeover => Some(TAKEOVER_WAIT),
            Self::Off => None,
        }
    }
}

// === impl Maintenance ===

impl Maintenance {
    pub(crate) fn new(context: Arc<WriterContext>, mode: JobMode, tenants: Vec<Tenant>) -> Self {
        let holder = context.client.random_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let (catalog, backlogs) = (KnownCatalog::default(), Mutex::default());
        let memory_bytes = context.config.job_memory_bytes;
        let (seal_trace, longest_run) = (None, LongestRun::default());
        let job = Job { context, mode, memory_bytes, holder, catalog, backlogs, seal_trace, longest_run };
        Self { job, tenants }
    }

    /// One round: marks, derives, merges and counts edges of everything that is due now, oldest first, and returns when that is done.
    /// A window that fails is postponed and does not fail the round.
    ///
    /// # Errors
    /// When the windows of a tenant cannot be listed; the other tenants have had their round.
    pub async fn round(&self) -> Result<RoundReport, StoreError> {
        let mut report = RoundReport::default();
        for work in [WINDOWS, EDGES, BLOCKS] {
            self.of_each_tenant(work, &mut report).await?;
        }
        Ok(report)
    }

    /// Rounds without end. Errors are logged and counted; neither a long merge nor many edges delay a window.
    pub async fn run(self) {
        let ((), (), ()) = tokio::join!(self.repeat(WINDOWS), self.repeat(EDGES), self.repeat(BLOCKS));
    }

    async fn repeat(&self, work: TenantWork) {
        let period = (self.job.context.config.window / 10).clamp(*PERIOD.start(), *PERIOD.end());
        loop {
            let mut report = RoundReport::default();
            if let Err(error) = self.job.guarded(self.of_each_tenant(work, &mut report).boxed()).await {
                metrics::counter!("jaeger_dynamodb_job_failures_total", "work" => "round").increment(1);
                tracing::warn!(error = %error, "a round of the job failed");
            }
            self.job.context.client.clock().sleep(period).await;
        }
    }

    async fn of_each_tenant(&self, work: TenantWork, report: &mut RoundReport) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for tenant in &self.tenants {
            if let Err(error) = work(&self.job, tenant, report).await {
                outcome = Err(error);
            }
        }
        outcome
    }
}

// === impl Job ===

impl Job {
    async fn edges_and_sums_round(
        &self,
        tenant: &Tenant,
        report: &mut RoundReport,
    ) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        if let Some(wait) = self.mode.wait() {
            let edges = self.edges_round(tenant, wait, report).await;
            let sums = self.rollup_round(tenant, wait, report).await;
            outcome = edges.and(sums);
        }
        let generation = *self.context.generation.read().await;
        let now = self.now();
        self.with_backlog(tenant, generation, |backlog| {
            report.edges_not_done += backlog.edges.len();
            report.oldest_not_done_seconds = report.oldest_not_done_seconds.max(backlog.oldest_age(now));
        });
        outcome
    }

    async fn blocks_round(&self, tenant: &Tenant, report: &mut RoundReport) -> Result<(), StoreError> {
        let Some(wait) = self.mode.wait() else { return Ok(()) };
        let generation = *self.context.generation.read().await;
        self.list_blocks_once(tenant, generation).await?;
        for block in self.with_backlog(tenant, generation, |backlog| backlog.due_blocks(self.now(), wait)) {
            let started = self.context.client.clock().monotonic();
            let step = self.merge(tenant, block, generation).await;
            self.count_seconds("merge", started);
            let step = step.unwrap_or_else(|error| {
                metrics::counter!("jaeger_dynamodb_job_failures_total", "work" => "merge").increment(1);
                tracing::warn!(error = %error, block_start = block.0.start(), "a block cannot be looked at now");
                BlockStep::Wait(self.roughly_now() + claim::backoff(0))
            });
            if matches!(step, BlockStep::Merged) {
                metrics::counter!("jaeger_dynamodb_blocks_merged_total").increment(1);
                report.merged += 1;
            }
            if matches!(step, BlockStep::Lost) {
                metrics::counter!("jaeger_dynamodb_runs_lost_total", "work" => "merge").increment(1);
                report.lost += 1;
            }
            self.with_backlog(tenant, generation, |backlog| match step {
                BlockStep::Merged | BlockStep::Lost | BlockStep::Over => backlog.finish_block(block),
                BlockStep::Wait(until) => backlog.postpone_block(block, until),
            });
        }
        Ok(())
    }

    /// The service's time, which is known to have come, Unix seconds.
    fn now(&self) -> u64 {
        self.context.client.service_time().at_least()
    }

    /// What a manifest says about when all of its run was durable, now that every write is answered.
    fn published(&self) -> u64 {
        self.roughly_now() + 1
    }

    fn deadline(&self) -> Deadline {
        self.context.client.deadline_in(REQUEST_BUDGET)
    }

    /// The tenant's backlog of the present generation, for as long as it takes.
    fn with_backlog<T>(&self, tenant: &Tenant, generation: u64, take: impl FnOnce(&mut Backlog) -> T) -> T {
        let mut backlogs = self.backlogs.lock().unwrap_or_else(PoisonError::into_inner);
        let backlog = backlogs.entry(tenant.clone()).or_default();
        if backlog.generation < generation {
            *backlog = Backlog::of_generation(generation);
        }
        take(backlog)
    }

    /// Makes a panic an error: a fault of ours in one window must not end the job.
    async fn guarded<T>(&self, work: BoxFuture<'_, Result<T, StoreError>>) -> Result<T, StoreError> {
        AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(StoreError::new(StoreErrorKind::Internal, format!("the job panicked: {text}")))
        })
    }

    /// Shows for how long the oldest window of any tenant has been waiting.
    fn show_age(&self) {
        let now = self.now();
        let backlogs = self.backlogs.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest =
            backlogs.values().filter_map(|backlog| backlog.oldest_age(now)).max().unwrap_or_default();
        drop(backlogs);
        let seconds = f64::from(u32::try_from(oldest).unwrap_or(u32::MAX));
        metrics::gauge!("jaeger_dynamodb_oldest_window_not_done_seconds").set(seconds);
    }

    fn count_seconds(&self, work: &'static str, started: Duration) {
        let took = self.context.client.clock().monotonic().saturating_sub(started);
        metrics::histogram!("jaeger_dynamodb_job_seconds", "work" => work).record(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests;
