//! What a seed draws once: how many processes there are, how they are set, what they suffer from.

use std::time::Duration;

use jaeger_dynamodb_dynamo::{JobMode, StoreConfig};
use jaeger_dynamodb_testkit::StaleReads;

/// The constants of one simulation.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) configs: Vec<StoreConfig>,
    pub(crate) modes: Vec<JobMode>,
    pub(crate) stale: Option<StaleReads>,
    /// The range of the seconds by which front ends of the service misdate.
    pub(crate) skew: (i64, i64),
    pub(crate) steps: u32,
    pub(crate) traces: u64,
    /// The job runs before the end.
    pub(crate) has_job: bool,
    pub(crate) has_huge_spans: bool,
    /// Percent of the requests of a bad phase that are befallen.
    pub(crate) fault_percent: u8,
    /// Weight of suspensions and of crashes among the actions.
    pub(crate) suspensions: u32,
    pub(crate) crashes: u32,
}

impl Setting {
    /// Windows that end together close together, whoever makes them: only then do edges count exactly.
    pub(crate) fn has_one_grace(&self) -> bool {
        self.configs.windows(2).all(|two| two[0].window_grace == two[1].window_grace)
    }

    pub(crate) fn draw(random: &mut fastrand::Rng, most_steps: u32) -> Self {
        let (common, stale_lag) = shape(random);
        let processes = random.usize(2..=3);
        let is_uniform = random.u8(..100) < 80;
        let configs = (0..processes).map(|_| {
            let of_process = variation(random, common.clone());
            if is_uniform { common_terms(of_process, &common) } else { of_process }
        });
        let configs = configs.collect();
        let mode = |random: &mut fastrand::Rng| match random.u8(..10) {
            0..7 => JobMode::InProcess,
            7 => JobMode::Takeover,
            _ => JobMode::Off,
        };
        let modes = (0..processes).map(|_| mode(random)).collect();
        let stale = stale_lag.filter(|_| random.u8(..100) < 40).map(|seconds| StaleReads {
            lag: Duration::from_secs(random.u64(1..=seconds)),
            percent: random.u8(30..=100),
            seed: random.u64(..),
        });
        let skew_seconds = i64::try_from(common.clock_skew.as_secs()).unwrap_or_default();
        let least = -random.i64(0..=skew_seconds);
        let skew = if random.bool() { (least, least + skew_seconds) } else { (0, 0) };
        Self {
            configs,
            modes,
            stale,
            skew,
            steps: random.u32(80..=260).min(most_steps),
            traces: random.u64(3..=9),
            has_job: random.u8(..100) < 80,
            has_huge_spans: random.u8(..100) < 3,
            fault_percent: *random.choice([10, 30, 60].iter()).unwrap_or(&0),
            suspensions: random.u32(0..=4),
            crashes: random.u32(0..=3),
        }
    }
}

/// Settings as they are used, and the most seconds by which reads may be stale under them.
fn shape(random: &mut fastrand::Rng) -> (StoreConfig, Option<u64>) {
    let second = Duration::from_secs(1);
    match random.u8(..10) {
        0..3 => (StoreConfig { create_tables: true, ..StoreConfig::aws() }, Some(20)),
        3..5 => (StoreConfig::embedded(), None),
        5..8 => {
            let settle = if random.bool() { Duration::ZERO } else { 2 * second };
            let stale = (!settle.is_zero()).then_some(1);
            let (window, window_grace) = (2 * second, second);
            (StoreConfig { window, window_grace, settle, ..StoreConfig::embedded() }, stale)
        }
        _ => (
            StoreConfig {
                window: 20 * second,
                window_grace: 12 * second,
                clock_skew: 5 * second,
                settle: 12 * second,
                ..StoreConfig::embedded()
            },
            Some(5),
        ),
    }
}

/// What every process may set for itself.
fn variation(random: &mut fastrand::Rng, common: StoreConfig) -> StoreConfig {
    let pick = |random: &mut fastrand::Rng, values: &[usize]| {
        random.choice(values.iter()).copied().unwrap_or_default()
    };
    let linger = if random.u8(..4) == 0 { Duration::from_millis(random.u64(1..200)) } else { Duration::ZERO };
    StoreConfig {
        create_tables: false,
        inline_pack_bytes: pick(random, &[0, 500, 4096, common.inline_pack_bytes]),
        linger,
        max_lanes: pick(random, &[1, 2, 8]),
        part_bytes: pick(random, &[150, 1000, common.part_bytes]),
        bucket_bytes: pick(random, &[64, common.bucket_bytes]),
        tail_cache_bytes: pick(random, &[0, 3000, common.tail_cache_bytes, common.tail_cache_bytes]),
        read_concurrency: pick(random, &[1, 4, 32]),
        retention: common.retention + Duration::from_secs(random.u64(0..3) * 3600),
        window: common.window * random.u32(1..=2),
        window_grace: common.window_grace + Duration::from_secs(random.u64(0..3)),
        // All of a simulation lies within it, so that edges can be held against whole traces.
        dependency_horizon: Duration::from_secs(6 * 3600),
        ..common
    }
}

/// The terms of windows as those of all processes.
fn common_terms(of_process: StoreConfig, common: &StoreConfig) -> StoreConfig {
    StoreConfig {
        retention: common.retention,
        window: common.window,
        window_grace: common.window_grace,
        ..of_process
    }
}
