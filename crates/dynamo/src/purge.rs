//! Emptying the tables, for tests: the only place that scans.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::StoreError;

use crate::client::Client;
use crate::keys;
use crate::schema::{TABLES, Table};

const BUDGET: Duration = Duration::from_secs(60);
/// The embedded engine reads this many whole items into memory at a time.
const PAGE_ITEMS: i32 = 200;
const PARALLEL_DELETES: usize = 16;

/// Deletes all items but the layout's version, and archived traces unless they are meant too.
pub(crate) async fn purge(client: &Client, and_archive: bool) -> Result<(), StoreError> {
    for definition in TABLES.iter().filter(|definition| and_archive || definition.table != Table::Archive) {
        loop {
            let keys = client.scan_keys(definition.table, PAGE_ITEMS, client.deadline_in(BUDGET)).await?;
            let doomed: Vec<_> = keys.into_iter().filter(|key| *key != keys::meta()).collect();
            if doomed.is_empty() {
                break;
            }
            let deletes = doomed
                .into_iter()
                .map(|key| client.delete(definition.table, key, client.deadline_in(BUDGET)));
            stream::iter(deletes).buffer_unordered(PARALLEL_DELETES).try_collect::<Vec<()>>().await?;
        }
    }
    Ok(())
}
