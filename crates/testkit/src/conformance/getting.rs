//! Traces by their ids.

use jaeger_dynamodb_core::{Predicate, Range, Span, TraceId, TraceRef, UnixNanos, otlp};

use super::StoreUnderTest;
use super::expect::{Outcome, same, same_ids, same_spans};
use crate::fixtures::{START, otlp_span, trace_id};

fn spans(traces: impl IntoIterator<Item = u64>) -> Vec<Span> {
    traces.into_iter().map(|trace| Span::Otlp(otlp_span(trace, 1, "web"))).collect()
}

async fn ids_of(store: &StoreUnderTest, asked: &[u64]) -> Result<Vec<TraceId>, String> {
    let asked = asked.iter().map(|number| trace_id(*number).into()).collect();
    Ok(store.answers().get(asked).await?.into_iter().map(|trace| trace.id).collect())
}

pub(super) async fn an_empty_store_answers_nothing(store: &StoreUnderTest) -> Outcome {
    let answers = store.answers();
    same_ids("get_traces", &ids_of(store, &[1, 2]).await?, &[])?;
    same_ids("get_traces of no ids", &ids_of(store, &[]).await?, &[])?;
    same_ids("find", &answers.found(&Predicate::default()).await?, &[])?;
    same("services", &answers.services().await?, &Vec::new())?;
    same("operations", &answers.operations("web", "").await?, &Vec::new())
}

pub(super) async fn unknown_ids_are_left_out(store: &StoreUnderTest) -> Outcome {
    store.write(spans([2, 4])).await?;
    same_ids("known and unknown", &ids_of(store, &[1, 2, 3, 4, 5]).await?, &[2, 4])?;
    same_ids("unknown only", &ids_of(store, &[9]).await?, &[])
}

pub(super) async fn ids_are_answered_in_the_order_asked(store: &StoreUnderTest) -> Outcome {
    store.write(spans(0..60)).await?;
    store.write((0..60).map(|trace| Span::Otlp(otlp_span(trace, 2, "cart"))).collect()).await?;
    let asked: Vec<_> = (0..60).map(|number| number * 7 % 60).collect();
    same_ids("sixty ids", &ids_of(store, &asked).await?, &asked)?;
    same_ids("three ids", &ids_of(store, &[30, 59, 2]).await?, &[30, 59, 2])
}

pub(super) async fn an_id_asked_twice_is_answered_once(store: &StoreUnderTest) -> Outcome {
    store.write(spans([1, 2])).await?;
    same_ids("ids", &ids_of(store, &[2, 1, 2, 9, 1, 9]).await?, &[2, 1])
}

pub(super) async fn time_hints_leave_nothing_out(store: &StoreUnderTest) -> Outcome {
    let later = START + 86_400_000_000_000;
    let late =
        otlp::Span { start_time_unix_nano: later, end_time_unix_nano: later, ..otlp_span(1, 2, "web") };
    let spans = [Span::Otlp(otlp_span(1, 1, "web")), Span::Otlp(late)];
    for span in &spans {
        store.write(vec![span.clone()]).await?;
    }
    let at = |nanos: i128| Some(UnixNanos(nanos));
    let start = i128::from(START);
    for time_hint in [
        Range::default(),
        Range { min: at(start), max: at(start) },
        Range { min: at(start + 1), max: None },
        Range { min: None, max: at(start) },
        Range { min: at(0), max: at(1) },
        Range { min: at(start + 1), max: at(start - 1) },
    ] {
        let traces = store.answers().get(vec![TraceRef { trace_id: trace_id(1), time_hint }]).await?;
        let got: Vec<_> = traces.into_iter().flat_map(|trace| trace.spans).collect();
        same_spans(&format!("spans with the hint {time_hint:?}"), &got, &spans)?;
    }
    Ok(())
}

pub(super) async fn ids_that_share_bytes_are_told_apart(store: &StoreUnderTest) -> Outcome {
    let ids: Vec<_> =
        [1, 1 << 64, 1 << 120, (1 << 120) + 1, (1 << 120) + (1 << 64), u128::MAX, u128::MAX << 8]
            .into_iter()
            .filter_map(|number: u128| TraceId::new(number.to_be_bytes()).ok())
            .collect();
    let span = |trace_id| Span::Otlp(otlp::Span { trace_id, ..otlp_span(1, 1, "web") });
    store.write(ids.iter().copied().map(span).collect()).await?;
    for id in ids {
        let traces = store.answers().get(vec![id.into()]).await?;
        let got: Vec<_> = traces.into_iter().flat_map(|trace| trace.spans).collect();
        same_spans(&format!("spans of {id}"), &got, &[span(id)])?;
    }
    Ok(())
}
