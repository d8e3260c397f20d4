//! Which windows there are at one moment, and from which source each of them is read: for the whole of a query always
//! the same one.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::OptionFuture;
use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;

use super::known::{Known, PointerSources, Seen, Source};
use super::{QueryContext, Reader};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::derived::BlockManifest;
use crate::item::{bytes, is_expired, sort_key};
use crate::keys::{self, attribute};
use crate::queries::{WINDOWS_IN_A_PAGE, windows_query};
use crate::schema::Table;
use crate::window::{Block, Window, WindowItem};

/// The windows of a tenant at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    known: Known,
}

/// A window that is read from its log.
#[derive(Debug, Clone)]
pub(crate) struct LogWindow {
    pub(super) item: Arc<WindowItem>,
    /// It was closed before its item was read: neither its lanes nor its records change any more.
    pub(super) is_final: bool,
}

impl Snapshot {
    #[cfg(test)]
    pub(super) fn of(known: Known) -> Self {
        Self { known }
    }

    /// The windows that are read from their logs.
    pub(super) fn in_log(&self) -> impl Iterator<Item = LogWindow> {
        let open = self.known.open.iter().map(|item| (item, false));
        let closed = self.known.unsettled.values().map(|item| (item, true));
        let distrusted = self.known.settled.values().filter(|item| self.is_distrusted(item));
        let windows = open.chain(closed).chain(distrusted.map(|item| (item, true)));
        windows.map(|(item, is_final)| LogWindow { item: Arc::clone(item), is_final })
    }

    /// The windows that are read by their manifests, oldest first.
    pub(super) fn derived(&self) -> impl DoubleEndedIterator<Item = &Arc<WindowItem>> {
        self.known.settled.values().filter(|item| !self.is_distrusted(item))
    }

    pub(super) fn derived_window(&self, window: Window) -> Option<&Arc<WindowItem>> {
        self.known.settled.get(&window).filter(|item| !self.is_distrusted(item))
    }

    /// Where the pointers of the windows with manifests are.
    pub(super) fn pointer_sources(&self) -> &Arc<PointerSources> {
        &self.known.sources
    }

    fn is_distrusted(&self, item: &WindowItem) -> bool {
        !self.known.distrusted.is_empty() && self.known.distrusted.contains(&Source::Window(item.window))
    }
}

impl Reader {
    /// The windows as they were known when they were looked at last: a guess.
    pub(super) fn last_snapshot(&self, tenant: &Tenant) -> Snapshot {
        Snapshot { known: self.known.of(tenant) }
    }

    /// Reads the windows that may have changed, strongly, and adds those that cannot have.
    pub(super) async fn snapshot(&self, context: &QueryContext) -> Result<Snapshot, StoreError> {
        let known = self.known.of(&context.tenant);
        // What the service has reached before the read is sent: a window that is closed by then is read complete.
        let reached = self.client.service_time().at_least();
        // When to look again is a matter of cost only: an estimate will do.
        let now = self.client.service_seconds();
        let settle = self.config.settle.as_secs();
        let interval = settle.max(1);
        let is_recheck = known.rechecked + interval <= now;
        let recheck_from = known.oldest_not_done().filter(|_| is_recheck).unwrap_or(u64::MAX);
        let from = known.complete_before.min(recheck_from);
        let looks_for_blocks = known.blocks_checked == 0
            || known.blocks_checked + interval <= now && known.may_have_new_blocks(now);
        let blocks: OptionFuture<_> = looks_for_blocks.then(|| self.blocks(context)).into();
        let (windows, blocks) = futures::join!(self.windows_from(context, from), blocks);
        let now = self.client.service_time().at_least();
        let seen = Seen { windows: windows?, blocks: blocks.transpose()?, reached, now, is_recheck };
        let known = known.with(seen, settle);
        self.known.learn(&context.tenant, known.clone(), settle);
        let snapshot = Snapshot { known };
        self.tail.forget(&context.tenant, |window| snapshot.derived_window(window).is_some());
        let closed = snapshot.in_log().filter(|window| window.is_final);
        let starts: Vec<_> = closed.map(|window| window.item.window.start()).collect();
        if let Some(oldest) = starts.iter().min() {
            context.budget.note_not_derived(starts.len(), *oldest);
        }
        Ok(snapshot)
    }

    async fn windows_from(
        &self,
        context: &QueryContext,
        start: u64,
    ) -> Result<Vec<Arc<WindowItem>>, StoreError> {
        let query =
            windows_query(&context.tenant, SortRange::From(start.to_be_bytes().to_vec()), Purpose::Snapshot);
        let items = self.all(context, &query).await?;
        let windows = items.iter().filter_map(|item| readable(item, WindowItem::parse(item)));
        Ok(windows.map(Arc::new).collect())
    }

    /// The manifests of all blocks. One that is missed is found later: until then its windows are read one by one.
    async fn blocks(
        &self,
        context: &QueryContext,
    ) -> Result<BTreeMap<Block, Arc<BlockManifest>>, StoreError> {
        let query = Query {
            table: Table::Windows,
            purpose: Purpose::Snapshot,
            partition: keys::blocks(&context.tenant),
            sort: SortRange::All,
            consistency: Consistency::Eventual,
            limit: WINDOWS_IN_A_PAGE,
            attributes: None,
        };
        let items = self.all(context, &query).await?;
        let now = self.client.service_time().at_least();
        let unexpired = items.iter().filter(|item| !is_expired(item, now));
        let blocks = unexpired.filter_map(|item| readable(item, block(item)));
        Ok(blocks.map(|(block, manifest)| (block, Arc::new(manifest))).collect())
    }
}

fn block(item: &Item) -> Result<(Block, BlockManifest), DecodeError> {
    let sort = sort_key(item)?
        .try_into()
        .map_err(|_| DecodeError::Invalid("a block's sort key has another length"))?;
    let manifest =
        bytes(item, attribute::MANIFEST).ok_or(DecodeError::Invalid("a block without a manifest"))?;
    Ok((Block(Window::from_bytes(sort)?), BlockManifest::decode(manifest)?))
}

/// What was read of an item. One that cannot be read is reported and left out (ADR 0009).
fn readable<T>(item: &Item, read: Result<T, DecodeError>) -> Option<T> {
    read.inspect_err(|error| {
        metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
        tracing::error!(error = %error, item = ?item, "an item of the windows table cannot be read");
    })
    .ok()
}
