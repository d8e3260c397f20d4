//! The example plugin as a process, treated as hosts treat it.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint};

use generated::grpc_broker_client::GrpcBrokerClient;
use generated::grpc_controller_client::GrpcControllerClient;
use generated::grpc_stdio_client::GrpcStdioClient;
use generated::{ConnInfo, Empty};

#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::clone_on_ref_ptr,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code: its shape is not ours"
)]
mod generated {
    // Not as a module's file: rustfmt would format it.
    include!("../src/gen/plugin.rs");
}

const EXAMPLE: &str = env!("CARGO_BIN_EXE_echo-plugin");

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A running plugin whose socket has a folder of its own.
struct Plugin {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    line: String,
    folder: TempDir,
}

fn hosted(mut command: Command, folder: &Path) -> Command {
    command.env_clear().env("ECHO_PLUGIN", "hello").env("PLUGIN_PROTOCOL_VERSIONS", "1,2,3");
    command.env("TMPDIR", folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn command(folder: &Path) -> Command {
    hosted(Command::new(EXAMPLE), folder)
}

fn start() -> Outcome<Plugin> {
    let folder = tempfile::tempdir()?;
    let child = command(folder.path()).spawn()?;
    Plugin::of(child, folder)
}

fn signal(name: &str, process: u32) -> Outcome {
    let sent = Command::new("kill").args([name, &process.to_string()]).status()?;
    if sent.success() { Ok(()) } else { Err(format!("kill {name} {process}").into()) }
}

fn entries(folder: &Path) -> Outcome<usize> {
    Ok(std::fs::read_dir(folder)?.count())
}

// === impl Plugin ===

impl Plugin {
    fn of(mut child: Child, folder: TempDir) -> Outcome<Self> {
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        Ok(Self { child, stdout, line, folder })
    }

    async fn connect(&self) -> Outcome<Channel> {
        let path = self.line.split('|').nth(3).ok_or("no address")?;
        Ok(Endpoint::from_shared(format!("unix://{path}"))?
            .timeout(Duration::from_secs(10))
            .connect()
            .await?)
    }

    /// How it ended, what it wrote to stdout after the handshake line, and what to stderr.
    fn ended(mut self) -> Outcome<(ExitStatus, String, String)> {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout)?;
        self.child.stderr.take().ok_or("no stderr")?.read_to_string(&mut stderr)?;
        let status = self.child.wait()?;
        assert_eq!(entries(self.folder.path())?, 0, "a socket is left: {stderr}");
        Ok((status, stdout, stderr))
    }
}

/// A refusal has no line for the host's handshake and leaves no socket. What it writes to stderr is the result.
fn refusal(output: Output, folder: &Path) -> Outcome<String> {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_eq!(entries(folder)?, 0);
    Ok(String::from_utf8(output.stderr)?)
}

#[test]
fn started_by_hand_it_says_one_sentence_and_exits_with_1() -> Outcome {
    let folder = tempfile::tempdir()?;
    for cookie in [None, Some("goodbye")] {
        let mut command = command(folder.path());
        command.env_remove("ECHO_PLUGIN").envs(cookie.map(|cookie| ("ECHO_PLUGIN", cookie)));
        let stderr = refusal(command.output()?, folder.path())?;
        assert!(stderr.starts_with("this program is a plugin, of no use by itself"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    Ok(())
}

#[test]
fn what_it_cannot_do_for_a_host_is_an_error_in_the_hosts_log() -> Outcome {
    let folder = tempfile::tempdir()?;
    let missing = folder.path().join("missing");
    for (variable, value, expected) in [
        ("PLUGIN_PROTOCOL_VERSIONS", "7", "the plugin version 1,2"),
        ("PLUGIN_CLIENT_CERT", "-----BEGIN", "set AutoMTLS to false"),
        ("PLUGIN_UNIX_SOCKET_GROUP", "no such group", "not in /etc/group"),
        ("PLUGIN_UNIX_SOCKET_DIR", missing.to_str().ok_or("no text")?, "with PLUGIN_UNIX_SOCKET_DIR"),
    ] {
        let output = command(folder.path()).env(variable, value).output()?;
        let stderr = refusal(output, folder.path())?;
        let errors: Vec<_> = stderr.lines().filter(|line| line.contains(r#""@level":"error""#)).collect();
        assert!(matches!(errors[..], [line] if line.contains(expected)), "{stderr}");
    }
    Ok(())
}

#[tokio::test]
async fn it_answers_at_once_after_the_one_line_on_stdout() -> Outcome {
    let plugin = start()?;
    let folder = plugin.folder.path().to_str().ok_or("no text")?;
    let address = plugin.line.strip_prefix("1|2|unix|").and_then(|rest| rest.strip_suffix("|grpc|\n"));
    let name = address.and_then(|path| path.strip_prefix(folder)).ok_or(plugin.line.clone())?;
    assert!(name.starts_with("/plugin"), "{name}");

    let mut health = tonic_health::pb::health_client::HealthClient::new(plugin.connect().await?);
    for service in ["plugin", ""] {
        let request = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(request).await?.into_inner().status, 1, "{service}");
    }
    signal("-TERM", plugin.child.id())?;
    let (status, stdout, stderr) = plugin.ended()?;
    assert_eq!((status.code(), stdout.as_str()), (Some(0), ""), "{stderr}");
    Ok(())
}

#[test]
fn a_host_that_asks_for_multiplexing_is_told_that_there_is_none() -> Outcome {
    let folder = tempfile::tempdir()?;
    let child = command(folder.path()).env("PLUGIN_MULTIPLEX_GRPC", "true").spawn()?;
    let plugin = Plugin::of(child, folder)?;
    assert!(plugin.line.ends_with("|grpc||false\n"), "{}", plugin.line);
    signal("-TERM", plugin.child.id())?;
    plugin.ended().map(drop)
}

/// The text that the plugin's own service answers.
async fn echo(channel: Channel, text: &str) -> Result<String, tonic::Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| tonic::Status::unavailable(error.to_string()))?;
    let codec = tonic_prost::ProstCodec::<String, String>::default();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static("/echo.Echo/Say");
    Ok(client.unary(tonic::Request::new(text.to_owned()), path, codec).await?.into_inner())
}

#[tokio::test]
async fn shutdown_flushes_answers_and_ends_it_although_the_hosts_streams_are_open() -> Outcome {
    let folder = tempfile::tempdir()?;
    let child = command(folder.path()).env("ECHO_FLUSH", "300").spawn()?;
    let plugin = Plugin::of(child, folder)?;
    let channel = plugin.connect().await?;
    let mut stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await?.into_inner();
    let offers = futures::stream::iter([ConnInfo { service_id: 1, ..ConnInfo::default() }]);
    let offers = futures::StreamExt::chain(offers, futures::stream::pending());
    let mut broker = GrpcBrokerClient::new(channel.clone()).start_stream(offers).await?.into_inner();

    let mut controller = GrpcControllerClient::new(channel.clone());
    let asked = Instant::now();
    let shutdown = tokio::spawn(async move { controller.shutdown(Empty {}).await.map(|_| Instant::now()) });
    // While it flushes, it serves.
    tokio::time::timeout(Duration::from_millis(100), std::future::pending::<()>()).await.unwrap_err();
    assert_eq!(echo(channel, "still here").await?, "still here");
    let answered = shutdown.await??;
    assert!(answered - asked >= Duration::from_millis(300), "answered before all is written");

    assert!(stdio.message().await?.is_none() && broker.message().await?.is_none());
    let (status, _, stderr) = plugin.ended()?;
    assert!(answered.elapsed() < Duration::from_secs(2), "{:?}", answered.elapsed());
    assert!(status.success() && stderr.contains("all is written"), "{stderr}");
    Ok(())
}

#[tokio::test]
async fn a_flush_without_end_is_left_after_its_time() -> Outcome {
    let folder = tempfile::tempdir()?;
    let child = command(folder.path()).env("ECHO_FLUSH", "60000").spawn()?;
    let plugin = Plugin::of(child, folder)?;
    let began = Instant::now();
    GrpcControllerClient::new(plugin.connect().await?).shutdown(Empty {}).await?;
    let (status, _, stderr) = plugin.ended()?;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(status.success() && stderr.contains("flushing takes too long"), "{stderr}");
    Ok(())
}

#[tokio::test]
async fn a_panic_is_one_error_line_and_the_plugin_goes_on() -> Outcome {
    let plugin = start()?;
    let channel = plugin.connect().await?;
    echo(channel, "panic").await.err().ok_or("no panic")?;
    assert_eq!(echo(plugin.connect().await?, "alive").await?, "alive");
    signal("-TERM", plugin.child.id())?;
    let (_, stdout, stderr) = plugin.ended()?;
    let panics: Vec<_> = stderr.lines().filter(|line| line.contains("asked to panic")).collect();
    assert!(matches!(panics[..], [line] if line.contains(r#""@level":"error""#)), "{stderr}");
    assert!(stdout.is_empty() && stderr.lines().all(|line| line.starts_with('{')), "{stderr}");
    Ok(())
}

#[tokio::test]
async fn sigint_is_ignored() -> Outcome {
    let mut plugin = start()?;
    for _ in 0..3 {
        signal("-INT", plugin.child.id())?;
        assert_eq!(echo(plugin.connect().await?, "alive").await?, "alive");
    }
    assert!(plugin.child.try_wait()?.is_none());
    signal("-TERM", plugin.child.id())?;
    let (status, _, stderr) = plugin.ended()?;
    assert!(status.success() && stderr.contains("Terminated"), "{stderr}");
    Ok(())
}

#[test]
fn a_plugin_whose_host_is_killed_is_gone_within_three_seconds() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut host = hosted(Command::new("/bin/sh"), folder.path());
    let host = host.args(["-c", "\"$0\" & wait"]).arg(EXAMPLE).spawn()?;
    let mut plugin = Plugin::of(host, folder)?;
    assert_eq!(entries(plugin.folder.path())?, 1);
    plugin.child.kill()?;
    let killed = Instant::now();
    while entries(plugin.folder.path())? > 0 {
        assert!(killed.elapsed() < Duration::from_secs(3), "the socket is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The end of stdout is the end of the last process that has it.
    plugin.stdout.read_to_string(&mut String::new())?;
    assert!(killed.elapsed() < Duration::from_secs(3), "{:?}", killed.elapsed());
    let (_, _, stderr) = plugin.ended()?;
    assert!(stderr.contains("HostGone") && stderr.contains("all is written"), "{stderr}");
    Ok(())
}

#[tokio::test]
async fn fifty_starts_and_stops_leave_nothing() -> Outcome {
    for round in 0..50 {
        let plugin = start()?;
        if round % 2 == 0 {
            GrpcControllerClient::new(plugin.connect().await?).shutdown(Empty {}).await?;
        } else {
            signal("-TERM", plugin.child.id())?;
        }
        let (status, stdout, stderr) = plugin.ended()?;
        assert!(status.success() && stdout.is_empty(), "{round}: {stderr}");
    }
    Ok(())
}
