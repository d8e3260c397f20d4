//! What may befall a request, and who decides it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::RequestInfo;

/// What befalls one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out and answered.
    #[default]
    None,
    /// It waits this long before it is carried out; its answer is dated then.
    Hold(Duration),
    /// It is carried out and dated at once; the answer takes this long.
    DelayAnswer(Duration),
    /// It is carried out; the answer's `Date` is moved by so many seconds.
    ShiftDate(i64),
    /// The service refuses it and does nothing.
    Refuse(Refusal),
    /// The connection is cut before anything was done.
    CutBefore,
    /// It is carried out; then the connection is cut instead of an answer.
    CutAfter,
    /// The connection is cut, and the request is carried out this much later all the same.
    CutAndExecuteLater(Duration),
    /// Of a batch, only so many items are processed; the answer lists the others as unprocessed. A
    /// batch of which nothing is processed is refused, as by DynamoDB. Without effect on the rest.
    ProcessOnly(usize),
    /// The process dies before the request leaves it: the request is not carried out, and every
    /// later one of the handle fails, as do those still waiting for an answer.
    CrashBefore,
    /// The process dies before the answer arrives: the request is carried out; the rest is as with
    /// [`CrashBefore`](Self::CrashBefore).
    CrashAfter,
}

/// How the service refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// HTTP 500 `InternalServerError`.
    InternalServerError,
    /// HTTP 400 `ThrottlingException`.
    Throttling,
    /// HTTP 400 `ProvisionedThroughputExceededException`.
    ThroughputExceeded,
    /// HTTP 400 `RequestLimitExceeded`.
    RequestLimitExceeded,
}

/// Decides what befalls each request of a handle.
#[derive(Clone)]
pub struct FaultPlan(Arc<dyn Fn(&RequestInfo) -> Fault + Send + Sync>);

/// How often [`FaultPlan::seeded`] lets things go wrong, in percent of the requests. The sum counts:
/// above 100, the last ones never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    /// Refusals, of any kind.
    pub refuse: u8,
    /// Connections cut before or after execution.
    pub cut: u8,
    /// Requests carried out although their connection was cut long before.
    pub execute_later: u8,
    /// Held requests and delayed answers.
    pub delay: u8,
    /// Batches that are processed in part.
    pub process_only: u8,
    /// Dates moved by some seconds.
    pub shift_date: u8,
    /// The longest delay.
    pub max_delay: Duration,
    /// The farthest that a date is moved, either way.
    pub max_shift: u32,
}

// === impl FaultPlan ===

impl FaultPlan {
    /// Asks `decide` about every request, before it is carried out.
    pub fn new(decide: impl Fn(&RequestInfo) -> Fault + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    /// Everything goes well.
    pub fn none() -> Self {
        Self::new(|_| Fault::None)
    }

    /// Faults by [`RequestInfo::index`].
    pub fn script(faults: impl IntoIterator<Item = (u64, Fault)>) -> Self {
        let faults: std::collections::BTreeMap<u64, Fault> = faults.into_iter().collect();
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

    /// Faults by chance, the same for the same seed and [`RequestInfo::index`].
    pub fn seeded(seed: u64, rates: FaultRates) -> Self {
        Self::new(move |request| rates.draw(&mut rng(seed, request.index)))
    }

    pub(crate) fn decide(&self, request: &RequestInfo) -> Fault {
        (self.0)(request)
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan").finish_non_exhaustive()
    }
}

// === impl FaultRates ===

impl FaultRates {
    /// Nothing goes wrong: a base to set single rates on.
    pub const ZERO: Self = Self {
        refuse: 0,
        cut: 0,
        execute_later: 0,
        delay: 0,
        process_only: 0,
        shift_date: 0,
        max_delay: Duration::ZERO,
        max_shift: 0,
    };

    fn draw(&self, rng: &mut fastrand::Rng) -> Fault {
        let mut dice = rng.u8(..100);
        let mut falls_on = |rate: u8| {
            let hit = dice < rate;
            dice = dice.saturating_sub(rate);
            // Once hit, the caller returns; the dice need not be right any more.
            hit
        };
        let later = |rng: &mut fastrand::Rng| self.max_delay.mul_f64(rng.f64());
        if falls_on(self.refuse) {
            Fault::Refuse(Refusal::any(rng))
        } else if falls_on(self.cut) {
            if rng.bool() { Fault::CutBefore } else { Fault::CutAfter }
        } else if falls_on(self.execute_later) {
            Fault::CutAndExecuteLater(later(rng))
        } else if falls_on(self.delay) {
            if rng.bool() { Fault::Hold(later(rng)) } else { Fault::DelayAnswer(later(rng)) }
        } else if falls_on(self.process_only) {
            Fault::ProcessOnly(rng.usize(..=25))
        } else if falls_on(self.shift_date) {
            let farthest = i64::from(self.max_shift);
            Fault::ShiftDate(rng.i64(-farthest..=farthest))
        } else {
            Fault::None
        }
    }
}

impl Default for FaultRates {
    /// A bad day, without crashes and with honest dates.
    fn default() -> Self {
        Self {
            refuse: 5,
            cut: 5,
            execute_later: 2,
            delay: 5,
            process_only: 5,
            max_delay: Duration::from_secs(2),
            ..Self::ZERO
        }
    }
}

// === impl Refusal ===

impl Refusal {
    fn any(rng: &mut fastrand::Rng) -> Self {
        match rng.u8(..4) {
            0 => Self::InternalServerError,
            1 => Self::Throttling,
            2 => Self::ThroughputExceeded,
            _ => Self::RequestLimitExceeded,
        }
    }

    /// HTTP status, error type and message, as the service sends them.
    pub(crate) fn answer(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InternalServerError => {
                (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "injected fault")
            }
            Self::Throttling => {
                (400, "com.amazonaws.dynamodb.v20120810#ThrottlingException", "injected throttling")
            }
            Self::ThroughputExceeded => (
                400,
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "injected throttling",
            ),
            Self::RequestLimitExceeded => {
                (400, "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded", "injected throttling")
            }
        }
    }
}

/// Neighbouring indices must not give neighbouring draws, which a plain sum would.
fn rng(seed: u64, index: u64) -> fastrand::Rng {
    let mut mixed = fastrand::Rng::with_seed(seed);
    let base = mixed.u64(..);
    fastrand::Rng::with_seed(base ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
