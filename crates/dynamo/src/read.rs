//! The read path: a snapshot of the windows, the log of each, and the packs that it names.
//!
//! Every window is read from one source for the whole query. Reads of windows and logs are strong, so a query sees
//! every commit that was acknowledged before it began; packs are read eventually first, and strongly if one is missing.

mod catalog;
mod packs;
mod search;
mod snapshot;
mod tail;
mod traces;

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{StoreError, Tenant};

pub(crate) use snapshot::{Snapshot, SnapshotWindow};
pub(crate) use tail::{StoredRecord, Tail};

use crate::client::{Client, Deadline};
use crate::config::StoreConfig;

/// Windows of one query whose logs are read at a time.
const PARALLEL_WINDOWS: usize = 4;

/// What reads work with.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) client: Arc<Client>,
    pub(crate) config: StoreConfig,
    pub(crate) tail: Arc<Tail>,
}

impl Reader {
    /// The records of all windows of the snapshot, newest windows first, a window at a time.
    fn records<'a>(
        &'a self,
        tenant: &'a Tenant,
        snapshot: &'a Snapshot,
    ) -> BoxStream<'a, Result<Vec<Arc<StoredRecord>>, StoreError>> {
        stream::iter(snapshot.windows.iter().rev().cloned())
            .map(move |window| async move { self.window_records(tenant, &window).await })
            .buffered(PARALLEL_WINDOWS)
            .boxed()
    }

    /// Calls `visit` with every record of the snapshot.
    async fn for_each_record(
        &self,
        tenant: &Tenant,
        snapshot: &Snapshot,
        mut visit: impl FnMut(&Arc<StoredRecord>) + Send,
    ) -> Result<(), StoreError> {
        let mut windows = self.records(tenant, snapshot);
        while let Some(records) = windows.try_next().await? {
            records.iter().for_each(&mut visit);
        }
        Ok(())
    }

    fn deadline(&self) -> Deadline {
        self.client.deadline_in(self.config.read_budget)
    }
}
