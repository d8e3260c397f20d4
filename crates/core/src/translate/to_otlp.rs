//! Jaeger's first model to OTLP.

use std::sync::Arc;

use super::attributes::{remove, rename, take_text, unique};
use crate::span::tags;
use crate::{Attribute, AttributeValue, Attributes, SpanKind, StatusCode, UnixNanos, otlp, v1};

/// The resource of a process. Its name is the service's, whatever a tag `service.name` says.
pub(super) fn resource(process: &v1::Process) -> otlp::Resource {
    let mut attributes = unique(process.tags.clone());
    remove(&mut attributes, tags::SERVICE_NAME);
    rename(&mut attributes, tags::HOSTNAME, tags::HOST_NAME);
    if attributes.get(tags::EXPORTER_VERSION).is_none() {
        let version = attributes.0.iter_mut().find(|attribute| attribute.key == tags::JAEGER_VERSION);
        if let Some(Attribute { key, value: AttributeValue::String(version) }) = version {
            tags::EXPORTER_VERSION.clone_into(key);
            version.insert_str(0, tags::EXPORTER_VERSION_PREFIX);
        }
    }
    if process.has_service_name() {
        attributes.0.insert(0, Attribute::new(tags::SERVICE_NAME, process.service_name.as_str()));
    }
    otlp::Resource { attributes, ..otlp::Resource::default() }
}

/// The span below the resource; its scope is the last one if that is equal.
pub(super) fn span(
    span: v1::Span,
    resource: Arc<otlp::Resource>,
    last_scope: &mut Arc<otlp::Scope>,
) -> otlp::Span {
    let (kind, code, parent_span_id) = (span.kind(), span.status(), span.parent_span_id());
    let end = UnixNanos(span.start_time.0.saturating_add(span.duration_nanos.into()));
    let links = span.links().map(link).collect();
    let warnings = span.warnings_as_attribute();
    let mut attributes = span.tags;
    let scope = scope(&mut attributes, last_scope);
    let mut attributes = unique(attributes);
    if kind != SpanKind::Unspecified {
        remove(&mut attributes, tags::KIND);
    }
    let status = status(&mut attributes, code);
    let trace_state = take_text(&mut attributes, tags::TRACE_STATE).unwrap_or_default();
    if let Some(warnings) = warnings {
        remove(&mut attributes, tags::WARNINGS);
        attributes.0.push(Attribute::new(tags::WARNINGS, warnings));
    }
    otlp::Span {
        scope,
        parent_span_id,
        trace_state,
        kind,
        start_time_unix_nano: nanos(span.start_time),
        end_time_unix_nano: nanos(end),
        attributes,
        events: span.logs.into_iter().map(event).collect(),
        links,
        status,
        ..otlp::Span::new(resource, span.trace_id, span.span_id, span.operation_name)
    }
}

fn scope(attributes: &mut Attributes, last: &mut Arc<otlp::Scope>) -> Arc<otlp::Scope> {
    let name = take_text(attributes, tags::SCOPE_NAME).unwrap_or_default();
    let version = take_text(attributes, tags::SCOPE_VERSION).unwrap_or_default();
    if last.name != name || last.version != version {
        *last = Arc::new(otlp::Scope { name, version, ..otlp::Scope::default() });
    }
    Arc::clone(last)
}

/// The status, whose tags are taken out. A description belongs to an explicit status only.
fn status(attributes: &mut Attributes, code: StatusCode) -> otlp::Status {
    let is_tagged_error = attributes.get(tags::ERROR) == Some(&AttributeValue::Bool(true));
    if is_tagged_error {
        remove(attributes, tags::ERROR);
    }
    let code_tag = attributes.get(tags::STATUS_CODE);
    let has_code_tag = code_tag.is_some();
    if code_tag.and_then(AttributeValue::as_str).is_some_and(is_status_word) {
        remove(attributes, tags::STATUS_CODE);
    }
    let is_explicit = is_tagged_error || has_code_tag;
    let description = if is_explicit { take_text(attributes, tags::STATUS_DESCRIPTION) } else { None };
    let may_be_from_http = code == StatusCode::Error && (is_tagged_error || !has_code_tag);
    let from_http = || attributes.get(tags::HTTP_STATUS_MESSAGE).and_then(AttributeValue::as_str);
    let message = match description {
        Some(description) => description,
        None if may_be_from_http => from_http().unwrap_or_default().to_owned(),
        None => String::new(),
    };
    otlp::Status { message, code }
}

fn is_status_word(word: &str) -> bool {
    StatusCode::from_word(word) != StatusCode::Unset || word.eq_ignore_ascii_case("unset")
}

fn event(log: v1::Log) -> otlp::Event {
    let mut attributes = unique(log.fields);
    let name = take_text(&mut attributes, tags::EVENT).unwrap_or_default();
    otlp::Event { time_unix_nano: nanos(log.timestamp), name, attributes, dropped_attributes_count: 0 }
}

fn link(reference: &v1::SpanRef) -> otlp::Link {
    otlp::Link {
        trace_id: reference.trace_id,
        span_id: reference.span_id,
        trace_state: String::new(),
        attributes: Attributes::from([(tags::REF_TYPE, reference.ref_type.as_str())]),
        dropped_attributes_count: 0,
        flags: 0,
    }
}

/// The nearest time that OTLP can say.
fn nanos(time: UnixNanos) -> u64 {
    u64::try_from(time.0.max(0)).unwrap_or(u64::MAX)
}
