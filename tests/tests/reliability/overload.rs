//! More to do than can be done: an engine that takes half a second for every answer, and one that is gone.

mod gone;
mod push;

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_testkit::FaultRates;
use jaeger_dynamodb_tests::{AnyError, ServerProcess, tokio_clock};

use crate::cloud::{Cloud, holds_at_each};
use crate::exporter::{Exporters, Pace, Target, send};
use crate::figures::{Figures, median, megabytes};
use crate::ledger::Ledger;
use crate::settings::{is_long, seed, told};
use push::{Pushed, Pushers};

const SLOW: FaultRates = FaultRates { delay: Duration::from_millis(500), ..FaultRates::ZERO };
const FLAGS: [&str; 3] = ["--window=5s", "--window-grace=5s", "--archive-listen=off"];
const PUSHERS: usize = 128;

/// Whose messages are looked for afterwards, in the crowd of the others.
const PACE: Pace = Pace { exporters: 4, pause: Duration::from_millis(50), messages: u64::MAX };

const MOST_GROWTH: u64 = 64 << 20;

/// Wide enough for a machine that is busy with something else.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_and_callers_are_refused_at_once_while_the_engine_is_slow() -> Result<(), AnyError> {
    let seed = seed();
    let (first, last) = if is_long() { (10, 60) } else { (4, 14) };
    told(seed, run(seed, Duration::from_secs(first), Duration::from_secs(last)).await)
}

async fn run(seed: u64, first: Duration, last: Duration) -> Result<(), AnyError> {
    let cloud = Cloud::new(seed).await?;
    let server = cloud.server("server", &FLAGS).await?;
    let rss_at_rest = server.rss_bytes()?;
    let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
    target.set(&[server.grpc_address()])?;
    cloud.inject(SLOW);
    let exporters = Exporters::start(&ledger, &target, PACE);
    let pushers = Pushers::start(server.grpc_address(), PUSHERS, seed)?;
    tokio_clock().sleep(first).await;
    let rss_first = server.rss_bytes()?;
    tokio_clock().sleep(last.saturating_sub(first)).await;
    let rss_last = server.rss_bytes()?;
    cloud.heal();
    let (anybody, newcomer) = tokio::join!(pushers.next_success(), first_success(&server, &ledger));
    let newcomer = newcomer?;
    let pushed = pushers.stop().await?;
    let tally = exporters.stop().await?;
    holds_at_each(&[&server], &ledger).await?;

    let mut figures =
        Figures::of(format!("engine answers after {:?}, {PUSHERS} callers for {last:?}", SLOW.delay));
    figures.add("large Exports acknowledged", pushed.acknowledged.len());
    figures.add_times("large Exports acknowledged after", &pushed.acknowledged);
    figures.add("sent back with UNAVAILABLE and RetryInfo", pushed.sent_back.len());
    figures.add_times("sent back after", &pushed.sent_back);
    figures.add("RSS at rest", megabytes(rss_at_rest));
    figures.add(
        &format!("RSS after {first:?} / {last:?}"),
        format!("{} / {}", megabytes(rss_first), megabytes(rss_last)),
    );
    figures.add("first success after the end of the fault", format!("{anybody:?}"));
    figures.add("and of who comes then, behind all that waits", format!("{newcomer:?}"));
    figures.add_tally(&tally);
    figures.print();
    pushed.is_as_promised()?;
    assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
    assert!(rss_last <= rss_first + MOST_GROWTH, "memory grows: {rss_first} then {rss_last}");
    assert!(anybody <= SOON, "the first success took {anybody:?}");
    server.stop().await
}

impl Pushed {
    fn is_as_promised(&self) -> Result<(), AnyError> {
        assert!(!self.acknowledged.is_empty(), "nothing large was ever taken");
        assert!(!self.sent_back.is_empty(), "nobody was refused: this was no overload");
        // On a machine with nothing else to do it is milliseconds, but this one may be busy with the callers.
        let (refused, taken) = (median(&self.sent_back), median(&self.acknowledged));
        assert!(refused < taken / 2, "refused after {refused:?}, taken after {taken:?}");
        if self.others.is_empty() { Ok(()) } else { Err(format!("other answers: {:?}", self.others).into()) }
    }
}

/// How long it takes until a message is acknowledged that is sent again and again from now on.
async fn first_success(server: &ServerProcess, ledger: &Ledger) -> Result<Duration, AnyError> {
    let clock = tokio_clock();
    let number = ledger.next();
    let channel = push::channel(server.grpc_address())?;
    while clock.monotonic() < SOON * 4 {
        if send(channel.clone(), crate::content::spans(number)).await.is_ok() {
            ledger.acknowledge(number);
            return Ok(clock.monotonic());
        }
        clock.sleep(Duration::from_millis(20)).await;
    }
    Err(format!("nothing is taken any more:\n{}", server.log_tail()).into())
}
