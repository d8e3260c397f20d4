//! When a span was and how long it took; the whole trace is answered all the same.

use jaeger_dynamodb_core::{Attributes, Predicate, Range, Span, TextForm, TraceQuery, UnixNanos, otlp};

use super::StoreUnderTest;
use super::expect::{Outcome, same, same_ids, same_spans};
use super::searching::{attribute, expect_found, with_attributes};
use crate::fixtures::{START, otlp_span};

pub(super) async fn durations_are_inclusive_to_the_nanosecond(store: &StoreUnderTest) -> Outcome {
    let durations = [1_000, 2_000, 2_001, 4_499, 5_000];
    let span =
        |(trace, nanos)| otlp::Span { end_time_unix_nano: START + nanos, ..otlp_span(trace, 1, "web") };
    store.write((1..).zip(durations).map(span).map(Span::Otlp).collect()).await?;
    let within = |min, max| vec![Predicate::Duration(Range { min, max })];
    expect_found(
        store,
        vec![
            (within(None, Some(2_000)), &[1, 2]),
            (within(None, Some(1_000)), &[1]),
            (within(None, Some(999)), &[]),
            (within(Some(2_001), None), &[3, 4, 5]),
            (within(Some(4_500), Some(5_500)), &[5]),
            (within(Some(5_000), Some(5_000)), &[5]),
            (within(Some(5_001), None), &[]),
        ],
    )
    .await
}

pub(super) async fn starts_are_inclusive_to_the_nanosecond(store: &StoreUnderTest) -> Outcome {
    let span =
        |trace, after| otlp::Span { start_time_unix_nano: START + after, ..otlp_span(trace, 1, "web") };
    store.write([span(1, 0), span(2, 10), span(3, 20)].map(Span::Otlp).to_vec()).await?;
    let at = |after: i128| Some(UnixNanos(i128::from(START) + after));
    for (min, max, expected) in [
        (at(10), at(10), &[2][..]),
        (at(0), at(20), &[3, 2, 1]),
        (at(1), at(19), &[2]),
        (at(11), None, &[3]),
        (None, at(9), &[1]),
        (at(21), None, &[]),
        (at(20), at(0), &[]),
    ] {
        let query = TraceQuery { start: Range { min, max }, ..TraceQuery::default() };
        let found: Vec<_> = store.answers().find(&query).await?.into_iter().map(|trace| trace.id).collect();
        same_ids(&format!("starts in {:?}", query.start), &found, expected)?;
    }
    Ok(())
}

pub(super) async fn whole_traces_are_answered(store: &StoreUnderTest) -> Outcome {
    let spans = [
        with_attributes(1, Attributes::from([("k", "v")])),
        otlp_span(1, 2, "cart"),
        otlp::Span { start_time_unix_nano: START - 1, ..otlp_span(1, 3, "db") },
        otlp::Span { end_time_unix_nano: START + 1, ..otlp_span(1, 4, "web") },
    ]
    .map(Span::Otlp);
    for span in &spans {
        store.write(vec![span.clone(), Span::Otlp(otlp_span(2, 1, "web"))]).await?;
    }
    let at = Some(UnixNanos(START.into()));
    let predicate =
        Predicate::All(vec![Predicate::Service("web".to_owned()), attribute(TextForm::V2, "k", "v")]);
    let query = TraceQuery { start: Range { min: at, max: at }, predicate, ..TraceQuery::default() };
    let found = store.answers().find(&query).await?;
    same("number of traces found", &found.len(), &1)?;
    found.iter().try_for_each(|trace| same_spans("spans of the trace", &trace.spans, &spans))
}

pub(super) async fn traces_may_last_days(store: &StoreUnderTest) -> Outcome {
    const DAY: u64 = 86_400_000_000_000;
    let span = |number| {
        let start_time_unix_nano = START + number * DAY;
        let end_time_unix_nano = start_time_unix_nano + 1;
        Span::Otlp(otlp::Span { start_time_unix_nano, end_time_unix_nano, ..otlp_span(1, number, "web") })
    };
    let spans: Vec<_> = (0..4).map(span).collect();
    for span in &spans {
        store.write(vec![span.clone()]).await?;
    }
    for day in 0..4 {
        let start = i128::from(START + day * DAY);
        let start = Range { min: Some(UnixNanos(start - 1)), max: Some(UnixNanos(start + 1)) };
        let found = store.answers().find(&TraceQuery { start, ..TraceQuery::default() }).await?;
        same(&format!("number of traces found on day {day}"), &found.len(), &1)?;
        found.iter().try_for_each(|trace| same_spans("spans of the trace", &trace.spans, &spans))?;
    }
    let start = Range { min: None, max: Some(UnixNanos(i128::from(START) - 1)) };
    let found = store.answers().find(&TraceQuery { start, ..TraceQuery::default() }).await?;
    same("number of traces found before", &found.len(), &0)
}
