use super::*;

fn outcome(answer: Answer) -> Outcome {
    Outcome { answer, latency: Duration::from_millis(3), retries: 2 }
}

fn tally(answers: impl IntoIterator<Item = Answer>) -> Tally {
    let mut tally = Tally::default();
    for answer in answers {
        tally.sent(10, Duration::ZERO, Duration::ZERO);
        tally.ended(10, outcome(answer));
    }
    tally
}

#[test]
fn every_span_sent_is_acknowledged_refused_or_failed() {
    let why = || "why".to_owned();
    let tally = tally([
        Answer::Acknowledged,
        Answer::PartlyRefused(3, why()),
        Answer::Refused(why()),
        Answer::Failed(why()),
        Answer::Failed(why()),
    ]);
    assert_eq!(tally.spans, Spans { sent: 50, acknowledged: 17, refused: 13, failed: 20 });
    assert_eq!((tally.requests, tally.retries, tally.latencies), (5, 10, vec![3_000; 2]));
}

#[test]
fn a_server_that_refuses_more_than_there_was_refuses_all() {
    let tally = tally([Answer::PartlyRefused(11, String::new())]);
    assert_eq!(tally.spans, Spans { sent: 10, acknowledged: 0, refused: 10, failed: 0 });
    assert_eq!(tally.latencies, Vec::<u32>::new());
}

#[test]
fn the_first_reason_is_kept() {
    let tally = tally(["first", "second"].map(|why| Answer::Failed(why.to_owned())));
    assert_eq!(tally.first_reason.as_deref(), Some("first"));
}

#[test]
fn what_timers_do_by_themselves_is_not_late() {
    let mut tally = Tally::default();
    for delay in [0, 10, 11, 500, 20] {
        tally.sent(1, Duration::from_secs(1), Duration::from_millis(delay));
    }
    assert_eq!((tally.late, tally.latest), (3, Duration::from_millis(500)));
}
