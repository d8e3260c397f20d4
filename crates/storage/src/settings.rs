//! The settings of storage, which binaries take into their own.

mod check;
mod values;

use std::{path::PathBuf, time::Duration};

use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_runtime::config::Size;

pub use values::{DependencySources, Durability, EndpointUrl, Job, ReadUnits, StorageKind};

jaeger_dynamodb_runtime::settings! {
    /// Where spans are kept, for how long, and what that may take.
    pub struct StorageSettings {
        /// Where spans are kept: in a data directory of this process, or in DynamoDB on AWS
        storage: StorageKind = StorageKind::Embedded,
        /// Directory of the embedded storage; `:memory:` keeps nothing
        data_dir: PathBuf = PathBuf::from("./jaeger-dynamodb-data"),
        /// What acknowledged spans of the embedded storage survive: the end of the process, or a loss of power too, for
        /// which every write waits for the disk
        durability: Durability = Durability::Process,
        /// Where to reach DynamoDB instead of AWS's own endpoint, with --storage aws
        endpoint_url: Option<EndpointUrl> = None,
        /// What the name of every table begins with
        table_prefix: String = storage.defaults().table_prefix,
        /// Create the tables that are missing; never change or delete any. Embedded storage always does
        create_tables: bool = storage.defaults().create_tables,
        /// How long spans are kept
        retention: Duration = storage.defaults().retention,
        /// How long archived traces are kept since they were last archived; for ever, unless it is set
        archive_retention: Option<Duration> = None,
        /// Length of the windows that spans are grouped into by arrival; with --storage aws 5m
        window: Duration = storage.defaults().window,
        /// How long a window accepts what was on its way when it ended; with --storage aws 60s
        window_grace: Duration = storage.defaults().window_grace,
        /// How long spans may wait for others to share a write
        linger: Duration = storage.defaults().linger,
        /// Which closed windows this process derives for faster reading: in-process all, takeover those that nobody
        /// else has derived 15m after they closed, off none
        job: Job = Job::InProcess,
        /// How old what was derived must be before it is read; with --storage aws 30s, behind an endpoint URL 0s
        settle: Duration = if endpoint_url.is_some() { Duration::ZERO } else { storage.defaults().settle },
        /// The most read request units that one query may cost
        max_query_rru: ReadUnits = ReadUnits::of(storage.defaults().max_query_read_units),
        /// The most bytes of the log, of windows that are not derived yet, that one query may read
        max_tail_bytes: Size = Size::bytes(storage.defaults().max_tail_bytes as u64),
        /// Memory for the log of windows that are not derived yet: what does not fit is read again by every query
        tail_cache: Size = Size::bytes(storage.defaults().tail_cache_bytes as u64),
        /// Memory that deriving a window may take, roughly
        job_memory: Size = Size::bytes(storage.defaults().job_memory_bytes as u64),
        /// How long before a window the other spans of its traces may have come for calls between them to be counted
        dependency_horizon: Duration = storage.defaults().dependency_horizon,
        /// What the edges of the dependency graph may be derived from: calls (parents), links, virtual (peers that
        /// send no spans)
        dependency_sources: DependencySources = DependencySources::default(),
    }
}

// === impl StorageSettings ===

impl StorageSettings {
    /// Whether spans are in DynamoDB on AWS itself, where a test must not delete anything.
    #[must_use]
    pub fn is_on_aws(&self) -> bool {
        self.storage == StorageKind::Aws && self.endpoint_url.is_none()
    }

    /// The part that the store goes by.
    pub(crate) fn store_config(&self) -> StoreConfig {
        let defaults = self.storage.defaults();
        StoreConfig {
            table_prefix: self.table_prefix.clone(),
            create_tables: self.create_tables,
            retention: self.retention,
            archive_retention: self.archive_retention,
            window: self.window,
            window_grace: self.window_grace,
            linger: self.linger,
            settle: self.settle,
            max_query_read_units: self.max_query_rru.count(),
            max_tail_bytes: self.max_tail_bytes.to_usize(),
            tail_cache_bytes: self.tail_cache.to_usize(),
            job_memory_bytes: self.job_memory.to_usize(),
            dependency_horizon: self.dependency_horizon,
            // Behind an endpoint URL one engine answers, with one clock.
            clock_skew: if self.endpoint_url.is_some() { Duration::ZERO } else { defaults.clock_skew },
            ..defaults
        }
    }
}
