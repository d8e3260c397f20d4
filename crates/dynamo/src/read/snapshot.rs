//! Which windows there are, and which of them can still change.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jaeger_dynamodb_core::{StoreError, Tenant};

use super::Reader;
use super::packs::PacksRead;
use crate::capacity::Purpose;
use crate::client::Query;
use crate::item::is_expired;
use crate::keys;
use crate::schema::Table;
use crate::window::{MAX_OPEN_SECONDS, Window, WindowItem};

/// Window items in a page: they are small, and a page of this many is far below what a response holds.
const PAGE_ITEMS: i32 = 1000;

/// The windows of a tenant at one moment, oldest first, and what the query has read through it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) windows: Vec<SnapshotWindow>,
    pub(super) packs_read: PacksRead,
}

/// A window as a query sees it.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotWindow {
    pub(crate) item: WindowItem,
    /// It was closed before its item was read: neither its lanes nor its records change any more.
    pub(crate) is_final: bool,
}

/// Final windows that need not be read again, and up to when they are all known.
#[derive(Debug, Default)]
pub(crate) struct FinalWindows {
    by_tenant: Mutex<HashMap<Tenant, Known>>,
}

#[derive(Debug, Default, Clone)]
struct Known {
    windows: BTreeMap<Window, WindowItem>,
    /// Every window that starts earlier is final and, if it exists, known.
    complete_before: u64,
}

impl Reader {
    /// Reads the windows that may have changed, strongly, and adds those that cannot have.
    pub(crate) async fn snapshot(&self, tenant: &Tenant) -> Result<Snapshot, StoreError> {
        let known = self.tail.final_windows.of(tenant);
        // What the service has reached before the read is sent: a window that is closed by then is read complete.
        let reached = self.client.service_time().at_least();
        let query = Query {
            table: Table::Windows,
            purpose: Purpose::Snapshot,
            partition: keys::windows(tenant),
            from: Some(known.complete_before.to_be_bytes().to_vec()),
            limit: PAGE_ITEMS,
            attributes: None,
        };
        let items = self.client.all(&query, self.deadline()).await?;
        let now = self.client.service_time().at_least();
        let mut windows: BTreeMap<Window, SnapshotWindow> = known
            .windows
            .into_iter()
            .filter(|(_, item)| !item.is_expired_at(now))
            .map(|(window, item)| (window, SnapshotWindow { item, is_final: true }))
            .collect();
        for item in items.iter().filter(|item| !is_expired(item, now)) {
            match WindowItem::parse(item) {
                Ok(item) => {
                    let is_final = item.is_closed_at(reached);
                    windows.insert(item.window, SnapshotWindow { item, is_final });
                }
                Err(error) => {
                    metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                    tracing::error!(error = %error, item = ?item, "a window's item cannot be read");
                }
            }
        }
        let windows: Vec<_> = windows.into_values().collect();
        self.tail.final_windows.learn(tenant, &windows, reached);
        Ok(Snapshot { windows, packs_read: PacksRead::default() })
    }
}

impl FinalWindows {
    pub(super) fn clear(&self) {
        self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn of(&self, tenant: &Tenant) -> Known {
        self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned().unwrap_or_default()
    }

    /// A window that starts more than `MAX_OPEN_SECONDS` before `reached` is closed by then, whatever the settings of
    /// whoever made it, and even if nobody has made it yet. One that claims to be open for longer is waited for.
    fn learn(&self, tenant: &Tenant, windows: &[SnapshotWindow], reached: u64) {
        let open = windows.iter().filter(|window| !window.is_final).map(|window| window.item.window.start());
        let complete_before = open.fold(reached.saturating_sub(MAX_OPEN_SECONDS), u64::min);
        let final_windows =
            windows.iter().filter(|window| window.item.window.start() < complete_before && window.is_final);
        let known = Known {
            windows: final_windows.map(|window| (window.item.window, window.item.clone())).collect(),
            complete_before,
        };
        let mut by_tenant = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let present = by_tenant.entry(tenant.clone()).or_default();
        if present.complete_before <= known.complete_before {
            *present = known;
        }
    }
}
