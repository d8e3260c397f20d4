//! Faults by chance.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fault, Refusal, RequestInfo};

mod text;

pub use text::DateShift;

/// How often things go wrong, in percent of the requests.
///
/// The first six exclude each other: their sum is at most 100. Delays and shifts befall a request beside those.
///
/// As JSON, an object of some of these names, where durations and shifts are texts such as `"500ms"` or `"-3m"`. What is
/// not named is as in [`ZERO`](Self::ZERO).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default = "FaultRates::zero", deny_unknown_fields)]
pub struct FaultRates {
    /// Throttled requests, for any reason.
    pub throttle: u8,
    /// Requests refused with HTTP 500.
    pub http_500: u8,
    /// Connections cut before anything was done.
    pub cut_before: u8,
    /// Connections cut after the request was carried out.
    pub cut_after: u8,
    /// Requests carried out `delay` after their connection was cut.
    pub execute_later: u8,
    /// Batches that are processed in part.
    pub process_only: u8,
    /// How long delays are.
    #[serde(with = "text::duration")]
    pub delay: Duration,
    /// Delayed requests.
    pub delay_percent: u8,
    /// How far dates are moved.
    pub shift_date: DateShift,
    /// Answers whose date is moved.
    pub shift_date_percent: u8,
    /// Delays are of any length up to `delay`, before the request or before its answer, and dates are moved either way
    /// by any number of seconds up to `shift_date`. Else they are exactly that, and delays come before the request.
    pub vary: bool,
    /// One partition in so many is slow; none if 0. Known of tables whose partition key is named `pk`.
    pub slow_partitions: u32,
    /// How long a request on a slow partition waits.
    #[serde(with = "text::duration")]
    pub slow_by: Duration,
}

// === impl FaultRates ===

impl FaultRates {
    /// Nothing goes wrong: a base to set single rates on. As soon as a delay or shift is set, it befalls every request.
    pub const ZERO: Self = Self {
        throttle: 0,
        http_500: 0,
        cut_before: 0,
        cut_after: 0,
        execute_later: 0,
        process_only: 0,
        delay: Duration::ZERO,
        delay_percent: 100,
        shift_date: DateShift(0),
        shift_date_percent: 100,
        vary: false,
        slow_partitions: 0,
        slow_by: Duration::ZERO,
    };

    /// Reads and checks the JSON form.
    ///
    /// # Errors
    /// If it is none, names what there is not, or is [no possible rates](Self::check).
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let rates: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        rates.check().map(|()| rates)
    }

    /// Whether these can be rates.
    ///
    /// # Errors
    /// If a percentage is above 100, or the sum of those that exclude each other is.
    pub fn check(&self) -> Result<(), String> {
        let excluding: u32 = self.excluding().into_iter().map(u32::from).sum();
        if excluding > 100 {
            return Err(format!(
                "throttle, http_500, cut_before, cut_after, execute_later and process_only exclude each other: \
                 their sum is {excluding}, above 100"
            ));
        }
        if self.delay_percent > 100 || self.shift_date_percent > 100 {
            return Err("no more than 100 percent can be delayed or have their date shifted".to_owned());
        }
        Ok(())
    }

    pub(super) fn draw(&self, seed: u64, request: &RequestInfo) -> Vec<Fault> {
        if *self == Self::ZERO {
            return Vec::new();
        }
        let mut rng = rng(&(seed, &request.handle, request.index));
        vec![self.outcome(&mut rng), self.delay(&mut rng), self.shift(&mut rng), self.slowness(seed, request)]
    }

    fn excluding(&self) -> [u8; 6] {
        [self.throttle, self.http_500, self.cut_before, self.cut_after, self.execute_later, self.process_only]
    }

    fn outcome(&self, rng: &mut fastrand::Rng) -> Fault {
        let mut dice = rng.u8(..100);
        let hit = self.excluding().into_iter().position(|rate| {
            let hit = dice < rate;
            dice = dice.saturating_sub(rate);
            hit
        });
        match hit {
            Some(0) => Fault::Refuse(Refusal::any_throttling(rng)),
            Some(1) => Fault::Refuse(Refusal::InternalServerError),
            Some(2) => Fault::CutBefore,
            Some(3) => Fault::CutAfter,
            Some(4) => Fault::CutAndExecuteLater(self.duration(rng)),
            Some(_) => Fault::ProcessOnly(rng.usize(..=25)),
            None => Fault::None,
        }
    }

    fn delay(&self, rng: &mut fastrand::Rng) -> Fault {
        if self.delay.is_zero() || rng.u8(..100) >= self.delay_percent {
            return Fault::None;
        }
        let duration = self.duration(rng);
        if self.vary && rng.bool() { Fault::DelayAnswer(duration) } else { Fault::Hold(duration) }
    }

    fn shift(&self, rng: &mut fastrand::Rng) -> Fault {
        let farthest = self.shift_date.0.saturating_abs();
        if farthest == 0 || rng.u8(..100) >= self.shift_date_percent {
            return Fault::None;
        }
        Fault::ShiftDate(if self.vary { rng.i64(-farthest..=farthest) } else { self.shift_date.0 })
    }

    fn slowness(&self, seed: u64, request: &RequestInfo) -> Fault {
        let is_slow = |partition: String| {
            self.slow_partitions > 0 && rng(&(seed, partition)).u32(..self.slow_partitions) == 0
        };
        if request.partition().is_some_and(is_slow) { Fault::Hold(self.slow_by) } else { Fault::None }
    }

    fn duration(&self, rng: &mut fastrand::Rng) -> Duration {
        if self.vary { self.delay.mul_f64(rng.f64()) } else { self.delay }
    }

    fn zero() -> Self {
        Self::ZERO
    }
}

impl Default for FaultRates {
    /// A bad day, without crashes and with honest dates.
    fn default() -> Self {
        Self {
            throttle: 4,
            http_500: 1,
            cut_before: 2,
            cut_after: 3,
            execute_later: 2,
            process_only: 5,
            delay: Duration::from_secs(2),
            delay_percent: 5,
            vary: true,
            ..Self::ZERO
        }
    }
}

/// Hashed, since neighbouring numbers must not give neighbouring draws.
fn rng(drawn_by: &impl Hash) -> fastrand::Rng {
    let mut hasher = DefaultHasher::new();
    drawn_by.hash(&mut hasher);
    fastrand::Rng::with_seed(hasher.finish())
}
