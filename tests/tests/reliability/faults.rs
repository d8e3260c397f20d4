//! An engine that throttles, fails, and cuts connections after it has carried a request out.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_testkit::FaultRates;
use jaeger_dynamodb_tests::{AnyError, ServerProcess};

use crate::cloud::{Cloud, holds_at_each};
use crate::exporter::{Exporters, Pace, Tally, Target};
use crate::figures::Figures;
use crate::law::Law;
use crate::ledger::Ledger;
use crate::settings::{seed, told};

const MESSAGES: u64 = 5_000;

/// Few enough that a commit has few messages: each of its requests is another chance to lose some.
const PACE: Pace = Pace { exporters: 24, pause: Duration::from_millis(5), messages: MESSAGES };

const FLAGS: [&str; 4] = ["--window=5s", "--window-grace=5s", "--job=in-process", "--archive-listen=off"];

/// Of ten thousand messages, at most so many are refused.
const MOST_REFUSED: u64 = 50;

/// Slices that are read while the engine still fails.
const READ_IN_TROUBLE: usize = 10;

/// What one run has cost.
struct Cost {
    tally: Tally,
    all_units: f64,
    units_of_writes: f64,
    units_known: f64,
    commits: f64,
    retries: f64,
    late: f64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_of_all_requests_fails() -> Result<(), AnyError> {
    let seed = seed();
    let zero = FaultRates::ZERO;
    let cases = [
        ("30 % throttled", FaultRates { throttle: 30, ..zero }),
        ("30 % HTTP 500", FaultRates { http_500: 30, ..zero }),
        ("30 % executed, then cut", FaultRates { cut_after: 30, ..zero }),
        ("10 % of each", FaultRates { throttle: 10, http_500: 10, cut_after: 10, ..zero }),
    ];
    let calm = told(seed, run("no faults", zero, seed).await)?;
    for (name, rates) in cases {
        let outcome = run(name, rates, seed).await.map_err(|error| format!("{name}: {error}").into());
        let cost = told(seed, outcome)?;
        cost.print(name, &calm);
        assert!(cost.retries > 0.0, "nothing was tried again");
        let refused = cost.tally.refused * 10_000 / cost.tally.messages();
        assert!(refused <= MOST_REFUSED, "{refused} of 10 000 were refused: {:?}", cost.tally.reasons);
    }
    Ok(())
}

async fn run(name: &str, rates: FaultRates, seed: u64) -> Result<Cost, AnyError> {
    let cloud = Cloud::new(seed).await?;
    let server = cloud.server("writer", &FLAGS).await?;
    let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
    let before = cloud.write_units();
    cloud.inject(rates);
    target.set(&[server.grpc_address()])?;
    let tally = Exporters::start(&ledger, &target, PACE).finish().await?;
    let cost = Cost::of(tally, &cloud, before, &server).await?;

    let mut law = Law::of(server.grpc_address()).await?;
    let outcome = law.holds_for(&ledger, ledger.slices().take(READ_IN_TROUBLE)).await;
    outcome.map_err(|error| format!("read in trouble: {error}\n{}", server.log_tail()))?;
    cloud.heal();
    let other = cloud.server("reader", &FLAGS).await?;
    holds_at_each(&[&other], &ledger).await?;
    assert!(cost.tally.wrong.is_empty(), "{name}: {:?}", cost.tally.wrong);
    assert_eq!(cost.tally.without_retry_info, 0, "{name}: refused without a time to come again");
    server.stop().await?;
    other.stop().await?;
    Ok(cost)
}

// === impl Cost ===

impl Cost {
    async fn of(
        tally: Tally,
        cloud: &Cloud,
        before: (f64, f64),
        server: &ServerProcess,
    ) -> Result<Self, AnyError> {
        let (all_units, units_of_writes) = cloud.write_units();
        Ok(Self {
            tally,
            all_units: all_units - before.0,
            units_of_writes: units_of_writes - before.1,
            units_known: server.metric("jaeger_dynamodb_write_units_total").await?,
            commits: server.metric("jaeger_dynamodb_commits_total").await?,
            retries: server.metric("jaeger_dynamodb_retries_total").await?,
            late: server.metric("jaeger_dynamodb_late_commits_total").await?,
        })
    }

    fn print(&self, name: &str, calm: &Self) {
        let mut figures = Figures::of(format!("{name} of the requests to the engine"));
        figures.add_tally(&self.tally);
        figures.add("requests tried again by the server", self.retries);
        figures.add("commits / put again late", format!("{} / {}", self.commits, self.late));
        let (all, of_writes) = (self.all_units, self.units_of_writes);
        figures.add("WRU, all / of writes", format!("{all:.0} / {of_writes:.0}"));
        figures.add("without faults", format!("{:.0} / {:.0}", calm.all_units, calm.units_of_writes));
        let in_vain = all - self.units_known;
        let extra = 100.0 * in_vain / self.units_known;
        figures.add(
            "WRU of requests whose answer the server never saw",
            format!("{in_vain:.0} ({extra:+.1} %)"),
        );
        figures.print();
    }
}
