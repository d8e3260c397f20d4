//! Calls between services.

use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{
    DependencyLink, DependencyQuery, DependencyReader, Span, SpanKind, Tenant, TraceWriter, UnixNanos, otlp,
    v1,
};

use super::expect::{Outcome, same};
use super::failure::{CaseFailure, ConformanceFailure};
use crate::fixtures::{otlp_span, span_id, trace_id, v1_span};

/// 1900 and 9999: all there is.
const ALL_TIME: (i64, i64) = (-2_208_988_800, 253_402_300_799);

/// What is written, for stores that take one form only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OpenTelemetry's.
    Otlp,
    /// Jaeger's first.
    V1,
}

/// Writes a few traces into an empty store, parts of them in separate writes and some twice, and expects what the store
/// says of the calls in them. The answers come once the writer is back.
///
/// # Errors
/// [`ConformanceFailure`] with the first difference.
pub async fn assert_dependencies(
    writer: &dyn TraceWriter,
    reader: &dyn DependencyReader,
    form: Form,
) -> Result<(), ConformanceFailure> {
    let outcome = run(writer, reader, form).await;
    let failures = outcome.err().map(|reason| CaseFailure { case: "dependencies", reason });
    ConformanceFailure::unless_empty(1, failures.into_iter().collect())
}

async fn run(writer: &dyn TraceWriter, reader: &dyn DependencyReader, form: Form) -> Outcome {
    let tenant = Tenant::default();
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error| format!("{what} failed: {error}")
    };
    same("an empty store", &ask(reader, ALL_TIME).await?, &Vec::new())?;
    let span = |trace, own, parent, service: &str, kind| match form {
        Form::Otlp => otlp(trace, own, parent, service, kind),
        Form::V1 => v1(trace, own, parent, service, kind),
    };
    let root = span(1, 1, 0, "web", SpanKind::Server);
    let child = span(1, 2, 1, "cart", SpanKind::Server);
    let others = vec![
        span(1, 3, 2, "cart", SpanKind::Internal),
        span(1, 4, 2, "db", SpanKind::Server),
        // Halves of one call.
        span(2, 7, 0, "mail", SpanKind::Client),
        span(2, 7, 0, "smtp", SpanKind::Server),
        // Its parent never comes.
        span(3, 1, 9, "lost", SpanKind::Server),
    ];
    // The child first, and once more after all others.
    for spans in [vec![child.clone()], vec![root], others, vec![child]] {
        writer.write_spans(&tenant, spans).await.map_err(failed("write_spans"))?;
    }
    let rows = [("cart", "cart"), ("cart", "db"), ("mail", "smtp"), ("web", "cart")];
    let expected: Vec<_> = rows.iter().map(|(parent, child)| link(parent, child)).collect();
    same("all time", &ask(reader, ALL_TIME).await?, &expected)?;
    same("long ago", &ask(reader, (ALL_TIME.0, 0)).await?, &Vec::new())?;
    same("a range that ends before it begins", &ask(reader, (ALL_TIME.1, ALL_TIME.0)).await?, &Vec::new())
}

async fn ask(reader: &dyn DependencyReader, range: (i64, i64)) -> Result<Vec<DependencyLink>, String> {
    let [start, end] = [range.0, range.1].map(UnixNanos::from_secs);
    let query = DependencyQuery { start, end, sources: EdgeSources::default() };
    reader
        .dependencies(&Tenant::default(), query)
        .await
        .map_err(|error| format!("dependencies failed: {error}"))
}

fn link(parent: &str, child: &str) -> DependencyLink {
    let [parent, child] = [parent, child].map(str::to_owned);
    DependencyLink { parent, child, call_count: 1, source: DependencyLink::SOURCE.to_owned() }
}

fn otlp(trace: u64, own: u64, parent: u64, service: &str, kind: SpanKind) -> Span {
    let parent_span_id = (parent > 0).then(|| span_id(parent));
    Span::Otlp(otlp::Span { parent_span_id, kind, ..otlp_span(trace, own, service) })
}

fn v1(trace: u64, own: u64, parent: u64, service: &str, kind: SpanKind) -> Span {
    let (trace_id, span_id, ref_type) = (Some(trace_id(trace)), span_id(parent), v1::SpanRefType::ChildOf);
    let parent = (parent > 0).then_some(v1::SpanRef { trace_id, span_id, ref_type });
    let mut span = v1_span(trace, own, service);
    span.references.extend(parent);
    span.tags.0.push(jaeger_dynamodb_core::Attribute::new("span.kind", kind.as_str()));
    Span::V1(span)
}
