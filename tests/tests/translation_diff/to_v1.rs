//! Our translation to Jaeger's first model with the deviations undone.

use std::sync::Arc;

use jaeger_dynamodb_core::{AttributeValue, Attributes, Double, UnixNanos, otlp, v1};

use crate::deviations::{Deviation, Tally};

/// What Jaeger makes of the span, given what we made of it.
pub(crate) fn as_jaeger_does(span: &otlp::Span, mut ours: v1::Span, tally: &mut Tally) -> v1::Span {
    tally.undo(Deviation::SignedTimes, &mut ours, |ours| signed_times(span, ours));
    tally.undo(Deviation::OverruledParent, &mut ours, |ours| overruled_parent(span, ours));
    tally.undo(Deviation::WarningTexts, &mut ours, |ours| warning_texts(span, ours));
    tally.undo(Deviation::NegativeZero, &mut ours, |ours| {
        zeros(&mut ours.tags);
        ours.logs.iter_mut().for_each(|log| zeros(&mut log.fields));
        ours.process.iter_mut().for_each(|process| zeros(&mut Arc::make_mut(process).tags));
    });
    ours
}

/// Go takes 64 bits without a sign for 64 bits with one.
fn signed_times(span: &otlp::Span, ours: &mut v1::Span) {
    let (start, end) = (span.start_time_unix_nano.cast_signed(), span.end_time_unix_nano.cast_signed());
    if start < 0 {
        ours.start_time = UnixNanos(start.into());
    }
    if start < 0 || end < 0 {
        ours.duration_nanos = end.saturating_sub(start);
    }
    for (event, log) in span.events.iter().zip(&mut ours.logs) {
        let time = event.time_unix_nano.cast_signed();
        if time < 0 {
            log.timestamp = UnixNanos(time.into());
        }
    }
}

/// The last link to the parent says what type it has, even if another link then becomes the parent.
fn overruled_parent(span: &otlp::Span, ours: &mut v1::Span) {
    let is_in_trace = |link: &&otlp::Link| link.trace_id == Some(span.trace_id);
    let is_parent = |link: &&otlp::Link| Some(link.span_id) == span.parent_span_id;
    let mut in_trace = span.links.iter().filter(is_in_trace);
    let is_outranked = in_trace.clone().any(|link| is_child_of(link) && !is_parent(&link));
    let said = in_trace.rfind(is_parent);
    if let (true, Some(first), Some(link)) = (is_outranked, ours.references.first_mut(), said) {
        first.ref_type =
            if is_child_of(link) { v1::SpanRefType::ChildOf } else { v1::SpanRefType::FollowsFrom };
    }
}

fn is_child_of(link: &otlp::Link) -> bool {
    link.attributes.get("opentracing.ref_type").and_then(AttributeValue::as_str) == Some("child_of")
}

fn warning_texts(span: &otlp::Span, ours: &mut v1::Span) {
    if let Some(AttributeValue::Array(values)) = span.attributes.get("@jaeger@warnings") {
        let no_texts = values.iter().zip(&mut ours.warnings).filter(|(value, _)| value.as_str().is_none());
        no_texts.for_each(|(_, warning)| warning.clear());
    }
}

fn zeros(attributes: &mut Attributes) {
    for attribute in &mut attributes.0 {
        if attribute.value == AttributeValue::from(-0.0) {
            attribute.value = AttributeValue::Double(Double(0.0));
        }
    }
}
