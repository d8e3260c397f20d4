//! Both servers as processes.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Client;

const TRIES: usize = 300;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// A server in a process of its own, which ends with this.
pub(crate) struct Server {
    pub(crate) client: Client,
    purge_port: u16,
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
    /// Our server on the embedded engine, in memory.
    pub(crate) async fn ours(binary: &Path) -> Result<Self, AnyError> {
        let (port, purge_port) = (free_port()?, free_port()?);
        let mut command = Command::new(binary);
        command
            .args(["--data-dir", ":memory:", "--allow-purge", "--log-level", "warn"])
            .arg(format!("--listen=127.0.0.1:{port}"))
            .arg(format!("--http-listen=127.0.0.1:{purge_port}"));
        Self::start(command, "ours", port, purge_port).await
    }

    /// Jaeger with its memory store behind the storage API.
    pub(crate) async fn jaegers(binary: &Path) -> Result<Self, AnyError> {
        let (port, purge_port) = (free_port()?, free_port()?);
        let mut command = Command::new(binary);
        command
            .args(["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/jaeger/v2/memory-backend.yaml")])
            .env("MEMORY_BACKEND_LISTEN", format!("127.0.0.1:{port}"))
            .env("MEMORY_BACKEND_PURGE_PORT", purge_port.to_string())
            .env("OTEL_TRACES_SAMPLER", "always_off");
        Self::start(command, "jaeger", port, purge_port).await
    }

    async fn start(mut command: Command, name: &str, port: u16, purge_port: u16) -> Result<Self, AnyError> {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("jaeger_diff.{name}.log"));
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
                return Ok(Self { client, purge_port, _process: process });
            }
            clock.sleep(BETWEEN_TRIES).await;
        }
        Err(format!("{} did not become ready, see {}", command.get_program().display(), log.display()).into())
    }

    /// Makes it forget everything.
    pub(crate) async fn purge(&self) -> Result<(), AnyError> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.purge_port)).await?;
        let request =
            b"POST /purge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(format!("purge: {answer}").into()) }
    }
}

fn free_port() -> Result<u16, AnyError> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
