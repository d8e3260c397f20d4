//! Traces at a glance.

use jaeger_dynamodb_core::{
    Predicate, ServiceSummary, Span, StatusCode, TraceQuery, TraceSummary, UnixNanos, otlp,
};

use super::StoreUnderTest;
use super::expect::{Outcome, same};
use crate::fixtures::{START, otlp_span, span_id, trace_id};

fn span(number: u64, parent: Option<u64>, service: &str, times: (u64, u64), code: StatusCode) -> Span {
    Span::Otlp(otlp::Span {
        parent_span_id: parent.map(span_id),
        name: format!("op{number}"),
        start_time_unix_nano: START + times.0,
        end_time_unix_nano: START + times.1,
        status: otlp::Status { code, ..otlp::Status::default() },
        ..otlp_span(1, number, service)
    })
}

fn trace() -> [Span; 5] {
    [
        span(1, None, "web", (10, 30), StatusCode::Ok),
        span(2, Some(1), "cart", (15, 40), StatusCode::Error),
        span(3, Some(9), "cart", (20, 25), StatusCode::Unset),
        span(4, Some(9), "", (5, 6), StatusCode::Error),
        span(5, None, "late", (11, 12), StatusCode::Unset),
    ]
}

fn summary() -> TraceSummary {
    let service = |name: &str, span_count, error_span_count| ServiceSummary {
        name: name.to_owned(),
        span_count,
        error_span_count,
    };
    TraceSummary {
        trace_id: trace_id(1),
        root_service_name: "web".to_owned(),
        root_operation_name: "op1".to_owned(),
        min_start: UnixNanos(i128::from(START) + 5),
        max_end: UnixNanos(i128::from(START) + 40),
        span_count: 5,
        error_span_count: 2,
        orphan_span_count: 2,
        services: vec![service("", 1, 1), service("cart", 2, 1), service("late", 1, 0), service("web", 1, 0)],
    }
}

async fn of_cart(store: &StoreUnderTest) -> Result<Vec<TraceSummary>, String> {
    let predicate = Predicate::All(vec![Predicate::Service("cart".to_owned())]);
    store.answers().summaries(&TraceQuery { predicate, ..TraceQuery::default() }).await
}

pub(super) async fn summaries_cover_whole_traces(store: &StoreUnderTest) -> Outcome {
    for span in trace() {
        store.write(vec![span]).await?;
    }
    store.write(vec![Span::Otlp(otlp_span(2, 1, "web"))]).await?;
    same("summaries", &of_cart(store).await?, &vec![summary()])
}

pub(super) async fn duplicates_count_once_in_summaries(store: &StoreUnderTest) -> Outcome {
    store.write(trace().to_vec()).await?;
    store.write(trace().into_iter().chain(trace()).collect()).await?;
    same("summaries", &of_cart(store).await?, &vec![summary()])
}
