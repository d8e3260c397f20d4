//! The built binary against a real receiver.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod receiver;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{BufRead as _, BufReader},
    process::{Command, Output, Stdio},
    time::Duration,
};

use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_loadgen::{Arrivals, Load, Workload, calls_between_services};
use serde_json::Value;

use receiver::{Answer, Receiver, span_ids};

/// About 2000 spans in requests of 100.
const LOAD: [&str; 5] = ["--seed=7", "--spans-per-second=1000", "--duration=2s", "--batch-spans=100", FAST];

const FAST: &str = "--as-fast-as-possible";

fn loadgen(url: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jaeger-dynamodb-loadgen"));
    command.env_clear().args(["--endpoint", url]).args(LOAD).args(flags);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit code, stdout and stderr. The receiver has threads of its own, so this may block.
fn run(url: &str, flags: &[&str]) -> (Option<i32>, String, String) {
    texts(&loadgen(url, flags).output().unwrap())
}

fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The load of these tests, but for its times.
fn expected_load() -> Arrivals {
    let (spans_per_second, duration) = (1000, Duration::from_secs(2));
    let load = Load { spans_per_second, duration, start: UnixNanos::from_secs(1_760_000_000) };
    Workload::demo(7).arrivals(load)
}

fn expected_ids() -> HashSet<Vec<u8>> {
    expected_load().flat_map(|arrival| span_ids(&arrival.request)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_span_is_acknowledged_exactly_once_though_requests_are_sent_again() {
    let receiver = Receiver::start(|attempt| match attempt {
        0..6 => Answer::TryAgainAfter(Duration::from_millis(20)),
        _ => Answer::Accept,
    })
    .await;
    let (code, stdout, stderr) = run(receiver.url(), &["--connections=2", "--max-in-flight=4"]);
    let (ids, expected) = (receiver.accepted(), expected_ids());
    let count = expected.len();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(ids.len(), count, "a span came twice or not at all");
    assert_eq!(ids.into_iter().collect::<HashSet<_>>(), expected);
    let spans = format!("spans     {count} sent: {count} acknowledged, 0 refused, 0 failed\n");
    let requests = format!("requests  {} sent, 6 retries, in ", count.div_ceil(100));
    assert!(stdout.contains(&spans) && stdout.contains(&requests), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_sent_twice_if_it_is_to_be_repeated() {
    let receiver = Receiver::start(|_| Answer::Accept).await;
    let (code, stdout, stderr) = run(receiver.url(), &["--repeat-after=5s"]);
    assert_eq!(code, Some(0), "{stderr}");
    let mut times = HashMap::new();
    receiver.accepted().into_iter().for_each(|id| *times.entry(id).or_insert(0) += 1);
    assert_eq!(times, expected_ids().into_iter().map(|id| (id, 2)).collect::<HashMap<_, _>>());
    assert!(stdout.starts_with(&format!("spans     {} sent: ", 2 * times.len())), "{stdout}");
}

#[test]
fn calls_are_printed_without_anything_being_sent() {
    let (code, stdout, stderr) = run("http://127.0.0.1:1", &["--print-calls"]);
    assert_eq!(code, Some(0), "{stderr}");
    let rows: Vec<Value> = serde_json::from_str(&stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let calls = rows
        .iter()
        .map(|row| ((text(&row["parent"]), text(&row["child"])), row["callCount"].as_u64().unwrap()));
    assert_eq!(calls.collect::<BTreeMap<_, _>>(), calls_between_services(expected_load()));
    assert!(rows.len() > 20, "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_that_the_server_rejects_are_counted_and_fail_the_run() {
    let receiver = Receiver::start(|attempt| match attempt {
        0 => Answer::Reject(30),
        1 => Answer::Invalid,
        _ => Answer::Accept,
    })
    .await;
    let (code, stdout, stderr) = run(receiver.url(), &["--max-in-flight=1"]);
    let count = expected_ids().len();
    assert_eq!(code, Some(1), "{stderr}");
    let spans = format!("spans     {count} sent: {} acknowledged, 130 refused, 0 failed\n", count - 130);
    assert!(stdout.contains(&spans), "{stdout}");
    let sentence = format!("error: 130 of {count} spans were not acknowledged: 130 were refused, 0 failed");
    assert!(stderr.contains(&sentence) && stderr.contains("the first time: some are bad"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_grew_too_old_has_failed() {
    let receiver = Receiver::start(|attempt| match attempt {
        0..3 => Answer::TryAgainAfter(Duration::from_millis(300)),
        _ => Answer::Accept,
    })
    .await;
    let (code, stdout, stderr) = run(receiver.url(), &["--max-in-flight=1", "--retry=800ms"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stdout.contains(" 0 refused, 100 failed\n") && stdout.contains(" 2 retries"), "{stdout}");
    assert!(stderr.contains("Unavailable: full"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_run_with_what_is_in_flight_and_a_summary() {
    let receiver = Receiver::start(|_| Answer::AcceptWhenReleased).await;
    let mut child = loadgen(receiver.url(), &["--max-in-flight=1"]).spawn().unwrap();
    receiver.someone_waits().await;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_heard = |line: Result<String, _>| line.unwrap().contains("nothing more is sent");
    assert!(log.any(is_heard));
    receiver.release();
    let (code, stdout, _) = texts(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.starts_with("spans     100 sent: 100 acknowledged, 0 refused, 0 failed\n"), "{stdout}");
    assert!(stdout.contains(" s, interrupted\n"), "{stdout}");
    assert_eq!(receiver.accepted().len(), 100);
}

#[test]
fn a_receiver_that_is_not_there_is_named() {
    let (code, stdout, stderr) = run("http://127.0.0.1:1", &[]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("error: cannot connect to --endpoint http://127.0.0.1:1\n"), "{stderr}");
}
