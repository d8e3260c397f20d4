//! The engine gone for a while: the probes tell, callers are sent back, and all goes on when it returns.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, ServerProcess, tokio_clock};

use super::{FLAGS, SOON, first_success};
use crate::cloud::{Cloud, holds_at_each};
use crate::exporter::{Exporters, Pace, Target};
use crate::figures::{Figures, megabytes};
use crate::ledger::Ledger;
use crate::settings::{is_long, seed, told};

const PACE: Pace = Pace { exporters: 16, pause: Duration::from_millis(20), messages: u64::MAX };

/// What the probes have told while the engine was gone.
struct Told {
    unready_after: Duration,
    reason: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_tell_of_an_engine_that_is_gone_and_all_goes_on_when_it_is_back() -> Result<(), AnyError> {
    let seed = seed();
    told(seed, run(seed, Duration::from_secs(if is_long() { 60 } else { 20 })).await)
}

async fn run(seed: u64, outage: Duration) -> Result<(), AnyError> {
    let cloud = Cloud::new(seed).await?;
    let server = cloud.server("server", &FLAGS).await?;
    let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
    target.set(&[server.grpc_address()])?;
    let exporters = Exporters::start(&ledger, &target, PACE);
    let clock = tokio_clock();
    clock.sleep(Duration::from_secs(1)).await;
    let calm = exporters.take_tally();
    assert!(calm.refused == 0 && calm.acknowledged > 0, "{:?}", calm.reasons);
    let rss_before = server.rss_bytes()?;
    cloud.engine.go_away(outage);
    let told = watch(&server, outage).await.map_err(|error| format!("{error}\n{}", server.log_tail()))?;
    let rss_after = server.rss_bytes()?;
    // Whatever a late turn of this test has left of it.
    cloud.engine.go_away(Duration::ZERO);
    let success_after = first_success(&server, &ledger).await?;
    let ready_after = success_after + until_ready(&server).await?;
    let tally = exporters.stop().await?;
    holds_at_each(&[&server], &ledger).await?;

    let mut figures = Figures::of(format!("engine gone for {outage:?}"));
    figures.add("/ready is 503 after", format!("{:?}, {:?}", told.unready_after, told.reason));
    figures.add("first success after its return", format!("{success_after:?}"));
    figures.add("/ready is 200 after its return", format!("{ready_after:?}"));
    figures.add("RSS before / at the end", format!("{} / {}", megabytes(rss_before), megabytes(rss_after)));
    figures.add_times("sent back after", &tally.sent_back);
    figures.add_tally(&tally);
    figures.print();
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    assert_eq!(tally.without_retry_info, 0, "refused without a time to come again");
    assert!(success_after <= SOON && ready_after <= SOON, "{success_after:?}, {ready_after:?}");
    server.stop().await
}

/// Asks the probes until the outage is over.
async fn watch(server: &ServerProcess, outage: Duration) -> Result<Told, AnyError> {
    let clock = tokio_clock();
    let mut told = None;
    while clock.monotonic() < outage {
        let (live, _) = server.live().await?;
        let (ready, reason) = server.ready().await?;
        let now = clock.monotonic();
        if live != 200 {
            return Err(format!("/live is {live} after {now:?}").into());
        }
        match (&told, ready) {
            (None, 503) => told = Some(Told { unready_after: now, reason: reason.trim().to_owned() }),
            // One answer may have been on its way when the engine came back.
            (Some(_), 200) if now + Duration::from_secs(1) < outage => {
                return Err(format!("/ready is 200 after {now:?}").into());
            }
            _ => {}
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
    told.ok_or_else(|| "/ready has never become 503".into())
}

async fn until_ready(server: &ServerProcess) -> Result<Duration, AnyError> {
    let clock = tokio_clock();
    while server.ready().await?.0 != 200 {
        if clock.monotonic() > SOON * 2 {
            return Err(format!("it does not become ready again:\n{}", server.log_tail()).into());
        }
        clock.sleep(Duration::from_millis(20)).await;
    }
    Ok(clock.monotonic())
}
