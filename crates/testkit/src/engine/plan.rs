//! Who decides what befalls a request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Fault, FaultRates, RequestInfo};

/// Decides what befalls each request of a handle.
#[derive(Clone)]
pub struct FaultPlan {
    decide: Arc<Decide>,
    drawn_from: Option<(u64, FaultRates)>,
}

type Decide = dyn Fn(&RequestInfo) -> Vec<Fault> + Send + Sync;

// === impl FaultPlan ===

impl FaultPlan {
    /// Asks `decide` about every request, before it is carried out.
    pub fn new(decide: impl Fn(&RequestInfo) -> Fault + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(move |request| vec![decide(request)]), drawn_from: None }
    }

    /// Everything goes well.
    pub fn none() -> Self {
        Self::seeded(0, FaultRates::ZERO)
    }

    /// Faults by [`RequestInfo::index`].
    pub fn script(faults: impl IntoIterator<Item = (u64, Fault)>) -> Self {
        let faults: BTreeMap<u64, Fault> = faults.into_iter().collect();
        Self::new(move |request| faults.get(&request.index).copied().unwrap_or_default())
    }

    /// One fault, for the `nth` request (from 0) that `matches`.
    pub fn nth(
        nth: u64,
        matches: impl Fn(&RequestInfo) -> bool + Send + Sync + 'static,
        fault: Fault,
    ) -> Self {
        let seen = AtomicU64::new(0);
        Self::new(move |request| {
            let hit = matches(request) && seen.fetch_add(1, Ordering::Relaxed) == nth;
            if hit { fault } else { Fault::None }
        })
    }

    /// Faults by chance, the same for the same seed, handle and [`RequestInfo::index`].
    pub fn seeded(seed: u64, rates: FaultRates) -> Self {
        Self { decide: Arc::new(move |request| rates.draw(seed, request)), drawn_from: Some((seed, rates)) }
    }

    /// What both plans decide befalls a request: delays and shifts of both add up. Of two faults that settle what
    /// becomes of it, this plan's counts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let decide = move |request: &RequestInfo| {
            let mut faults = self.decide(request);
            faults.extend(other.decide(request));
            faults
        };
        Self { decide: Arc::new(decide), drawn_from: None }
    }

    /// The seed and rates of a [`seeded`](Self::seeded) plan.
    pub fn drawn_from(&self) -> Option<(u64, FaultRates)> {
        self.drawn_from
    }

    pub(crate) fn decide(&self, request: &RequestInfo) -> Vec<Fault> {
        (self.decide)(request)
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan").field("drawn_from", &self.drawn_from).finish_non_exhaustive()
    }
}
