//! Where spans are: the packs of a window, by its log, up to where it ends.

use std::collections::BTreeSet;

use jaeger_dynamodb_core::{Span, StoreError, Tenant, TraceId};

use super::super::Job;
use crate::capacity::Purpose;
use crate::client::Consistency;
use crate::item::{bytes, is_expired};
use crate::keys::{Key, attribute};
use crate::log::{PackRef, StoredRecord};
use crate::queries::lane_query;
use crate::read::{decoded_spans, pack_keys, report_missing, tail};
use crate::schema::Table;
use crate::window::WindowItem;

impl Job {
    /// Calls `visit` with every record of a closed window that can be decoded and comes before the end of its log.
    pub(super) async fn for_each_record(
        &self,
        tenant: &Tenant,
        item: &WindowItem,
        mut visit: impl FnMut(&StoredRecord) + Send,
    ) -> Result<(), StoreError> {
        for lane in &item.lanes {
            let Some(last) = item.last_sequence(*lane) else { continue };
            let of_window = (item.window, *lane);
            let query = lane_query(&self.context.config, tenant, of_window, 0, Purpose::EdgesRead);
            let mut start = None;
            loop {
                let page = self.context.client.page(&query, start, self.deadline()).await;
                let page = page.map_err(StoreError::from)?;
                for record in
                    page.items.iter().filter_map(|stored| tail::read(stored, item.window, *lane).ok())
                {
                    if record.place.sequence <= last {
                        visit(&record);
                    }
                    tokio::task::yield_now().await;
                }
                start = page.next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// All packs that the window's records name.
    pub(super) async fn packs_of(
        &self,
        tenant: &Tenant,
        item: &WindowItem,
    ) -> Result<BTreeSet<PackRef>, StoreError> {
        let mut packs = BTreeSet::new();
        self.for_each_record(tenant, item, |record| {
            packs.extend((0..record.record.packs.len()).map_while(|ordinal| record.pack(ordinal)));
        })
        .await?;
        Ok(packs)
    }

    /// The spans of the wanted traces in a pack; none if it has expired, or is missing or damaged, which is reported.
    pub(super) async fn spans_of_pack(
        &self,
        tenant: &Tenant,
        pack: PackRef,
        wanted: impl Fn(TraceId) -> bool,
    ) -> Result<Vec<Span>, StoreError> {
        let mut content = Vec::new();
        for key in pack_keys(tenant, pack) {
            let Some(part) = self.pack_part(key).await? else {
                report_missing(pack, self.roughly_now());
                return Ok(Vec::new());
            };
            content.extend(part);
        }
        Ok(decoded_spans(pack, &content, wanted))
    }

    async fn pack_part(&self, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        for consistency in [Consistency::Eventual, Consistency::Strong] {
            let (table, purpose) = (Table::Spans, Purpose::EdgesRead);
            let found =
                self.context.client.get(table, key.clone(), consistency, purpose, self.deadline()).await?;
            let Some(item) = found.item else { continue };
            let is_there = !is_expired(&item, self.now());
            return Ok(bytes(&item, attribute::PACK).filter(|_| is_there).map(<[u8]>::to_vec));
        }
        Ok(None)
    }
}
