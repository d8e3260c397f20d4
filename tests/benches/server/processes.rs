//! The two binaries, as processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, peak_kibibytes};
use tempfile::TempDir;

/// Ticks a second of `/proc/PID/stat`, on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Where the embedded engine keeps spans.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Storage {
    Memory,
    File,
}

/// A server of its own, which ends with this.
pub(crate) struct Server {
    process: Child,
    /// Where it serves gRPC.
    address: String,
    http_address: String,
    _directory: TempDir,
}

/// What the load generator says, in its own words.
pub(crate) struct Sent {
    pub(crate) spans: f64,
    pub(crate) spans_per_second: String,
    pub(crate) p50: String,
    pub(crate) p99: String,
}

impl Storage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "in memory",
            Self::File => "in a file",
        }
    }
}

impl Server {
    pub(crate) fn start(storage: Storage) -> Result<Self, AnyError> {
        let directory = tempfile::tempdir()?;
        let mut command = command("jaeger-dynamodb-server")?;
        command.args([
            "--listen=127.0.0.1:0",
            "--archive-listen=off",
            "--http-listen=127.0.0.1:0",
            "--data-dir",
        ]);
        match storage {
            Storage::Memory => command.arg(":memory:"),
            Storage::File => command.arg(directory.path().join("data")),
        };
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let log = process.stderr.take().ok_or("no stderr")?;
        let mut server =
            Self { process, address: String::new(), http_address: String::new(), _directory: directory };
        let mut lines = BufReader::new(log).lines();
        while server.address.is_empty() {
            let line = lines.next().ok_or("the server ended")??;
            if line.contains(" ready ") {
                let value = |field: &str| {
                    let found = line.split_whitespace().find_map(|word| word.strip_prefix(field));
                    found.map(str::to_owned).ok_or("no address in the log")
                };
                server.address = value("listen=")?;
                server.http_address = value("http_listen=")?;
            }
        }
        // A pipe that nobody reads would stop it.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Packs and log records that it has put so far.
    pub(crate) fn items_committed(&self) -> Result<f64, AnyError> {
        let mut stream = TcpStream::connect(&self.http_address)?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let puts = |line: &&str| {
            line.starts_with("jaeger_dynamodb_requests_total{") && line.contains("purpose=\"commit\"")
        };
        let values = answer.lines().filter(puts).filter_map(|line| line.rsplit(' ').next());
        Ok(values.map(str::parse::<f64>).sum::<Result<f64, _>>()?)
    }

    pub(crate) fn cpu(&self) -> Result<Duration, AnyError> {
        process_cpu(&self.process.id().to_string())
    }

    pub(crate) fn peak_memory(&self) -> Result<f64, AnyError> {
        Ok(peak_kibibytes(self.process.id())? as f64 / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to do about a process that cannot be ended.
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Sends a load of the demo at 10 000 spans a second, unless the arguments say otherwise; fails unless the server
/// acknowledges all of it.
pub(crate) fn send(server: &Server, arguments: &[String]) -> Result<Sent, AnyError> {
    let output = command("jaeger-dynamodb-loadgen")?
        .arg(format!("--endpoint={}", server.url()))
        .args(["--spans-per-second=10000", "--log-level=warn"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("the load generator ended with {}:\n{text}", output.status).into());
    }
    let after = |mark: &str| {
        let (_, rest) = text.split_once(mark).ok_or_else(|| format!("no {mark:?} in {text}"))?;
        Ok::<_, AnyError>(rest.split_whitespace().next().unwrap_or_default().to_owned())
    };
    Ok(Sent {
        spans: after("spans ")?.parse()?,
        spans_per_second: after("rate ")?,
        p50: after("p50 ")?,
        p99: after("p99 ")?,
    })
}

/// CPU that a process has used, in user mode and in the kernel.
pub(crate) fn process_cpu(process: &str) -> Result<Duration, AnyError> {
    let text = std::fs::read_to_string(Path::new("/proc").join(process).join("stat"))?;
    // The name, in brackets, may hold spaces.
    let (_, after_name) = text.rsplit_once(')').ok_or("a stat without a name")?;
    let ticks =
        after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(Duration::from_secs_f64(ticks / TICKS))
}

/// A program that cargo has built beside this one, with the same profile.
fn command(program: &str) -> Result<Command, AnyError> {
    let bench = std::env::current_exe()?;
    let of_profile: PathBuf = bench.ancestors().nth(2).ok_or("no target folder")?.join(program);
    if !of_profile.exists() {
        return Err(format!("{} is not built: use make bench", of_profile.display()).into());
    }
    let mut command = Command::new(of_profile);
    // Settings of whoever runs this must not decide what is measured.
    command.env_clear();
    Ok(command)
}
