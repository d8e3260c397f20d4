use super::*;
use crate::{otlp, samples, v1};

fn id(number: u8) -> SpanId {
    SpanId::new([number; 8])
}

fn span(own: u8, parent: u8, service: &str, times: (u64, u64), code: StatusCode) -> Span {
    Span::Otlp(otlp::Span {
        span_id: id(own),
        parent_span_id: Some(id(parent)).filter(|parent| !parent.is_zero()),
        resource: samples::service(service),
        name: format!("op{own}"),
        start_time_unix_nano: times.0,
        end_time_unix_nano: times.1,
        status: otlp::Status { code, ..otlp::Status::default() },
        ..samples::otlp()
    })
}

fn summary(spans: &[Span]) -> TraceSummary {
    let mut builder = SummaryBuilder::default();
    spans.iter().for_each(|span| builder.add(span));
    builder.finish().unwrap()
}

#[test]
fn a_trace_without_spans_has_no_summary() {
    assert_eq!(SummaryBuilder::default().finish(), None);
}

#[test]
fn every_number_covers_all_spans() {
    let spans = [
        span(2, 1, "cart", (15, 40), StatusCode::Error),
        span(1, 0, "web", (10, 30), StatusCode::Ok),
        span(3, 9, "cart", (20, 25), StatusCode::Unset),
        span(4, 9, "", (5, 6), StatusCode::Error),
    ];
    let service = |name: &str, span_count, error_span_count| ServiceSummary {
        name: name.to_owned(),
        span_count,
        error_span_count,
    };
    assert_eq!(
        summary(&spans),
        TraceSummary {
            trace_id: samples::trace_id(1),
            root_service_name: "web".to_owned(),
            root_operation_name: "op1".to_owned(),
            min_start: UnixNanos(5),
            max_end: UnixNanos(40),
            span_count: 4,
            error_span_count: 2,
            orphan_span_count: 2,
            services: vec![service("", 1, 1), service("cart", 2, 1), service("web", 1, 0)],
        }
    );
}

#[test]
fn the_root_is_the_parentless_span_that_starts_first() {
    let late = span(1, 0, "late", (20, 30), StatusCode::Unset);
    let early = span(2, 0, "early", (10, 30), StatusCode::Unset);
    let earlier_child = span(3, 1, "child", (1, 30), StatusCode::Unset);
    assert_eq!(summary(&[late, early, earlier_child]).root_service_name, "early");
}

#[test]
fn the_order_of_spans_does_not_change_a_summary() {
    let tied = [span(2, 0, "b", (10, 30), StatusCode::Unset), span(1, 0, "a", (10, 30), StatusCode::Unset)];
    let [first, second] = tied.clone();
    assert_eq!(summary(&tied).root_service_name, "a");
    assert_eq!(summary(&tied), summary(&[second, first]));
}

#[test]
fn a_trace_of_orphans_has_no_root() {
    let summary =
        summary(&[span(1, 8, "a", (1, 2), StatusCode::Unset), span(2, 1, "a", (1, 2), StatusCode::Unset)]);
    assert_eq!((summary.root_service_name, summary.root_operation_name), (String::new(), String::new()));
    assert_eq!(summary.orphan_span_count, 1);
}

#[test]
fn a_parent_may_come_after_its_child_and_a_span_may_be_its_own_parent() {
    let child_first =
        [span(2, 1, "a", (1, 2), StatusCode::Unset), span(1, 0, "a", (1, 2), StatusCode::Unset)];
    assert_eq!(summary(&child_first).orphan_span_count, 0);
    assert_eq!(summary(&[span(1, 1, "a", (1, 2), StatusCode::Unset)]).orphan_span_count, 0);
}

#[test]
fn an_end_before_the_start_of_another_span_does_not_shrink_the_trace() {
    let summary =
        summary(&[span(1, 0, "a", (50, 7), StatusCode::Unset), span(2, 1, "a", (60, 8), StatusCode::Unset)]);
    assert_eq!((summary.min_start, summary.max_end), (UnixNanos(50), UnixNanos(8)));
}

#[test]
fn v1_spans_are_summed_through_the_same_view() {
    let process = v1::Process { service_name: "web".to_owned(), ..v1::Process::default() };
    let spans = [
        Span::V1(v1::Span {
            tags: crate::Attributes::from([("error", true)]),
            process: Some(std::sync::Arc::new(process)),
            operation_name: "GET".to_owned(),
            ..samples::v1()
        }),
        span(2, 1, "cart", (12, 13), StatusCode::Unset),
    ];
    let summary = summary(&spans);
    assert_eq!((summary.root_service_name.as_str(), summary.root_operation_name.as_str()), ("web", "GET"));
    assert_eq!((summary.span_count, summary.error_span_count, summary.orphan_span_count), (2, 1, 0));
}
