use super::*;

fn piece() -> (Piece, oneshot::Receiver<Outcome>) {
    let (done, outcome) = oneshot::channel();
    (
        Piece {
            spans: Vec::new(),
            form: Form::Otlp,
            load: Load::of_bytes(100),
            arrived: Duration::ZERO,
            done,
        },
        outcome,
    )
}

#[test]
fn what_nobody_waits_for_any_more_leaves_the_front_of_the_queue() {
    let (pieces, outcomes): (VecDeque<_>, Vec<_>) = std::iter::repeat_with(piece).take(4).unzip();
    let mut state = State { pieces, waiting: Load::of_bytes(400), ..State::default() };
    let mut outcomes = outcomes.into_iter();
    drop((outcomes.next(), outcomes.next()));
    let (waited_for, behind) = (outcomes.next(), outcomes.next());
    drop(behind);
    let mut abandoned = Vec::new();
    state.leave_abandoned_to(&mut abandoned);
    assert_eq!((abandoned.len(), state.pieces.len(), state.waiting.bytes), (2, 2, 200));
    drop(waited_for);
    state.leave_abandoned_to(&mut abandoned);
    assert_eq!((abandoned.len(), state.pieces.len(), state.waiting.bytes), (4, 0, 0));
}

#[test]
fn a_queue_that_does_not_move_takes_nothing_more_and_one_that_is_empty_takes_anything() {
    let config =
        StoreConfig { max_queued_bytes: 250, max_queue_wait: Duration::from_secs(3), ..StoreConfig::aws() };
    let (pieces, _outcomes): (VecDeque<_>, Vec<_>) = std::iter::repeat_with(piece).take(2).unzip();
    let waiting = State { pieces, waiting: Load::of_bytes(200), ..State::default() };
    let refused = |state: &State, bytes, seconds| {
        state.has_no_room(Load::of_bytes(bytes), Duration::from_secs(seconds), &config).is_some()
    };
    assert!(!refused(&waiting, 50, 3));
    assert!(refused(&waiting, 51, 3), "too many bytes");
    assert!(refused(&waiting, 50, 4), "too old");
    assert!(!refused(&State::default(), 1000, 4));
}
