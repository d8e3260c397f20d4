//! An engine whose answers are dated wrongly, whose reads are stale, and one of whose partitions is slow.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_testkit::{DateShift, FaultRates, StaleReads};
use jaeger_dynamodb_tests::{AnyError, ServerProcess, tokio_clock};

use crate::cloud::{Cloud, holds_at_each, metric};
use crate::exporter::{Exporters, Pace, Tally, Target};
use crate::figures::Figures;
use crate::law::Law;
use crate::ledger::Ledger;
use crate::settings::{seed, told};

const PACE: Pace = Pace { exporters: 8, pause: Duration::from_millis(20), messages: 1_200 };

/// Longer than windows and their grace, so that all is derived that will be.
const UNTIL_DERIVED: Duration = Duration::from_secs(6);

/// What two servers have gone through.
struct Seen {
    tally: Tally,
    late: f64,
    derived: f64,
    latencies: Vec<Duration>,
}

#[tokio::test(flavor = "multi_thread")]
async fn single_answers_are_dated_minutes_off() -> Result<(), AnyError> {
    let seed = seed();
    let shift =
        FaultRates { shift_date: DateShift(300), shift_date_percent: 10, vary: true, ..FaultRates::ZERO };
    let cloud = Cloud::new(seed).await?;
    cloud.inject(shift);
    let seen = told(seed, run(&cloud, &["--window=2s", "--window-grace=2s"]).await)?;
    seen.print("10 % of the answers dated up to 5 minutes off");
    assert!(seen.late > 0.0, "no date was distrusted");
    assert!(seen.derived > 0.0, "no window was derived");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_answers_are_dated_minutes_off() -> Result<(), AnyError> {
    let seed = seed();
    for minutes in [-7, 7] {
        let shift = FaultRates { shift_date: DateShift(minutes * 60), ..FaultRates::ZERO };
        let cloud = Cloud::new(seed).await?;
        cloud.inject(shift);
        let seen = told(seed, run(&cloud, &["--window=2s", "--window-grace=2s"]).await)?;
        seen.print(&format!("all answers dated {minutes} minutes off"));
        assert!(seen.derived > 0.0, "no window was derived");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partition_in_four_is_slow_and_eventual_reads_are_stale() -> Result<(), AnyError> {
    let seed = seed();
    let stale = StaleReads { lag: Duration::from_secs(2), percent: 50, seed };
    let cloud = Cloud::with_stale_reads(stale).await?;
    cloud.inject(FaultRates { slow_partitions: 4, slow_by: Duration::from_millis(100), ..FaultRates::ZERO });
    let flags = ["--window=2s", "--window-grace=2s", "--settle=3s"];
    let seen = told(seed, run(&cloud, &flags).await)?;
    seen.print("1 partition in 4 slower by 100 ms, half of the eventual reads 2 s old");
    assert!(seen.derived > 0.0, "no window was derived");
    Ok(())
}

/// Two servers take messages and answer while they do, when they have, and when all is derived.
async fn run(cloud: &Cloud, flags: &[&str]) -> Result<Seen, AnyError> {
    let flags = [&["--archive-listen=off"], flags].concat();
    let (one, other) = (cloud.server("one", &flags).await?, cloud.server("other", &flags).await?);
    let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
    target.set(&[one.grpc_address(), other.grpc_address()])?;
    let exporters = Exporters::start(&ledger, &target, PACE);
    while ledger.sent() < PACE.messages {
        check_newest(&one, &ledger).await?;
        check_newest(&other, &ledger).await?;
        tokio_clock().sleep(Duration::from_millis(200)).await;
    }
    let tally = exporters.finish().await?;
    let both = [&one, &other];
    let mut laws = holds_at_each(&both, &ledger).await?;
    tokio_clock().sleep(UNTIL_DERIVED).await;
    laws.extend(holds_at_each(&both, &ledger).await?);
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    Ok(Seen {
        tally,
        late: metric(&both, "jaeger_dynamodb_late_commits_total").await?,
        derived: metric(&both, "jaeger_dynamodb_windows_derived_total").await?,
        latencies: laws.iter().flat_map(|law| law.latencies().to_vec()).collect(),
    })
}

async fn check_newest(server: &ServerProcess, ledger: &Ledger) -> Result<(), AnyError> {
    let newest = ledger.slices().rev().take(4);
    let outcome = Law::of(server.grpc_address()).await?.holds_for(ledger, newest).await;
    outcome.map_err(|error| format!("{error}\n{}", server.log_tail()).into())
}

// === impl Seen ===

impl Seen {
    fn print(&self, title: &str) {
        let mut figures = Figures::of(title);
        figures.add_tally(&self.tally);
        figures.add("commits put again", self.late);
        figures.add("windows derived", self.derived);
        figures.add_times("question to whole answer", &self.latencies);
        figures.print();
    }
}
