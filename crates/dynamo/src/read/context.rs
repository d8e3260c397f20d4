//! What belongs to one query: its budget, and what it has read already.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use jaeger_dynamodb_core::Tenant;

use super::budget::QueryBudget;
use super::pointers::BucketId;
use crate::config::StoreConfig;
use crate::derived::{Pointer, TraceHash};
use crate::keys::Lane;
use crate::log::{PackRef, StoredRecord};
use crate::window::Window;

/// Most bytes of packs that one query keeps, and of log records, which take several times as much memory.
const MAX_KEPT_PACK_BYTES: usize = 16 * 1024 * 1024;
const MAX_KEPT_LOG_BYTES: usize = 8 * 1024 * 1024;

/// One query of one tenant. Whatever it has read once it does not read again.
#[derive(Debug)]
pub(crate) struct QueryContext {
    pub(super) tenant: Tenant,
    pub(super) budget: QueryBudget,
    /// A search reads a pack to decide, and again to answer.
    pub(super) packs: Kept<PackRef, Arc<[u8]>>,
    /// A lookup reads lanes and pointers of the windows that it knows already while the snapshot is still read.
    pub(super) lanes: Kept<(Window, Lane), Vec<Arc<StoredRecord>>>,
    pub(super) pointers: Kept<(BucketId, TraceHash), Arc<[Pointer]>>,
}

/// What was read, by what it is.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    kept: Mutex<(HashMap<K, V>, usize)>,
    max_bytes: usize,
}

impl QueryContext {
    pub(super) fn new(tenant: Tenant, config: &StoreConfig) -> Self {
        Self {
            tenant,
            budget: QueryBudget::new(config),
            packs: Kept::up_to(MAX_KEPT_PACK_BYTES),
            lanes: Kept::up_to(MAX_KEPT_LOG_BYTES),
            pointers: Kept::up_to(usize::MAX),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn up_to(max_bytes: usize) -> Self {
        Self { kept: Mutex::default(), max_bytes }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).0.get(key).cloned()
    }

    /// Keeps the value if its bytes still fit.
    pub(super) fn keep(&self, key: K, value: V, bytes: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, sum) = &mut *kept;
        if sum.saturating_add(bytes) <= self.max_bytes {
            *sum += bytes;
            values.insert(key, value);
        }
    }
}
