//! A follower against a scripted stream.

mod fake;

use std::collections::BTreeSet;
use std::sync::Arc;

use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_testkit::ManualClock;
use proptest::prelude::*;

use self::fake::FakeStream;
use super::*;

/// So many looks read everything that a script leaves.
const LOOKS: usize = 200;

/// What happens to a stream between looks.
#[derive(Debug, Clone)]
enum Event {
    Write(usize),
    Split(usize),
    ExpireIterators,
    Trim,
    Fail(SourceError),
    Recreate,
    Disable,
    Look,
    Wait,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0..8_usize).prop_map(Event::Write),
        2 => (0..8_usize).prop_map(Event::Split),
        1 => Just(Event::ExpireIterators),
        1 => Just(Event::Trim),
        1 => Just(Event::Fail(SourceError::Throttled(String::new()))),
        1 => Just(Event::Fail(SourceError::Failed(String::new()))),
        1 => Just(Event::Recreate),
        1 => Just(Event::Disable),
        6 => Just(Event::Look),
        2 => Just(Event::Wait),
    ];
    prop::collection::vec(event, 0..80)
}

/// A follower, and what it has brought.
struct Run {
    stream: FakeStream,
    clock: ManualClock,
    follower: Follower<FakeStream>,
    seen: Vec<u64>,
    gaps: usize,
}

impl Run {
    fn from(start: Position) -> Self {
        let (stream, clock) = (FakeStream::new(), ManualClock::at(UnixNanos::from_secs(1)));
        let follower = Follower::new(stream.clone(), Arc::new(clock.clone()), start);
        Self { stream, clock, follower, seen: Vec::new(), gaps: 0 }
    }

    async fn look(&mut self) -> News {
        let news = self.follower.look().await;
        let numbers = news.changes.iter().filter_map(|change| change.sequence_number.as_ref());
        self.seen.extend(numbers.map(|number| number.parse::<u64>().unwrap()));
        self.gaps += usize::from(news.is_gap);
        news
    }

    async fn read_all(&mut self) {
        for _ in 0..LOOKS {
            self.look().await;
            self.clock.advance(LIST_AGAIN);
        }
    }

    async fn play(&mut self, event: &Event) {
        match event {
            Event::Write(shard) => self.stream.write(*shard),
            Event::Split(shard) => self.stream.split(*shard),
            Event::ExpireIterators => self.stream.expire_iterators(),
            Event::Trim => self.stream.trim(),
            Event::Fail(error) => self.stream.fail_next(error.clone()),
            Event::Recreate => self.stream.recreate(),
            Event::Disable => self.stream.disable(),
            Event::Look => drop(self.look().await),
            Event::Wait => self.clock.advance(LIST_AGAIN),
        }
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_record_comes_once_or_a_gap_is_told(events in events()) {
        run(async {
            let mut run = Run::from(Position::Oldest);
            for event in &events {
                run.play(event).await;
            }
            run.stream.enable();
            let gaps_before = run.gaps;
            run.read_all().await;
            let seen: BTreeSet<u64> = run.seen.iter().copied().collect();
            prop_assert_eq!(seen.len(), run.seen.len(), "a record came twice: {:?}", run.seen);
            let missed: Vec<u64> = (0..run.stream.written()).filter(|number| !seen.contains(number)).collect();
            let lossless = !events.iter().any(|e| matches!(e, Event::Trim | Event::Recreate | Event::Disable));
            if lossless {
                prop_assert_eq!((&missed, run.gaps), (&vec![], 0));
            }
            if run.stream.lost_to_a_reader(&seen) {
                prop_assert!(run.gaps > 0, "missed {:?} silently, {} gaps before", missed, gaps_before);
            }
            prop_assert!(run.stream.parents_came_first(&run.seen), "{:?}", run.seen);
            Ok(())
        })?;
    }
}

#[test]
fn a_follower_of_what_is_new_leaves_what_was_there() {
    run(async {
        let mut run = Run::from(Position::Newest);
        run.stream.write(0);
        run.look().await;
        run.stream.write(0);
        run.stream.split(0);
        run.stream.write(1);
        run.read_all().await;
        assert_eq!((run.seen, run.gaps), (vec![1, 2], 0));
    });
}

#[test]
fn an_iterator_at_the_newest_record_that_expires_is_a_gap() {
    run(async {
        let mut run = Run::from(Position::Newest);
        run.look().await;
        run.stream.expire_iterators();
        let news = run.look().await;
        assert!(news.is_gap && news.failure.is_none());
    });
}

#[test]
fn a_stream_that_is_made_again_is_read_from_its_beginning() {
    run(async {
        let mut run = Run::from(Position::Newest);
        run.look().await;
        run.stream.recreate();
        run.stream.write(0);
        run.read_all().await;
        assert_eq!(run.seen, [0]);
        assert!(run.gaps > 0);
    });
}

#[test]
fn pauses_grow_while_nothing_is_new_and_after_failures() {
    run(async {
        let mut run = Run::from(Position::Oldest);
        run.stream.write(0);
        run.look().await;
        assert_eq!(run.follower.idle, Duration::ZERO);
        for _ in 0..10 {
            run.look().await;
        }
        assert_eq!((run.follower.idle, run.follower.failed), (IDLE.1, Duration::ZERO));
        for _ in 0..2 {
            run.stream.fail_next(SourceError::Throttled("slow down".to_owned()));
            let news = run.look().await;
            assert_eq!(news.failure, Some(SourceError::Throttled("slow down".to_owned())));
        }
        assert_eq!(run.follower.failed, FAILED.0 * 2);
        run.look().await;
        assert_eq!(run.follower.failed, Duration::ZERO);
    });
}
