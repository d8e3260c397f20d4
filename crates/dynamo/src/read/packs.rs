//! Packs, by the references in log records.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt, TryStreamExt};
use jaeger_dynamodb_core::{Span, StoreError, Tenant, TraceId};

use super::{Reader, StoredRecord};
use crate::capacity::Purpose;
use crate::client::Consistency;
use crate::item::{bytes, is_expired};
use crate::keys::{self, Key, attribute};
use crate::log::PackStorage;
use crate::pack;
use crate::schema::Table;

/// Responses of a deleted item may come from shortly before its expiry.
const EXPIRY_MARGIN_SECONDS: u64 = 60;

/// A record's place and the ordinal of a pack in it.
pub(super) type PackId = (keys::Place, usize);

/// A pack of a record.
#[derive(Debug, Clone)]
pub(super) struct PackRef {
    pub(super) record: Arc<StoredRecord>,
    pub(super) ordinal: usize,
}

impl PackRef {
    /// Tells packs apart.
    pub(super) fn id(&self) -> PackId {
        (self.record.place, self.ordinal)
    }

    fn keys(&self, tenant: &Tenant) -> Vec<Key> {
        let record = &self.record.record;
        match record.packs.get(self.ordinal) {
            None => Vec::new(),
            Some(PackStorage::Inline) => vec![keys::record(tenant, self.record.place)],
            Some(PackStorage::Parts(parts)) => {
                let ordinal = u16::try_from(self.ordinal).unwrap_or(u16::MAX);
                (0..*parts).map(|part| keys::pack_part(tenant, record.packs_place, ordinal, part)).collect()
            }
        }
    }
}

/// Packs that a query has read already: a search reads a pack to decide, and again to answer.
#[derive(Debug, Default)]
pub(crate) struct PacksRead {
    packs: Mutex<HashMap<PackId, Arc<[u8]>>>,
}

/// Most bytes of packs that one query keeps.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;

impl PacksRead {
    fn get(&self, pack: &PackRef) -> Option<Arc<[u8]>> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner).get(&pack.id()).cloned()
    }

    fn keep(&self, pack: &PackRef, bytes: &Arc<[u8]>) {
        let mut packs = self.packs.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = packs.values().map(|bytes| bytes.len()).sum();
        if kept + bytes.len() <= MAX_KEPT_BYTES {
            packs.insert(pack.id(), Arc::clone(bytes));
        }
    }
}

impl Reader {
    /// The spans of the wanted traces in a pack. A pack that is missing or damaged is reported and gives none, so that
    /// the others are still found; one that has expired gives none.
    pub(super) async fn spans_of_pack(
        &self,
        tenant: &Tenant,
        read: &PacksRead,
        pack: &PackRef,
        wanted: &HashSet<TraceId>,
    ) -> Result<Vec<Span>, StoreError> {
        let content = match read.get(pack) {
            Some(content) => content,
            None => {
                let Some(content) = self.pack_bytes(tenant, pack).await? else { return Ok(Vec::new()) };
                let content = Arc::from(content);
                read.keep(pack, &content);
                content
            }
        };
        match pack::decode(&content, wanted) {
            Ok(spans) => Ok(spans),
            Err(error) => {
                metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                tracing::error!(error = %error, place = ?pack.id(), "a pack cannot be read");
                Ok(Vec::new())
            }
        }
    }

    async fn pack_bytes(&self, tenant: &Tenant, pack: &PackRef) -> Result<Option<Vec<u8>>, StoreError> {
        let parts = pack.keys(tenant).into_iter().map(|key| self.part(key));
        let parts: Option<Vec<Vec<u8>>> = stream::iter(parts)
            .buffered(self.config.read_concurrency)
            .try_collect::<Vec<_>>()
            .await?
            .into_iter()
            .collect();
        if parts.is_none() {
            let now = self.client.service_time().at_least();
            if pack.record.record.packs_expiry > now + EXPIRY_MARGIN_SECONDS {
                metrics::counter!("jaeger_dynamodb_missing_packs_total").increment(1);
                tracing::error!(place = ?pack.id(), "a pack is missing that has not expired");
            }
        }
        Ok(parts.map(|parts| parts.concat()))
    }

    async fn part(&self, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        for consistency in [Consistency::Eventual, Consistency::Strong] {
            let found = self
                .client
                .get(Table::Spans, key.clone(), consistency, Purpose::Pack, self.deadline())
                .await?;
            let Some(item) = found else { continue };
            if is_expired(&item, self.client.service_time().at_least()) {
                return Ok(None);
            }
            return Ok(bytes(&item, attribute::PACK).map(<[u8]>::to_vec));
        }
        Ok(None)
    }
}
