//! A window of 600 000 spans in the memory that the job is given: a worker that has nothing but its limit.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{Clock, DependencyQuery, DependencyReader, Tenant, TraceWriter, UnixNanos};
use jaeger_dynamodb_dynamo::{StoreConfig, SystemClock};
use jaeger_dynamodb_loadgen::{Arrivals, Load, Workload, calls_between_services};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_testkit::ManualClock;
use jaeger_dynamodb_tests::{AnyError, aws_config, local_credentials, open, peak_kibibytes};
use tempfile::NamedTempFile;

use crate::cloud::Cloud;
use crate::figures::{Figures, megabytes};
use crate::settings::seed;

const SPANS_PER_SECOND: u32 = 20_000;
const DURATION: Duration = Duration::from_secs(31);

const JOB_MEMORY: &str = "48MiB";

/// The limit, and what a process takes that does nothing, requests and threads included.
const MOST_BYTES: u64 = (48 + 32) << 20;

/// When a window of 5 minutes begins that is closed by now.
const WINDOW_START: u64 = 1_759_999_800;

/// From there until it is closed.
const UNTIL_CLOSED: Duration = Duration::from_secs(300 + 60 + 5);

const AT_A_TIME: usize = 8;

/// How long the worker may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// The command-line binary at work, until this is dropped.
struct Worker {
    child: Child,
    log: NamedTempFile,
}

// === impl Worker ===

impl Worker {
    fn start(endpoint_url: &str) -> Result<Self, AnyError> {
        let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ci/jaeger-dynamodb");
        let log = NamedTempFile::new()?;
        let mut command = Command::new(&binary);
        command.args(["worker", "--storage=aws", "--endpoint-url", endpoint_url, "--round-every=1s"]);
        command.args(["--job-memory", JOB_MEMORY]).env_clear().envs(local_credentials("worker"));
        let child = command.stdout(Stdio::null()).stderr(log.reopen()?).spawn();
        Ok(Self { child: child.map_err(|error| format!("{}: {error}", binary.display()))?, log })
    }

    /// The most memory that it ever had.
    fn peak_bytes(&self) -> Result<u64, AnyError> {
        Ok(peak_kibibytes(self.child.id())? * 1024)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Nothing is left to do about a process that cannot be ended.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn arrivals(seed: u64) -> Arrivals {
    let start = UnixNanos::from_secs(WINDOW_START.cast_signed());
    Workload::demo(seed).arrivals(Load { spans_per_second: SPANS_PER_SECOND, duration: DURATION, start })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_window_is_derived_and_counted_in_the_memory_of_the_job() -> Result<(), AnyError> {
    let service_time = Arc::new(ManualClock::at(UnixNanos::from_secs(WINDOW_START.cast_signed())));
    let cloud = Cloud::at(Arc::<ManualClock>::clone(&service_time)).await?;
    let config = StoreConfig { max_tail_bytes: usize::MAX, ..aws_config() };
    let store = open(&cloud.engine.handle("writer"), Arc::new(SystemClock), config, 1).await?;
    let (tenant, seed) = (Tenant::default(), seed());
    let mut spans = 0;
    let writes = arrivals(seed).map(|arrival| {
        let of_request = spans_from_otlp(arrival.request.resource_spans).spans;
        spans += of_request.len();
        store.write_spans(&tenant, of_request)
    });
    stream::iter(writes).buffer_unordered(AT_A_TIME).try_for_each(|()| async { Ok(()) }).await?;
    assert!(spans > 600_000, "{spans}");
    service_time.advance(UNTIL_CLOSED);

    let began = SystemClock.monotonic();
    let worker = Worker::start(&cloud.url())?;
    while !cloud.is_derived().await? {
        if SystemClock.monotonic() - began > PATIENCE {
            return Err(format!("not done within {PATIENCE:?}:\n{}", worker.log()).into());
        }
        SystemClock.sleep(Duration::from_millis(200)).await;
    }
    let (took, peak) = (SystemClock.monotonic() - began, worker.peak_bytes()?);
    let mut figures = Figures::of(format!("{spans} spans in a window, --job-memory {JOB_MEMORY}"));
    figures.add("most memory of the worker", megabytes(peak));
    figures.add("took", format!("{:.0} s", took.as_secs_f64()));
    figures.print();
    assert!(peak < MOST_BYTES, "{peak} bytes");

    let (start, end) = (UnixNanos(0), UnixNanos::from_secs(4_000_000_000));
    let always = DependencyQuery { start, end, sources: EdgeSources::default() };
    let found = store.dependencies(&tenant, always).await?;
    let found = found.into_iter().map(|link| ((link.parent, link.child), link.call_count));
    assert_eq!(found.collect::<std::collections::BTreeMap<_, _>>(), calls_between_services(arrivals(seed)));
    Ok(())
}
