//! Memory that deriving one large window takes, in a process that does nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use futures::stream;
use jaeger_dynamodb_core::Span;
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_tests::{AnyError, aws_config, peak_kibibytes};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::service::{self, Service};
use crate::thread_cpu::thread_cpu;

/// The word that makes this program the process that derives.
pub(crate) const DERIVE: &str = "derive";

const SPANS_PER_SECOND: u32 = 20_000;

/// Requests on their way at a time, as from a few collectors.
const AT_A_TIME: usize = 8;

const MIB: usize = 1024 * 1024;

/// What is measured, in MiB: the default, and two that make partitions.
const JOB_MEMORIES: [usize; 3] = [256, 64, 48];

/// Writes so many spans into one window and derives it with each of the limits.
pub(crate) fn measure(name: &str, workload: Workload, spans: u64) -> Result<(), AnyError> {
    let home = tempfile::tempdir()?;
    let written = home.path().join("written");
    let started = Instant::now();
    let spans = tokio::runtime::Runtime::new()?.block_on(write(&written, workload, spans))?;
    println!(
        "{name}: {spans} spans at {SPANS_PER_SECOND} spans/s in one window, {:.0} MiB of files, written in {:.0} s\n",
        directory_bytes(&written)? as f64 / MIB as f64,
        started.elapsed().as_secs_f64(),
    );
    println!(
        "| `--job-memory` | peak before | peak after | the job and the engine that serves it | log pages read | RRU | items | bytes | time | CPU of the thread |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for memory in JOB_MEMORIES {
        // Each finds a window that nobody has derived.
        let copy = home.path().join(format!("with {memory} MiB"));
        copy_directory(&written, &copy)?;
        let mut process = Command::new(std::env::current_exe()?);
        let status = process.arg(DERIVE).arg(&copy).arg((memory * MIB).to_string()).status()?;
        if !status.success() {
            return Err(format!("deriving with {memory} MiB ended with {status}").into());
        }
        fs::remove_dir_all(copy)?;
    }
    Ok(())
}

/// Answers with how many spans there were: whole requests.
async fn write(directory: &Path, workload: Workload, spans: u64) -> Result<u64, AnyError> {
    let duration = Duration::from_secs(spans.div_ceil(u64::from(SPANS_PER_SECOND)));
    let load = Load { spans_per_second: SPANS_PER_SECOND, duration, start: Service::start() };
    let (sender, requests) = mpsc::channel(AT_A_TIME);
    let making = thread::spawn(move || {
        let mut made = 0;
        for arrival in workload.arrivals(load) {
            made += arrival.span_count() as u64;
            if sender.blocking_send(spans_from_otlp(arrival.request.resource_spans).spans).is_err() {
                break;
            }
        }
        made
    });
    let service = Service::open(Some(directory))?;
    let requests = stream::unfold(requests, |mut requests: mpsc::Receiver<Vec<Span>>| async move {
        requests.recv().await.map(|spans| (spans, requests))
    });
    service.write(requests, AT_A_TIME).await?;
    service.end().await;
    making.join().map_err(|_| "making the load panicked".into())
}

/// What the process of its own does.
pub(crate) async fn derive(directory: &Path, job_memory: usize) -> Result<(), AnyError> {
    let service = Service::open(Some(directory))?;
    service.close_window();
    let config = StoreConfig { job_memory_bytes: job_memory, ..aws_config() };
    let store = service.store(2, config).await?;
    let (before, cpu, started) = (peak_memory()?, thread_cpu()?, Instant::now());
    let derivation = service::derive(&store).await?;
    let after = peak_memory()?;
    println!(
        "| {} MiB | {before:.0} MiB | {after:.0} MiB | {:.0} MiB | {} | {:.0} | {} | {} | {:.0} s | {:.1} s |",
        job_memory / MIB,
        after - before,
        derivation.pages_read,
        derivation.read_units,
        derivation.items,
        derivation.bytes,
        started.elapsed().as_secs_f64(),
        (thread_cpu()? - cpu).as_secs_f64(),
    );
    service.end().await;
    Ok(())
}

/// The most memory that this process ever had, in MiB.
fn peak_memory() -> Result<f64, AnyError> {
    Ok(peak_kibibytes(std::process::id())? as f64 / 1024.0)
}

fn directory_bytes(directory: &Path) -> Result<u64, AnyError> {
    let sizes = fs::read_dir(directory)?.map(|entry| Ok(entry?.metadata()?.len()));
    sizes.sum()
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), AnyError> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
