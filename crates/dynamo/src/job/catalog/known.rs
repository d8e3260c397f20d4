//! What this process knows to be in the catalog, so that it writes only what is new. Losing it costs a read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jaeger_dynamodb_core::Tenant;
use serde_dynamo::Item;

use crate::item::{number, set_of_bytes};
use crate::keys::attribute;

/// Operations that are remembered, over all services and days, give or take those of the newest day.
const MOST_REMEMBERED: usize = 1_000_000;

/// A tenant's day, ordered by the day first, so that the oldest are the first to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    pub(super) number: u32,
    pub(super) tenant: Tenant,
}

/// A service's item, as far as it matters for adding to it.
#[derive(Debug, Default, Clone)]
pub(super) struct KnownService {
    /// Of the encoded operations, by the process's own hasher.
    hashes: HashSet<u64>,
    hasher: RandomState,
    pub(super) bytes: usize,
    pub(super) expiry: u64,
    pub(super) dropped: u64,
}

/// The days that were read and written of late.
#[derive(Debug, Default)]
pub(in crate::job) struct KnownCatalog {
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is known is of no use any more after a purge.
    generation: u64,
    days: BTreeMap<Day, HashMap<String, KnownService>>,
}

impl KnownCatalog {
    pub(super) fn knows(&self, day: &Day, generation: u64) -> bool {
        let mut state = self.lock();
        if state.generation != generation {
            *state = State { generation, days: BTreeMap::new() };
        }
        state.days.contains_key(day)
    }

    pub(super) fn with<T>(
        &self,
        day: &Day,
        service: &str,
        look: impl FnOnce(Option<&KnownService>) -> T,
    ) -> T {
        look(self.lock().days.get(day).and_then(|services| services.get(service)))
    }

    pub(super) fn learn_day(&self, day: &Day, generation: u64, services: Vec<(String, KnownService)>) {
        let mut state = self.lock();
        if state.generation != generation {
            return;
        }
        state.days.insert(day.clone(), services.into_iter().collect());
        let size = |services: &HashMap<String, KnownService>| {
            services.values().map(|service| 1 + service.hashes.len()).sum::<usize>()
        };
        let mut total: usize = state.days.values().map(size).sum();
        while total > MOST_REMEMBERED {
            let Some(oldest) = state.days.keys().find(|other| *other != day).cloned() else { break };
            total -= state.days.remove(&oldest).as_ref().map_or(0, size);
        }
    }

    /// Takes over what the service's item holds.
    pub(super) fn learn(&self, day: &Day, service: &str, item: &Item) {
        let known = self.of_item(item);
        if let Some(services) = self.lock().days.get_mut(day) {
            services.insert(service.to_owned(), known);
        }
    }

    pub(super) fn learn_dropped(&self, day: &Day, service: &str, dropped: u64) {
        let mut state = self.lock();
        if let Some(known) = state.days.get_mut(day).and_then(|services| services.get_mut(service)) {
            known.dropped = known.dropped.max(dropped);
        }
    }

    pub(super) fn forget(&self, day: &Day) {
        self.lock().days.remove(day);
    }

    pub(super) fn of_item(&self, item: &Item) -> KnownService {
        let operations = || set_of_bytes(item, attribute::OPERATIONS);
        KnownService {
            hashes: operations().map(|operation| self.hasher.hash_one(operation.as_slice())).collect(),
            hasher: self.hasher.clone(),
            bytes: operations().map(Vec::len).sum(),
            expiry: number(item, attribute::EXPIRY).unwrap_or_default(),
            dropped: number(item, attribute::DROPPED).unwrap_or_default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownService {
    pub(super) fn has(&self, operation: &[u8]) -> bool {
        self.hashes.contains(&self.hasher.hash_one(operation))
    }

    pub(super) fn operation_count(&self) -> usize {
        self.hashes.len()
    }
}
