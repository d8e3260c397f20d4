//! A writer that is suspended in the middle of writes for longer than a window and its grace, while another server reads,
//! so that it takes the window for final, and derives.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use jaeger_dynamodb_tests::{AnyError, ServerProcess, tokio_clock};

use crate::cloud::{Cloud, holds_at_each, metric};
use crate::exporter::{Exporters, Pace, Tally, Target};
use crate::figures::Figures;
use crate::law::Law;
use crate::ledger::Ledger;
use crate::settings::{seed, told};

/// So many pairs of servers at a time, each with so many naps of its writer.
const PAIRS: u64 = 5;
const NAPS: usize = 2;

/// Window and grace are over after 2 s, whenever in the window a nap began.
const NAP: Duration = Duration::from_millis(2_500);
const PACE: Pace = Pace { exporters: 6, pause: Duration::from_millis(5), messages: u64::MAX };

/// What a pair leaves behind.
struct Seen {
    tally: Tally,
    late: f64,
    derived_by_reader: f64,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_suspended_writer_acknowledges_afterwards_is_found_by_who_derives() -> Result<(), AnyError> {
    let derived = hold("in-process").await?;
    assert!(derived > 0.0, "the reader has derived nothing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_suspended_writer_acknowledges_afterwards_is_found_if_nobody_derives() -> Result<(), AnyError>
{
    let derived = hold("off").await?;
    assert!(derived <= 0.0, "something was derived");
    Ok(())
}

/// Expects it of all pairs; answers how many windows their readers have derived.
async fn hold(job: &str) -> Result<f64, AnyError> {
    let seed = seed();
    let pairs = (0..PAIRS).map(|pair| run(job, seed.wrapping_add(pair)));
    let all = told(seed, try_join_all(pairs).await)?;
    let (mut tally, mut late, mut derived) = (Tally::default(), 0.0, 0.0);
    for seen in all {
        tally.add(seen.tally);
        late += seen.late;
        derived += seen.derived_by_reader;
    }
    let mut figures = Figures::of(format!("{} × SIGSTOP for {NAP:?}, job {job}", PAIRS * NAPS as u64));
    figures.add_tally(&tally);
    figures.add("commits put again late", late);
    figures.add("windows derived by the reader", derived);
    figures.print();
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    // Its put was late, or its answer was.
    assert!(late > 0.0 || tally.retried > 0, "no nap fell on a commit");
    Ok(derived)
}

async fn run(job: &str, seed: u64) -> Result<Seen, AnyError> {
    let mut random = fastrand::Rng::with_seed(seed);
    let cloud = Cloud::new(seed).await?;
    let flags = ["--window=1s", "--window-grace=1s", "--job", job, "--archive-listen=off"];
    let (writer, reader) = (cloud.server("writer", &flags).await?, cloud.server("reader", &flags).await?);
    let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
    target.set(&[writer.grpc_address()])?;
    let exporters = Exporters::start(&ledger, &target, PACE);
    for nap in 0..NAPS {
        tokio_clock().sleep(Duration::from_millis(random.u64(500..1_500))).await;
        writer.signal("STOP")?;
        let outcome = read_all_the_while(&reader, &ledger).await;
        writer.signal("CONT")?;
        outcome.map_err(|error| format!("nap {nap}: {error}\n{}", reader.log_tail()))?;
    }
    tokio_clock().sleep(Duration::from_millis(500)).await;
    let tally = exporters.stop().await?;
    holds_at_each(&[&reader, &writer], &ledger).await?;
    // And what was open has been closed and derived.
    tokio_clock().sleep(NAP).await;
    holds_at_each(&[&reader, &writer], &ledger).await?;
    let late = metric(&[&writer], "jaeger_dynamodb_late_commits_total").await?;
    let derived_by_reader = metric(&[&reader], "jaeger_dynamodb_windows_derived_total").await?;
    Ok(Seen { tally, late, derived_by_reader })
}

/// Until the nap is over, and once more right at its end.
async fn read_all_the_while(reader: &ServerProcess, ledger: &Ledger) -> Result<(), AnyError> {
    let clock = tokio_clock();
    let mut law = Law::of(reader.grpc_address()).await?;
    while clock.monotonic() < NAP {
        let newest = ledger.slices().rev().take(3);
        law.holds_for(ledger, newest).await?;
        clock.sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
