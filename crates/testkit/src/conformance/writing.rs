//! What is written comes back.

use futures::future::try_join_all;
use jaeger_dynamodb_core::{
    Attribute, AttributeValue, Attributes, Double, Span, SpanId, SpanKind, StatusCode, otlp, v1,
};

use super::StoreUnderTest;
use super::expect::{Outcome, same_spans};
use crate::fixtures::{self, START, otlp_span};

/// Writes spans of trace 1 and expects them back.
async fn round_trip(store: &StoreUnderTest, spans: Vec<Span>) -> Outcome {
    store.write(spans.clone()).await?;
    same_spans("spans", &store.answers().spans_of(1).await?, &spans)
}

pub(super) async fn every_field_comes_back(store: &StoreUnderTest) -> Outcome {
    round_trip(store, vec![Span::Otlp(fixtures::full_otlp_span(1, 1, "web"))]).await
}

pub(super) async fn every_field_of_v1_spans_comes_back(store: &StoreUnderTest) -> Outcome {
    let spans = [fixtures::full_v1_span(1, 1, "web"), fixtures::v1_span(1, 2, "web")];
    round_trip(store, spans.map(Span::V1).to_vec()).await
}

pub(super) async fn v1_spans_without_process_come_back(store: &StoreUnderTest) -> Outcome {
    let without = |number| v1::Span { process: None, ..fixtures::v1_span(1, number, "") };
    round_trip(store, vec![Span::V1(without(1)), Span::V1(fixtures::v1_span(1, 2, "")), Span::V1(without(3))])
        .await
}

pub(super) async fn odd_values_come_back(store: &StoreUnderTest) -> Outcome {
    let floats = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 5e-324, f64::MAX, f64::MIN];
    let mut values: Vec<_> = floats.map(|value| AttributeValue::Double(Double(value))).to_vec();
    values.extend([i64::MIN, i64::MAX, 0, -1].map(AttributeValue::Int));
    values.extend(["", "\0", "日本\u{10ffff}", "same.*", "\\"].map(AttributeValue::from));
    values.extend([
        AttributeValue::Empty,
        AttributeValue::Bytes(Vec::new()),
        AttributeValue::Bytes(vec![0; 3]),
    ]);
    values.extend([AttributeValue::Array(Vec::new()), AttributeValue::Map(Attributes::default())]);
    let deep = (0..8).fold(AttributeValue::Empty, |inner, _| {
        AttributeValue::Array(vec![AttributeValue::Map(Attributes(vec![Attribute::new("k", inner)]))])
    });
    values.push(deep);
    // One key for all, in the order in which they came.
    let attributes = values.into_iter().map(|value| Attribute::new("k", value)).collect();
    let odd_numbers = otlp::Span {
        kind: SpanKind::Unrecognized(i32::MAX),
        status: otlp::Status { message: String::new(), code: StatusCode::Unrecognized(-1) },
        flags: u32::MAX,
        dropped_attributes_count: u32::MAX,
        attributes,
        ..otlp_span(1, 1, "web")
    };
    let nothing = otlp::Span {
        resource: std::sync::Arc::default(),
        span_id: SpanId::default(),
        name: String::new(),
        ..otlp_span(1, 0, "")
    };
    round_trip(store, vec![Span::Otlp(odd_numbers), Span::Otlp(nothing)]).await
}

pub(super) async fn odd_times_come_back(store: &StoreUnderTest) -> Outcome {
    let times = [
        (0, 0),
        (0, u64::MAX),
        (u64::MAX, u64::MAX),
        (START, START - 5),
        (START, 0),
        (1 << 63, (1 << 63) + 1),
    ];
    let spans = times.map(|(start_time_unix_nano, end_time_unix_nano)| {
        Span::Otlp(otlp::Span { start_time_unix_nano, end_time_unix_nano, ..otlp_span(1, 1, "web") })
    });
    round_trip(store, spans.to_vec()).await
}

pub(super) async fn spans_of_both_forms_make_one_trace(store: &StoreUnderTest) -> Outcome {
    let spans = [Span::Otlp(otlp_span(1, 1, "web")), Span::V1(fixtures::v1_span(1, 1, "web"))];
    round_trip(store, spans.to_vec()).await
}

pub(super) async fn exact_duplicates_collapse(store: &StoreUnderTest) -> Outcome {
    let one = Span::Otlp(fixtures::full_otlp_span(1, 1, "web"));
    let other = Span::Otlp(otlp_span(1, 2, "web"));
    store.write(vec![one.clone(), one.clone(), other.clone()]).await?;
    store.write(vec![one.clone(), other.clone(), one.clone()]).await?;
    // Equal content under a resource of its own.
    store.write(vec![Span::Otlp(fixtures::full_otlp_span(1, 1, "web"))]).await?;
    same_spans("spans", &store.answers().spans_of(1).await?, &[one, other])
}

pub(super) async fn spans_that_share_an_id_are_all_kept(store: &StoreUnderTest) -> Outcome {
    let span = || otlp_span(1, 1, "web");
    let other_scope = otlp::Scope { version: "2".to_owned(), ..otlp::Scope::default() };
    let spans = [
        span(),
        otlp::Span { kind: SpanKind::Server, ..span() },
        otlp::Span { start_time_unix_nano: START + 1, ..span() },
        otlp::Span { resource: fixtures::resource("cart"), ..span() },
        otlp::Span { scope: other_scope.into(), ..span() },
        otlp::Span { attributes: Attributes::from([("k", 0.0)]), ..span() },
        otlp::Span { attributes: Attributes::from([("k", -0.0)]), ..span() },
    ];
    let spans = spans.map(Span::Otlp).to_vec();
    for span in &spans {
        store.write(vec![span.clone()]).await?;
    }
    round_trip(store, spans).await
}

pub(super) async fn one_trace_comes_over_many_writes(store: &StoreUnderTest) -> Outcome {
    let spans: Vec<_> = (0..30).map(|number| Span::Otlp(otlp_span(1, number, "web"))).collect();
    for some in spans.chunks(5) {
        let stranger = Span::Otlp(otlp_span(2, some.len() as u64, "web"));
        store.write(some.iter().cloned().chain([stranger]).collect()).await?;
    }
    same_spans("spans", &store.answers().spans_of(1).await?, &spans)
}

pub(super) async fn one_write_brings_many_traces(store: &StoreUnderTest) -> Outcome {
    let span = |trace, number| Span::Otlp(otlp_span(trace, number, "web"));
    let spans = (0..40).flat_map(|trace| [span(trace, 1), span(trace, 2)]).collect();
    store.write(spans).await?;
    for trace in 0..40 {
        let expected = [span(trace, 1), span(trace, 2)];
        same_spans("spans", &store.answers().spans_of(trace).await?, &expected)?;
    }
    Ok(())
}

pub(super) async fn writes_at_the_same_time_are_all_found(store: &StoreUnderTest) -> Outcome {
    let span = |number| Span::Otlp(otlp_span(1 + number % 3, number, "web"));
    try_join_all((0..30).map(|number| store.write(vec![span(number)]))).await?;
    for trace in 1..4 {
        let expected: Vec<_> = (0..30).filter(|number| 1 + number % 3 == trace).map(span).collect();
        same_spans("spans", &store.answers().spans_of(trace).await?, &expected)?;
    }
    Ok(())
}

pub(super) async fn a_write_without_spans_changes_nothing(store: &StoreUnderTest) -> Outcome {
    store.write(Vec::new()).await?;
    round_trip(store, vec![Span::Otlp(otlp_span(1, 1, "web"))]).await?;
    store.write(Vec::new()).await?;
    same_spans("spans", &store.answers().spans_of(1).await?, &[Span::Otlp(otlp_span(1, 1, "web"))])
}
