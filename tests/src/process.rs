//! The built server as a process: started, asked, stopped, killed, suspended.

mod http;
mod log;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::Clock;
use tempfile::NamedTempFile;

use crate::{AnyError, resident_kibibytes, tokio_clock};
use http::get;
use log::Addresses;

/// Longer than any start or orderly end takes, also on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// What every server is set to unless its flags say otherwise.
const SETTINGS: [(&str, &str); 3] = [
    ("JAEGER_DYNAMODB_LISTEN", "127.0.0.1:0"),
    ("JAEGER_DYNAMODB_ARCHIVE_LISTEN", "127.0.0.1:0"),
    ("JAEGER_DYNAMODB_HTTP_LISTEN", "127.0.0.1:0"),
];

/// A server that runs until this is dropped. A test's own requests to it are no business of this type.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    log: NamedTempFile,
    addresses: Addresses,
    start_took: Duration,
    clock: Arc<dyn Clock>,
}

// === impl ServerProcess ===

impl ServerProcess {
    /// Starts the server that the environment names as `SERVER`, else the one that was built last with the profile
    /// `ci`, on ports that are free, and waits until it is ready.
    ///
    /// # Errors
    /// With its log, when it does not become ready.
    pub async fn start(flags: &[&str]) -> Result<Self, AnyError> {
        Self::start_as("local", flags).await
    }

    /// The same with an access key of its own, by which an engine can tell it from other servers.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_as(access_key: &str, flags: &[&str]) -> Result<Self, AnyError> {
        let log = NamedTempFile::new()?;
        let clock = tokio_clock();
        let began = clock.monotonic();
        let mut command = command(access_key, flags);
        command.stdout(Stdio::null()).stderr(log.reopen()?);
        let child =
            command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        // From here on it is ended by a drop.
        let unknown = Addresses::UNKNOWN;
        let mut server = Self { child, log, addresses: unknown, start_took: Duration::ZERO, clock };
        while server.clock.monotonic() - began < PATIENCE {
            if let Some(addresses) = log::addresses(&server.log()?) {
                server.addresses = addresses;
                server.start_took = server.clock.monotonic() - began;
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() {
                break;
            }
            server.clock.sleep(BETWEEN_LOOKS).await;
        }
        Err(format!("the server did not become ready:\n{}", server.log()?).into())
    }

    /// How long it took from spawning the process until it was ready.
    #[must_use]
    pub fn start_took(&self) -> Duration {
        self.start_took
    }

    /// Where it serves Jaeger's storage API and OTLP.
    #[must_use]
    pub fn grpc_address(&self) -> SocketAddr {
        self.addresses.grpc
    }

    /// Where it serves the archive, unless that is off.
    #[must_use]
    pub fn archive_address(&self) -> Option<SocketAddr> {
        self.addresses.archive
    }

    /// Where it serves probes and metrics.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.addresses.http
    }

    /// The id of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it takes now.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn rss_bytes(&self) -> Result<u64, AnyError> {
        Ok(resident_kibibytes(self.pid())? * 1024)
    }

    /// Sends the signal of this name, such as `STOP` and `CONT`.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn signal(&self, name: &str) -> Result<(), AnyError> {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status()?;
        if sent.success() { Ok(()) } else { Err(format!("cannot send SIG{name} to {}", self.pid()).into()) }
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended by itself before.
    pub fn kill(mut self) -> Result<(), AnyError> {
        if let Some(status) = self.child.try_wait()? {
            return Err(self.ended(status));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends SIGTERM and expects it to end in good order.
    ///
    /// # Errors
    /// With its log, when it ends otherwise or not at all.
    pub async fn stop(mut self) -> Result<(), AnyError> {
        self.signal("TERM")?;
        let began = self.clock.monotonic();
        while self.clock.monotonic() - began < PATIENCE {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.ended(status)),
                None => self.clock.sleep(BETWEEN_LOOKS).await,
            }
        }
        Err(format!("the server goes on after SIGTERM:\n{}", self.log()?).into())
    }

    /// Whether it still runs, or is suspended.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn is_alive(&mut self) -> Result<bool, AnyError> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// All that it has logged so far.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<String, AnyError> {
        Ok(String::from_utf8_lossy(&std::fs::read(self.log.path())?).into_owned())
    }

    /// The last lines of it, for the message of a test that fails.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.log().map_or_else(|error| error.to_string(), |log| log::tail(&log))
    }

    /// The sum of a metric over all its labels, 0 if it was never recorded.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn metric(&self, name: &str) -> Result<f64, AnyError> {
        let (status, text) = get(self.http_address(), "/metrics").await?;
        if status == 200 {
            Ok(log::sum(&text, name))
        } else {
            Err(format!("/metrics answered {status}").into())
        }
    }

    /// What it answers to the readiness probe: status and text.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn ready(&self) -> Result<(u16, String), AnyError> {
        get(self.http_address(), "/ready").await
    }

    /// What it answers to the liveness probe: status and text.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn live(&self) -> Result<(u16, String), AnyError> {
        get(self.http_address(), "/live").await
    }

    fn ended(&self, status: ExitStatus) -> AnyError {
        format!("the server ended with {status}:\n{}", self.log_tail()).into()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Nothing is left to do about a process that cannot be ended.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn command(access_key: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(flags).env_clear().envs(SETTINGS).envs(local_credentials(access_key));
    command
}

/// What a process needs in its environment to reach an engine, which knows it by its access key. Of no worth to anybody:
/// engines for tests accept any.
#[must_use]
pub fn local_credentials(access_key: &str) -> [(&'static str, &str); 4] {
    [
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", access_key),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test that no program reads")]
fn binary() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let named = std::env::var("SERVER").ok().filter(|path| !path.is_empty());
    workspace.join(named.as_deref().unwrap_or("target/ci/jaeger-dynamodb-server"))
}
