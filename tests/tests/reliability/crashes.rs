//! `kill -9` at any moment under load, on the embedded engine in a directory.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_tests::{AnyError, ServerProcess, tokio_clock};

use crate::exporter::{Exporters, Pace, Target};
use crate::figures::{Figures, median, megabytes};
use crate::law::Law;
use crate::ledger::Ledger;
use crate::settings::{seed, told};

const KILLS: usize = 50;

/// A server takes messages for so long at most.
const LONGEST_LIFE: Duration = Duration::from_millis(700);

/// Slices of former lives that are checked in each.
const EARLIER: usize = 5;

const PACE: Pace = Pace { exporters: 8, pause: Duration::from_millis(8), messages: u64::MAX };

/// What is archived is little.
const ARCHIVE_PACE: Pace = Pace { exporters: 1, pause: Duration::from_millis(40), messages: u64::MAX };

/// What one start after another is made with.
struct Crashes {
    directory: tempfile::TempDir,
    ledger: Arc<Ledger>,
    target: Target,
    archived: Arc<Ledger>,
    archive_target: Target,
    random: fastrand::Rng,
    starts: Vec<Duration>,
    windows_derived: f64,
    blocks_merged: f64,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_fifty_kills() -> Result<(), AnyError> {
    let seed = seed();
    told(seed, Crashes::new(seed)?.run().await)
}

impl Crashes {
    fn new(seed: u64) -> Result<Self, AnyError> {
        Ok(Self {
            directory: tempfile::tempdir()?,
            ledger: Arc::default(),
            target: Target::none(),
            archived: Arc::default(),
            archive_target: Target::none(),
            random: fastrand::Rng::with_seed(seed),
            starts: Vec::new(),
            windows_derived: 0.0,
            blocks_merged: 0.0,
        })
    }

    async fn run(mut self) -> Result<(), AnyError> {
        let exporters = Exporters::start(&self.ledger, &self.target, PACE);
        let archivists = Exporters::start(&self.archived, &self.archive_target, ARCHIVE_PACE);
        let mut checked = 0;
        for kill in 0..KILLS {
            let server = self.start().await?;
            let from = checked;
            checked = self.ledger.slices().end.saturating_sub(1);
            let life = self.live(&server, from..checked).await;
            life.map_err(|error| format!("life {kill}: {error}\n{}", server.log_tail()))?;
            server.kill()?;
            self.target.set(&[])?;
            self.archive_target.set(&[])?;
        }
        let server = self.start().await?;
        self.target.set(&[server.grpc_address()])?;
        self.archive_target.set(server.archive_address().as_slice())?;
        let tally = exporters.stop().await?;
        let archive_tally = archivists.stop().await?;
        let mut law = Law::of(server.grpc_address()).await?;
        let outcome = law.holds_for_all(&self.ledger).await;
        outcome.map_err(|error| format!("after the last start: {error}\n{}", server.log_tail()))?;
        self.archive_holds(&server).await?;
        let rss = server.rss_bytes()?;
        server.stop().await?;
        assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
        assert!(archive_tally.wrong.is_empty(), "{:?}", archive_tally.wrong);

        let mut figures = Figures::of(format!("{KILLS} × kill -9 under load, embedded engine"));
        figures.add_tally(&tally);
        figures.add(
            "windows derived / blocks merged before a kill",
            format!("{} / {}", self.windows_derived, self.blocks_merged),
        );
        figures.add("messages archived", archive_tally.acknowledged);
        figures.add_times("spawn to ready", &self.starts);
        figures.add_times("question to whole answer", law.latencies());
        figures.add("RSS of the last server", megabytes(rss));
        figures.print();
        assert!(self.windows_derived > 0.0, "no window was derived before a kill");
        assert!(median(&self.starts) < Duration::from_secs(2), "starts take long: {:?}", self.starts);
        Ok(())
    }

    async fn start(&mut self) -> Result<ServerProcess, AnyError> {
        let directory = self.directory.path().display().to_string();
        let flags = ["--data-dir", &directory, "--window", "1s", "--window-grace", "1s"];
        let server = ServerProcess::start(&flags).await?;
        self.starts.push(server.start_took());
        Ok(server)
    }

    /// Checks what the servers before have acknowledged, and lets this one take more.
    async fn live(
        &mut self,
        server: &ServerProcess,
        last_life: std::ops::Range<u64>,
    ) -> Result<(), AnyError> {
        let earlier: Vec<_> = match last_life.start {
            0 => Vec::new(),
            before => (0..EARLIER).map(|_| self.random.u64(..before)).collect(),
        };
        let mut law = Law::of(server.grpc_address()).await?;
        law.holds_for(&self.ledger, last_life.chain(earlier)).await?;
        self.archive_holds(server).await?;
        self.target.set(&[server.grpc_address()])?;
        self.archive_target.set(server.archive_address().as_slice())?;
        let life = LONGEST_LIFE.mul_f64(self.random.f64());
        tokio_clock().sleep(life).await;
        self.windows_derived += server.metric("jaeger_dynamodb_windows_derived_total").await?;
        self.blocks_merged += server.metric("jaeger_dynamodb_blocks_merged_total").await?;
        // Not when a request for metrics has just ended.
        tokio_clock().sleep(Duration::from_millis(self.random.u64(..50))).await;
        Ok(())
    }

    /// Archives keep no tags to search by: what is in them is asked for by id.
    async fn archive_holds(&self, server: &ServerProcess) -> Result<(), AnyError> {
        let archive = server.archive_address().ok_or("no archive")?;
        let outcome = Law::of(archive).await?.holds_by_id(&self.archived).await;
        outcome.map_err(|error| format!("archive: {error}").into())
    }
}
