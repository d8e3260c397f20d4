//! Clocks for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use jaeger_dynamodb_core::{Clock, UnixNanos};
use tokio::time::Instant;

/// A clock that moves only when it is told to. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    wall: UnixNanos,
    monotonic: Duration,
    /// By the monotonic time of waking, then by who came first.
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    slept: u64,
}

/// A clock over tokio's time, for runtimes with paused time: it jumps to the next sleeper when every
/// task waits. Nothing else may then do work on a thread that tokio does not know of, or time runs
/// away from it; a [`TestEngine`](crate::TestEngine) does not.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: UnixNanos,
    origin: Instant,
}

// === impl ManualClock ===

impl ManualClock {
    /// A clock that stands still at this time.
    pub fn at(wall: UnixNanos) -> Self {
        let hands = Hands { wall, monotonic: Duration::ZERO, sleepers: BTreeMap::new(), slept: 0 };
        Self(Arc::new(Mutex::new(hands)))
    }

    /// Lets time pass and wakes whoever has slept long enough, the earliest first.
    pub fn advance(&self, by: Duration) {
        let mut hands = self.hands();
        hands.monotonic = hands.monotonic.saturating_add(by);
        hands.wall = later(hands.wall, by);
        let still_asleep = (hands.monotonic, u64::MAX);
        while let Some(sleeper) = hands.sleepers.first_entry().filter(|next| *next.key() <= still_asleep) {
            let _gave_up_waiting = sleeper.remove().send(());
        }
    }

    /// Lets just as much time pass as the next sleeper needs. False if nobody sleeps.
    pub fn advance_to_next_sleeper(&self) -> bool {
        let by = {
            let mut hands = self.hands();
            hands.sleepers.retain(|_, sleeper| !sleeper.is_canceled());
            let now = hands.monotonic;
            hands.sleepers.first_key_value().map(|((wake, _), _)| wake.saturating_sub(now))
        };
        by.inspect(|by| self.advance(*by)).is_some()
    }

    /// Sets the wall clock alone, as an administrator or a faulty time server would.
    pub fn set_wall(&self, wall: UnixNanos) {
        self.hands().wall = wall;
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> UnixNanos {
        self.hands().wall
    }

    fn monotonic(&self) -> Duration {
        self.hands().monotonic
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (wake, woken) = oneshot::channel();
        let mut hands = self.hands();
        if duration.is_zero() {
            return futures::future::ready(()).boxed();
        }
        let key = (hands.monotonic.saturating_add(duration), hands.slept);
        hands.slept += 1;
        hands.sleepers.insert(key, wake);
        async move {
            if woken.await.is_err() {
                // The clock is gone: its time never comes.
                futures::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}

// === impl TokioClock ===

impl TokioClock {
    /// A clock that shows `start` now. Call it inside the runtime whose time it follows.
    pub fn starting_at(start: UnixNanos) -> Self {
        Self { start, origin: Instant::now() }
    }
}

impl Clock for TokioClock {
    fn wall(&self) -> UnixNanos {
        later(self.start, self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is a clock")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }
}

fn later(wall: UnixNanos, by: Duration) -> UnixNanos {
    let nanos = i128::try_from(by.as_nanos()).unwrap_or(i128::MAX);
    UnixNanos(wall.0.saturating_add(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: UnixNanos = UnixNanos::from_secs(1_760_000_000);

    #[test]
    fn a_manual_clock_wakes_exactly_who_has_slept_long_enough() {
        let clock = ManualClock::at(NOON);
        let short = clock.sleep(Duration::from_secs(1));
        let long = clock.sleep(Duration::from_secs(2));
        clock.advance(Duration::from_millis(1_999));
        assert!(short.now_or_never().is_some());
        let mut long = long;
        assert!((&mut long).now_or_never().is_none());
        clock.advance(Duration::from_millis(1));
        assert!(long.now_or_never().is_some());
        assert_eq!(clock.monotonic(), Duration::from_secs(2));
        assert_eq!(clock.wall(), UnixNanos::from_secs(1_760_000_002));
    }

    #[test]
    fn advancing_to_the_next_sleeper_skips_who_gave_up() {
        let clock = ManualClock::at(NOON);
        drop(clock.sleep(Duration::from_secs(1)));
        let kept = clock.sleep(Duration::from_secs(5));
        assert!(clock.advance_to_next_sleeper());
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
        assert!(kept.now_or_never().is_some());
        assert!(!clock.advance_to_next_sleeper());
    }

    #[test]
    fn setting_the_wall_clock_leaves_monotonic_time_alone() {
        let clock = ManualClock::at(NOON);
        clock.set_wall(UnixNanos::from_secs(7));
        assert_eq!((clock.wall(), clock.monotonic()), (UnixNanos::from_secs(7), Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_tokio_clock_jumps_while_everybody_sleeps() {
        let clock = TokioClock::starting_at(NOON);
        clock.sleep(Duration::from_secs(3_600)).await;
        assert_eq!(clock.wall(), UnixNanos::from_secs(1_760_003_600));
    }
}
