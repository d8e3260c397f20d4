//! OTLP to Jaeger's first model.

use std::sync::Arc;

use super::attributes::remove;
use crate::span::tags;
use crate::{
    Attribute, AttributeValue, Attributes, SpanKind, StatusCode, TextForm, TraceId, UnixNanos, otlp, v1,
};

/// The process of a resource.
pub(super) fn process(resource: &otlp::Resource) -> v1::Process {
    if resource.attributes.0.is_empty() {
        return v1::Process { service_name: tags::NO_SERVICE_NAME.to_owned(), tags: Attributes::default() };
    }
    let others = resource.attributes.iter().filter(|attribute| attribute.key != tags::SERVICE_NAME);
    v1::Process { service_name: resource.service_name().to_owned(), tags: others.cloned().map(tag).collect() }
}

/// The span of the process.
pub(super) fn span(span: otlp::Span, process: Arc<v1::Process>) -> v1::Span {
    let start_time = UnixNanos(span.start_time_unix_nano.into());
    let duration = i128::from(span.end_time_unix_nano) - i128::from(span.start_time_unix_nano);
    let longest = if duration < 0 { i64::MIN } else { i64::MAX };
    let mut translated = v1::Span {
        trace_id: span.trace_id,
        span_id: span.span_id,
        references: references(&span),
        operation_name: span.name,
        flags: 0,
        start_time,
        duration_nanos: i64::try_from(duration).unwrap_or(longest),
        tags: Attributes::default(),
        logs: span.events.into_iter().map(log).collect(),
        process: Some(process),
        process_id: String::new(),
        warnings: warnings(&span.attributes),
    };
    translated.tags =
        span_tags(span.scope.as_ref(), span.attributes, span.kind, span.status, span.trace_state);
    if !translated.warnings.is_empty() {
        remove(&mut translated.tags, tags::WARNINGS);
    }
    translated
}

fn span_tags(
    scope: &otlp::Scope,
    attributes: Attributes,
    kind: SpanKind,
    status: otlp::Status,
    trace_state: String,
) -> Attributes {
    let code = match status.code {
        StatusCode::Ok => "OK",
        StatusCode::Error => "ERROR",
        StatusCode::Unset | StatusCode::Unrecognized(_) => "",
    };
    let error = (status.code == StatusCode::Error).then(|| Attribute::new(tags::ERROR, true));
    let scope =
        [said(tags::SCOPE_NAME, scope.name.as_str()), said(tags::SCOPE_VERSION, scope.version.as_str())];
    let fields = [
        said(tags::KIND, kind.as_str()),
        said(tags::STATUS_CODE, code),
        error,
        said(tags::STATUS_DESCRIPTION, status.message),
        said(tags::TRACE_STATE, trace_state),
    ];
    let attributes = attributes.0.into_iter().map(tag);
    scope.into_iter().flatten().chain(attributes).chain(fields.into_iter().flatten()).collect()
}

/// A field as a tag, if it says anything.
fn said(key: &str, text: impl AsRef<str> + Into<AttributeValue>) -> Option<Attribute> {
    (!text.as_ref().is_empty()).then(|| Attribute::new(key, text))
}

/// A value of the types that tags have.
fn tag(attribute: Attribute) -> Attribute {
    let value = match attribute.value {
        value @ (AttributeValue::Empty | AttributeValue::Array(_) | AttributeValue::Map(_)) => {
            value.text(TextForm::V2).into_owned().into()
        }
        value => value,
    };
    Attribute { key: attribute.key, value }
}

fn log(event: otlp::Event) -> v1::Log {
    let has_field = event.attributes.get(tags::EVENT).is_some();
    let name = said(tags::EVENT, event.name).filter(|_| !has_field);
    v1::Log {
        timestamp: UnixNanos(event.time_unix_nano.into()),
        fields: name.into_iter().chain(event.attributes.0.into_iter().map(tag)).collect(),
    }
}

/// The parent, whose type a link to it may say, and the links. No link takes the parent's place.
fn references(span: &otlp::Span) -> Vec<v1::SpanRef> {
    let reference =
        |trace_id: Option<TraceId>, span_id, ref_type| v1::SpanRef { trace_id, span_id, ref_type };
    let own_trace = Some(span.trace_id);
    let is_parent =
        |link: &&otlp::Link| link.trace_id == own_trace && Some(link.span_id) == span.parent_span_id;
    let links = span.links.iter().filter(|link| !is_parent(link));
    let links: Vec<_> = links.map(|link| reference(link.trace_id, link.span_id, ref_type(link))).collect();
    let Some(parent) = span.parent_span_id else { return links };
    let outranks =
        |other: &v1::SpanRef| other.trace_id == own_trace && other.ref_type == v1::SpanRefType::ChildOf;
    let said = span.links.iter().rfind(is_parent).map(ref_type);
    let said = said.filter(|_| !links.iter().any(outranks)).unwrap_or(v1::SpanRefType::ChildOf);
    std::iter::once(reference(own_trace, parent, said)).chain(links).collect()
}

fn ref_type(link: &otlp::Link) -> v1::SpanRefType {
    let is_child = link.attributes.get(tags::REF_TYPE).and_then(AttributeValue::as_str)
        == Some(v1::SpanRefType::ChildOf.as_str());
    if is_child { v1::SpanRefType::ChildOf } else { v1::SpanRefType::FollowsFrom }
}

fn warnings(attributes: &Attributes) -> Vec<String> {
    match attributes.get(tags::WARNINGS) {
        None => Vec::new(),
        Some(AttributeValue::Array(values)) => {
            values.iter().map(|value| value.text(TextForm::V2).into_owned()).collect()
        }
        Some(value) => vec![value.text(TextForm::V2).into_owned()],
    }
}
