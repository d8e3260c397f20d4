//! Packs, by the references in log records.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{Span, StoreError, Tenant, TraceId};

use super::{EXPIRY_MARGIN_SECONDS, QueryContext, Reader};
use crate::capacity::Purpose;
use crate::client::Consistency;
use crate::item::{bytes, is_expired};
use crate::keys::{self, Key, attribute};
use crate::log::{PackAddress, PackRef};
use crate::pack;
use crate::schema::Table;

/// The items that hold a pack, in order.
pub(crate) fn pack_keys(tenant: &Tenant, pack: PackRef) -> Vec<Key> {
    match pack.address {
        PackAddress::Inline(place) => vec![keys::record(tenant, place)],
        PackAddress::Apart { place, ordinal, parts } => {
            (0..parts).map(|part| keys::pack_part(tenant, place, ordinal, part)).collect()
        }
    }
}

/// The spans of the wanted traces in the content of a pack; none, which is reported, if it is damaged.
pub(crate) fn decoded_spans(pack: PackRef, content: &[u8], wanted: impl Fn(TraceId) -> bool) -> Vec<Span> {
    pack::decode(content, wanted).unwrap_or_else(|error| {
        metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
        tracing::error!(error = %error, pack = ?pack.address, "a pack cannot be read");
        Vec::new()
    })
}

/// Reports a pack that is not there, unless it may have expired by now, Unix seconds.
pub(crate) fn report_missing(pack: PackRef, now: u64) {
    if pack.expiry > now + EXPIRY_MARGIN_SECONDS {
        metrics::counter!("jaeger_dynamodb_missing_packs_total").increment(1);
        tracing::error!(pack = ?pack.address, "a pack is missing that has not expired");
    }
}

impl Reader {
    /// The spans of the wanted traces in a pack. A pack that is missing or damaged is reported and gives none, so that
    /// the others are still found; one that has expired gives none.
    pub(super) async fn spans_of_pack(
        &self,
        context: &QueryContext,
        pack: PackRef,
        wanted: impl Fn(TraceId) -> bool + Send,
    ) -> Result<Vec<Span>, StoreError> {
        let content: Arc<[u8]> = match context.packs.get(&pack) {
            Some(content) => content,
            None => {
                let Some(content) = self.pack_bytes(context, pack).await? else { return Ok(Vec::new()) };
                let content: Arc<[u8]> = Arc::from(content);
                context.packs.keep(pack, Arc::clone(&content), content.len());
                content
            }
        };
        Ok(decoded_spans(pack, &content, wanted))
    }

    async fn pack_bytes(&self, context: &QueryContext, pack: PackRef) -> Result<Option<Vec<u8>>, StoreError> {
        let parts = pack_keys(&context.tenant, pack).into_iter().map(|key| self.part(context, key));
        let parts: Option<Vec<Vec<u8>>> = stream::iter(parts)
            .buffered(self.config.read_concurrency)
            .try_collect::<Vec<_>>()
            .await?
            .into_iter()
            .collect();
        if parts.is_none() {
            report_missing(pack, self.client.service_time().at_least());
        }
        Ok(parts.map(|parts| parts.concat()))
    }

    async fn part(&self, context: &QueryContext, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        for consistency in [Consistency::Eventual, Consistency::Strong] {
            let found = self.get(context, Table::Spans, key.clone(), consistency, Purpose::Pack).await?;
            let Some(item) = found else { continue };
            if is_expired(&item, self.client.service_time().at_least()) {
                return Ok(None);
            }
            return Ok(bytes(&item, attribute::PACK).map(<[u8]>::to_vec));
        }
        Ok(None)
    }
}
