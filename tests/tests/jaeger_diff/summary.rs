//! What a summary of spans says, worked out apart from the code that it is held against.

use std::collections::{BTreeMap, HashSet};

use jaeger_dynamodb_core::{StatusCode, otlp};
use jaeger_dynamodb_proto::jaeger::storage::v2::{ServiceSummary, TraceSummary};
use jaeger_dynamodb_tests::AnyError;

use crate::ring::same;

/// Expects the summary to be that of the spans. Among roots that start at the same time any is right.
pub(crate) fn check(summary: &TraceSummary, spans: &[otlp::Span]) -> Result<(), AnyError> {
    let expected = TraceSummary {
        trace_id: spans.first().map(|span| span.trace_id.as_bytes().to_vec()).unwrap_or_default(),
        root_service_name: summary.root_service_name.clone(),
        root_operation_name: summary.root_operation_name.clone(),
        min_start_time_unix_nano: spans
            .iter()
            .map(|span| span.start_time_unix_nano)
            .min()
            .unwrap_or_default(),
        max_end_time_unix_nano: spans.iter().map(|span| span.end_time_unix_nano).max().unwrap_or_default(),
        span_count: i32::try_from(spans.len())?,
        error_span_count: count(spans, is_error)?,
        orphan_span_count: orphans(spans)?,
        services: services(spans)?,
    };
    same("a summary and the one expected", summary, &expected)?;
    let root = (summary.root_service_name.as_str(), summary.root_operation_name.as_str());
    let roots = roots(spans);
    if roots.contains(&root) {
        return Ok(());
    }
    Err(format!("the root of a summary is {root:?}, expected one of {roots:?}").into())
}

/// Services and operations of the spans without parent that start first; empty names if every span has one.
fn roots(spans: &[otlp::Span]) -> Vec<(&str, &str)> {
    let without_parent = || spans.iter().filter(|span| span.parent_span_id.is_none());
    let Some(first) = without_parent().map(|span| span.start_time_unix_nano).min() else {
        return vec![("", "")];
    };
    without_parent()
        .filter(|span| span.start_time_unix_nano == first)
        .map(|span| (span.resource.service_name(), span.name.as_str()))
        .collect()
}

fn orphans(spans: &[otlp::Span]) -> Result<i32, AnyError> {
    let ids: HashSet<_> = spans.iter().map(|span| span.span_id).collect();
    count(spans, |span| span.parent_span_id.is_some_and(|parent| !ids.contains(&parent)))
}

fn services(spans: &[otlp::Span]) -> Result<Vec<ServiceSummary>, AnyError> {
    let mut by_name: BTreeMap<&str, Vec<otlp::Span>> = BTreeMap::new();
    for span in spans {
        by_name.entry(span.resource.service_name()).or_default().push(span.clone());
    }
    let summary = |(name, spans): (&str, Vec<otlp::Span>)| {
        Ok(ServiceSummary {
            name: name.to_owned(),
            span_count: i32::try_from(spans.len())?,
            error_span_count: count(&spans, is_error)?,
        })
    };
    by_name.into_iter().map(summary).collect()
}

fn is_error(span: &otlp::Span) -> bool {
    span.status.code == StatusCode::Error
}

fn count(spans: &[otlp::Span], holds: impl Fn(&otlp::Span) -> bool) -> Result<i32, AnyError> {
    Ok(i32::try_from(spans.iter().filter(|span| holds(span)).count())?)
}
