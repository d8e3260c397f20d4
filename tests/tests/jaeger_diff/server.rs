//! Both servers as processes.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::metrics::Metrics;

const TRIES: usize = 300;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// A server in a process of its own, which ends with this.
pub(crate) struct Server {
    pub(crate) client: Client,
    http_port: u16,
    log: PathBuf,
    _process: Process,
}

/// Ends when it is dropped, also by a panic.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to do about a process that cannot be ended.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

impl Server {
    /// Our server on the embedded engine, in memory. It logs to the file.
    pub(crate) async fn ours(binary: &Path, flags: &[&str], log: &str) -> Result<Self, AnyError> {
        let (port, http_port) = (free_port()?, free_port()?);
        let mut command = Command::new(binary);
        command
            .args(["--data-dir", ":memory:", "--allow-purge", "--log-level", "warn"])
            .arg(format!("--listen=127.0.0.1:{port}"))
            .arg(format!("--http-listen=127.0.0.1:{http_port}"))
            .arg("--archive-listen=off")
            .args(flags);
        Self::start(command, log, port, http_port).await
    }

    /// Jaeger with its memory store behind the storage API. It logs to the file.
    pub(crate) async fn jaegers(binary: &Path, log: &str) -> Result<Self, AnyError> {
        let (port, http_port) = (free_port()?, free_port()?);
        let mut command = Command::new(binary);
        command
            .args(["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/jaeger/v2/memory-backend.yaml")])
            .env("MEMORY_BACKEND_LISTEN", format!("127.0.0.1:{port}"))
            .env("MEMORY_BACKEND_PURGE_PORT", http_port.to_string())
            .env("OTEL_TRACES_SAMPLER", "always_off");
        Self::start(command, log, port, http_port).await
    }

    async fn start(mut command: Command, log: &str, port: u16, http_port: u16) -> Result<Self, AnyError> {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(log);
        let output = File::create(&log)?;
        command.stdout(output.try_clone()?).stderr(output);
        let child =
            command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        let mut process = Process(child);
        let clock = tokio_clock();
        for _ in 0..TRIES {
            if process.0.try_wait()?.is_some() {
                break;
            }
            if let Ok(client) = Client::connect(format!("http://127.0.0.1:{port}")).await
                && client.services().await.is_ok()
            {
                return Ok(Self { client, http_port, log, _process: process });
            }
            clock.sleep(BETWEEN_TRIES).await;
        }
        Err(format!("{} did not become ready, see {}", command.get_program().display(), log.display()).into())
    }

    /// Makes it forget everything.
    pub(crate) async fn purge(&self) -> Result<(), AnyError> {
        self.ask("POST /purge").await.map(drop)
    }

    /// Expects that ours had nothing to warn of.
    pub(crate) fn has_logged_nothing(&self) -> Result<(), AnyError> {
        let log = std::fs::read_to_string(&self.log)?;
        let first = log.lines().next();
        first.map_or(Ok(()), |line| {
            Err(format!("our server warned, see {}: {line}", self.log.display()).into())
        })
    }

    /// What ours has counted so far.
    pub(crate) async fn metrics(&self) -> Result<Metrics, AnyError> {
        Ok(Metrics::parse(&self.ask("GET /metrics").await?))
    }

    /// The content of the answer to a request without content.
    async fn ask(&self, request: &str) -> Result<String, AnyError> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.http_port)).await?;
        // In version 1.0 every answer comes in one piece and ends the connection.
        let request = format!("{request} HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, content) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        match head.split_whitespace().nth(1) {
            Some("200") => Ok(content.to_owned()),
            _ => Err(format!("{} answered {answer}", self.http_port).into()),
        }
    }
}

fn free_port() -> Result<u16, AnyError> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
