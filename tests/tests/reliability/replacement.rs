//! Two servers on one engine, both writing, sealing and deriving, of which one is killed and replaced over and over.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, ServerProcess, tokio_clock};

use crate::cloud::{Cloud, holds_at_each, metric};
use crate::exporter::{Exporters, Pace, Target};
use crate::figures::{Figures, megabytes};
use crate::law::Law;
use crate::ledger::Ledger;
use crate::settings::{is_long, seed, told};

const FLAGS: [&str; 3] = ["--window=1s", "--window-grace=1s", "--archive-listen=off"];
const PACE: Pace = Pace { exporters: 4, pause: Duration::from_millis(30), messages: u64::MAX };

/// The newest slices, and earlier ones by chance, that are checked through the other server each time.
const NEWEST: usize = 4;
const EARLIER: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_servers_is_replaced_over_and_over() -> Result<(), AnyError> {
    let seed = seed();
    told(seed, run(seed, if is_long() { 60 } else { 20 }).await)
}

async fn run(seed: u64, replacements: usize) -> Result<(), AnyError> {
    let mut random = fastrand::Rng::with_seed(seed);
    let cloud = Cloud::new(seed).await?;
    let mut servers = vec![cloud.server("0", &FLAGS).await?, cloud.server("1", &FLAGS).await?];
    let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
    target.set(&addresses(&servers))?;
    let exporters = Exporters::start(&ledger, &target, PACE);
    let (mut starts, mut derived, mut lost) = (Vec::new(), 0.0, 0.0);
    for replacement in 0..replacements {
        tokio_clock().sleep(Duration::from_millis(random.u64(700..1_700))).await;
        let killed = servers.remove(0);
        derived += killed.metric("jaeger_dynamodb_windows_derived_total").await?;
        lost += killed.metric("jaeger_dynamodb_runs_lost_total").await?;
        killed.kill()?;
        target.set(&addresses(&servers))?;
        let outcome = check_some(&servers, &ledger, &mut random).await;
        outcome.map_err(|error| format!("replacement {replacement}: {error}"))?;
        let new = cloud.server(&format!("{}", replacement + 2), &FLAGS).await?;
        starts.push(new.start_took());
        servers.push(new);
        target.set(&addresses(&servers))?;
    }
    let tally = exporters.stop().await?;
    let both: Vec<_> = servers.iter().collect();
    let laws = holds_at_each(&both, &ledger).await?;
    derived += metric(&both, "jaeger_dynamodb_windows_derived_total").await?;
    lost += metric(&both, "jaeger_dynamodb_runs_lost_total").await?;

    let mut figures = Figures::of(format!("one of two servers killed and replaced {replacements} times"));
    figures.add_tally(&tally);
    figures.add_times("spawn to ready", &starts);
    figures.add("windows derived / runs that came second", format!("{derived} / {lost}"));
    for (server, law) in both.iter().zip(&laws) {
        figures.add_times("question to whole answer", law.latencies());
        figures.add("RSS", megabytes(server.rss_bytes()?));
    }
    figures.print();
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    assert!(derived > 0.0, "no window was derived");
    Ok(())
}

/// Through the one that is there, while exporters send to it.
async fn check_some(
    servers: &[ServerProcess],
    ledger: &Ledger,
    random: &mut fastrand::Rng,
) -> Result<(), AnyError> {
    let server = servers.first().ok_or("no server is left")?;
    let all = ledger.slices();
    let newest = all.clone().rev().take(NEWEST);
    let earlier: Vec<_> = (0..EARLIER).map(|_| random.u64(..all.end.max(1))).collect();
    let outcome = Law::of(server.grpc_address()).await?.holds_for(ledger, newest.chain(earlier)).await;
    outcome.map_err(|error| format!("{error}\n{}", server.log_tail()).into())
}

fn addresses(servers: &[ServerProcess]) -> Vec<std::net::SocketAddr> {
    servers.iter().map(ServerProcess::grpc_address).collect()
}
