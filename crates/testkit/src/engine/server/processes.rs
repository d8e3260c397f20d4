//! The processes that talk to one server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::{EngineHandle, FaultPlan, TestEngine};

#[derive(Debug)]
pub(super) struct Processes {
    engine: TestEngine,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_key: BTreeMap<String, EngineHandle>,
    /// For processes that are not known yet.
    plan: FaultPlan,
}

// === impl Processes ===

impl Processes {
    pub(super) fn new(engine: TestEngine) -> Self {
        Self { engine, known: Mutex::default() }
    }

    pub(super) fn engine(&self) -> &TestEngine {
        &self.engine
    }

    pub(super) fn of(&self, access_key: &str) -> EngineHandle {
        let mut known = self.known();
        if let Some(handle) = known.by_key.get(access_key) {
            return handle.clone();
        }
        let handle = self.engine.handle(access_key);
        handle.inject(known.plan.clone());
        known.by_key.insert(access_key.to_owned(), handle.clone());
        handle
    }

    pub(super) fn inject(&self, plan: FaultPlan) {
        let mut known = self.known();
        known.by_key.values().for_each(|handle| handle.inject(plan.clone()));
        known.plan = plan;
    }

    /// What befalls processes that are not known yet.
    pub(super) fn plan(&self) -> FaultPlan {
        self.known().plan.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
