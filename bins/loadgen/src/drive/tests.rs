use super::*;
use crate::{
    export::Answer,
    tally::{Spans, Tally},
};

const SPANS: usize = 10;

fn due(at: u64) -> Due {
    Due { at: Duration::from_millis(at), spans: SPANS, message: Bytes::new() }
}

/// Sends requests that are due at these milliseconds to a server that takes a second for each.
async fn drive(
    due_at: &[u64],
    keeps_time: bool,
    max_in_flight: u32,
    stop: CancellationToken,
) -> (Run, Tally) {
    let tally = SharedTally::default();
    let (sender, requests) = mpsc::channel(due_at.len());
    for at in due_at {
        sender.send(due(*at)).await.unwrap();
    }
    drop(sender);
    let max_in_flight = Count::of(max_in_flight);
    let driver = Driver { keeps_time, max_in_flight, stop: &stop, tally: tally.clone() };
    let run = driver.drive(requests, |_| answer_after_a_second()).await;
    (run, tally.take())
}

#[expect(clippy::disallowed_methods, reason = "time is paused")]
async fn answer_after_a_second() -> Outcome {
    let latency = Duration::from_secs(1);
    tokio::time::sleep(latency).await;
    Outcome { answer: Answer::Acknowledged, latency, retries: 0 }
}

#[expect(clippy::disallowed_methods, reason = "time is paused")]
fn stop_after(milliseconds: u64) -> CancellationToken {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        stopping.cancel();
    });
    stop
}

fn seconds(time: Duration) -> f64 {
    // Timers have a resolution of a millisecond.
    (time.as_secs_f64() * 100.0).round() / 100.0
}

#[tokio::test(start_paused = true)]
async fn requests_are_sent_when_they_are_due() {
    let (run, tally) = drive(&[100, 200, 5_000], true, 2, CancellationToken::new()).await;
    assert_eq!((tally.requests, tally.late, tally.last_due.as_millis()), (3, 0, 5_000));
    assert_eq!(tally.spans, Spans { sent: 30, acknowledged: 30, ..Spans::default() });
    assert_eq!(tally.latencies, [1_000_000; 3]);
    assert_eq!((seconds(run.elapsed), run.is_interrupted), (6.0, false));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_must_wait_for_an_answer_is_late_and_not_left_out() {
    let (run, tally) = drive(&[0, 100, 200, 9_000], true, 1, CancellationToken::new()).await;
    assert_eq!((tally.requests, tally.late), (4, 2));
    assert_eq!(seconds(tally.latest), 1.8);
    assert_eq!((tally.spans.acknowledged, seconds(run.elapsed)), (40, 10.0));
}

#[tokio::test(start_paused = true)]
async fn without_time_the_requests_in_flight_are_the_only_limit() {
    let (run, tally) = drive(&[60_000, 120_000, 180_000, 240_000], false, 2, CancellationToken::new()).await;
    assert_eq!((tally.requests, tally.late, tally.spans.acknowledged), (4, 0, 40));
    assert_eq!(seconds(run.elapsed), 2.0);
}

#[tokio::test(start_paused = true)]
async fn a_stop_sends_nothing_more_and_waits_for_what_is_in_flight() {
    let (run, tally) = drive(&[0, 500, 2_000, 3_000], true, 8, stop_after(700)).await;
    assert_eq!(tally.spans, Spans { sent: 20, acknowledged: 20, ..Spans::default() });
    assert_eq!((seconds(run.elapsed), run.is_interrupted), (1.5, true));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_with_the_stop_makes_no_room_for_another_request() {
    let (sender, requests) = mpsc::channel(2);
    sender.send(due(0)).await.unwrap();
    sender.send(due(0)).await.unwrap();
    let (stop, tally) = (CancellationToken::new(), SharedTally::default());
    let driver = Driver { keeps_time: false, max_in_flight: Count::of(1), stop: &stop, tally: tally.clone() };
    let answer = |_| {
        let stop = stop.clone();
        async move {
            let answer = answer_after_a_second().await;
            stop.cancel();
            answer
        }
    };
    let run = driver.drive(requests, answer).await;
    assert_eq!((run.is_interrupted, tally.take().requests), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_anything_is_made_ends_at_once() {
    let (_sender, requests) = mpsc::channel(1);
    let (stop, tally) = (stop_after(300), SharedTally::default());
    let driver = Driver { keeps_time: true, max_in_flight: Count::of(1), stop: &stop, tally: tally.clone() };
    let run = driver.drive(requests, |_| answer_after_a_second()).await;
    assert_eq!((run.is_interrupted, run.elapsed, tally.take()), (true, Duration::ZERO, Tally::default()));
}
