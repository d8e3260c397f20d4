//! The storage service's own time, from the `Date` of its responses: the only clock that decides anything (ADR 0005).
//!
//! `Date` has whole seconds, rounded down. A response whose `Date` departs from what the process's monotonic clock
//! lets expect, by more than the allowed skew, is not trusted. If the service keeps insisting, response after
//! response, then it is the process that lost time (a paused virtual machine), and its time is taken over.
//!
//! A response that took long may have been dated at any moment of that time, so it makes a poor expectation for the next
//! one: after a process has slept for twenty minutes in a request, a date wrong by ten would be trusted. So the sharper
//! response stays what later ones are held against.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Two dates that are rounded to whole seconds may be so much further apart than the instants they stand for.
const ROUNDING: Duration = Duration::from_secs(1);

/// So many responses in a row must agree with each other before they overrule the expectation.
const INSISTENCE: u32 = 8;

/// So many responses in a row must agree before the service's time closes a window: the first one has nothing to be
/// held against.
const CONFIRMATION: u32 = 3;

/// How much less sharp an expectation becomes with its age: clocks run at different rates, by far less than this.
const DRIFT: u32 = 1000;

/// When a request was sent and answered, by the process's monotonic clock, and what the answer's `Date` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Observation {
    pub(crate) sent: Duration,
    pub(crate) received: Duration,
    /// Unix seconds.
    pub(crate) date: u64,
}

/// Estimates the service's time from trusted responses.
#[derive(Debug)]
pub(crate) struct ServiceTime {
    skew: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What responses are held against.
    trusted: Option<Observation>,
    /// The `Date` of the last trusted response.
    reached: u64,
    /// Trusted responses in a row, counted up to `CONFIRMATION`.
    confirmations: u32,
    insisting: Option<(Observation, u32)>,
}

impl ServiceTime {
    pub(crate) fn new(skew: Duration) -> Self {
        Self { skew, state: Mutex::default() }
    }

    /// Takes a response into account and says whether its `Date` is trusted.
    pub(crate) fn observe(&self, seen: Observation) -> bool {
        let tolerance = self.skew + ROUNDING;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.trusted.is_none_or(|trusted| agree(trusted, seen, tolerance)) {
            let confirmations = CONFIRMATION.min(state.confirmations + 1);
            let trusted = state.trusted.filter(|trusted| trusted.is_sharper_than(seen)).or(Some(seen));
            *state = State { trusted, reached: seen.date, confirmations, insisting: None };
            return true;
        }
        if state.confirmations < CONFIRMATION {
            // Nothing is established yet that the response could contradict.
            *state = State { trusted: Some(seen), reached: seen.date, confirmations: 1, insisting: None };
            return false;
        }
        let streak = match state.insisting {
            Some((last, streak)) if agree(last, seen, tolerance) => streak + 1,
            _ => 1,
        };
        if streak < INSISTENCE {
            state.insisting = Some((seen, streak));
            return false;
        }
        *state =
            State { trusted: Some(seen), reached: seen.date, confirmations: CONFIRMATION, insisting: None };
        true
    }

    /// Whether the last response was not trusted, or there was none.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.confirmations < CONFIRMATION || state.insisting.is_some()
    }

    /// A time that the service has reached for certain, Unix seconds; zero while that is not established.
    pub(crate) fn at_least(&self) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.confirmations >= CONFIRMATION { state.reached } else { 0 }
    }

    /// The service's present time as far as the process can tell, Unix seconds.
    pub(crate) fn estimate(&self, monotonic_now: Duration) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.trusted.map_or(0, |trusted| {
            trusted.date.saturating_add(monotonic_now.saturating_sub(trusted.received).as_secs())
        })
    }
}

impl Observation {
    fn took(self) -> Duration {
        self.received.saturating_sub(self.sent)
    }

    /// Whether it still says more exactly than a later one what time it is.
    fn is_sharper_than(self, later: Self) -> bool {
        self.took() + later.received.saturating_sub(self.received) / DRIFT < later.took()
    }
}

/// Whether `later` lies where `earlier` and the monotonic clock let expect it. Responses may overtake each other.
fn agree(earlier: Observation, later: Observation, tolerance: Duration) -> bool {
    let millis = |duration: Duration| i128::try_from(duration.as_millis()).unwrap_or(i128::MAX);
    let dated = |observation: Observation| i128::from(observation.date) * 1000;
    let low = dated(earlier) + millis(later.sent) - millis(earlier.received) - millis(tolerance);
    let high = dated(earlier) + millis(later.received) - millis(earlier.sent) + millis(tolerance);
    (low..=high).contains(&dated(later))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: u64, date: u64) -> Observation {
        Observation { sent: Duration::from_secs(at), received: Duration::from_secs(at), date }
    }

    #[test]
    fn a_date_that_departs_from_the_monotonic_clock_is_not_trusted() {
        let time = ServiceTime::new(Duration::from_secs(5));
        assert!(time.observe(seen(9, 999)));
        assert!(time.observe(seen(10, 1000)));
        assert_eq!(time.at_least(), 0, "not confirmed yet");
        assert!(time.observe(seen(20, 1010)));
        assert!(time.observe(seen(20, 1016)), "within skew and rounding");
        assert!(!time.observe(seen(21, 1200)));
        assert!(!time.observe(seen(21, 900)));
        assert_eq!(time.at_least(), 1016);
        assert_eq!(time.estimate(Duration::from_secs(30)), 1026);
    }

    #[test]
    fn a_slow_response_may_have_been_dated_at_any_time_under_way() {
        let time = ServiceTime::new(Duration::ZERO);
        assert!(time.observe(seen(0, 1000)));
        let slow =
            |date| Observation { sent: Duration::from_secs(1), received: Duration::from_secs(60), date };
        assert!(time.observe(slow(1000)));
        assert!(time.observe(slow(1059)));
    }

    #[test]
    fn a_slow_response_makes_no_room_for_a_wild_date() {
        let second = Duration::from_secs;
        // Dated when the process was stopped, or when it went on.
        for dated in [1001, 2201] {
            let time = ServiceTime::new(Duration::ZERO);
            for _ in 0..CONFIRMATION {
                assert!(time.observe(seen(0, 1000)));
            }
            let slow = Observation { sent: second(1), received: second(1201), date: dated };
            assert!(time.observe(slow));
            assert_eq!(time.at_least(), dated);
            assert_eq!(time.estimate(second(1201)), 2201);
            for wild in [1300, 1900, 2500, 3100] {
                assert!(!time.observe(seen(1202, wild)), "{wild} after {dated}");
            }
            assert!(time.observe(seen(1202, 2202)));
        }
    }

    #[test]
    fn responses_that_are_all_slow_follow_the_service() {
        let time = ServiceTime::new(Duration::ZERO);
        assert!(time.observe(seen(0, 1000)));
        // The process's clock loses a second in an hour.
        for hour in 1..100_u64 {
            let sent = Duration::from_secs(hour * 3600);
            let slow =
                Observation { sent, received: sent + Duration::from_secs(2), date: 1001 + hour * 3601 };
            assert!(time.observe(slow), "{hour}");
        }
    }

    #[test]
    fn a_service_that_insists_is_believed() {
        let time = ServiceTime::new(Duration::ZERO);
        for _ in 0..CONFIRMATION {
            assert!(time.observe(seen(0, 1000)));
        }
        for answer in 1..INSISTENCE {
            assert!(!time.observe(seen(u64::from(answer), 5000 + u64::from(answer))));
        }
        assert!(time.observe(seen(u64::from(INSISTENCE), 5000 + u64::from(INSISTENCE))));
        assert!(time.at_least() > 5000);
    }

    #[test]
    fn a_strange_first_date_closes_nothing_and_is_overruled_at_once() {
        let time = ServiceTime::new(Duration::ZERO);
        assert!(time.observe(seen(0, 9000)));
        assert!(!time.observe(seen(0, 1000)));
        assert!(time.observe(seen(0, 1000)));
        assert!(time.observe(seen(0, 1000)));
        assert_eq!(time.at_least(), 1000);
    }

    #[test]
    fn single_strange_dates_never_add_up() {
        let time = ServiceTime::new(Duration::ZERO);
        for _ in 0..CONFIRMATION {
            assert!(time.observe(seen(0, 1000)));
        }
        for second in 0..100 {
            assert!(time.observe(seen(second, 1000 + second)));
            assert!(!time.observe(seen(second, 9000 + second)));
        }
    }
}
