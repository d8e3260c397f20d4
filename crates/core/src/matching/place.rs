//! Where a span keeps texts that a condition may find.

use crate::span::tags;
use crate::{AttributeValue, Attributes, Span, SpanKind, StatusCode, TextForm, otlp, v1};

/// A key and what stands under it.
pub(super) struct Place<'a> {
    pub(super) key: &'a str,
    value: Content<'a>,
    /// The only form in which the place is looked at, where it is not both.
    only: Option<TextForm>,
}

enum Content<'a> {
    Value(&'a AttributeValue),
    Word(&'a str),
}

pub(super) type Visit<'v> = &'v mut dyn FnMut(Place<'_>);

impl<'a> Place<'a> {
    fn value(key: &'a str, value: &'a AttributeValue, only: Option<TextForm>) -> Self {
        Self { key, value: Content::Value(value), only }
    }

    fn word(key: &'a str, word: &'a str, only: TextForm) -> Self {
        Self { key, value: Content::Word(word), only: Some(only) }
    }

    pub(super) fn has_text(&self, form: TextForm, wanted: &str) -> bool {
        self.only.is_none_or(|only| only == form)
            && match self.value {
                Content::Value(value) => value.text(form) == wanted,
                Content::Word(word) => word == wanted,
            }
    }

    /// Every text that a condition of any form finds here.
    pub(super) fn texts(&self, mut visit: impl FnMut(&str)) {
        match self.value {
            Content::Word(word) => visit(word),
            Content::Value(value @ (AttributeValue::Double(_) | AttributeValue::Bytes(_))) => {
                visit(&value.text(TextForm::V1));
                visit(&value.text(TextForm::V2));
            }
            Content::Value(value) => visit(&value.text(TextForm::V2)),
        }
    }
}

/// What the span itself holds: attributes, events, links, and its fields as v1 tags.
pub(super) fn of_span(span: &Span, visit: Visit<'_>) {
    match span {
        Span::Otlp(span) => {
            attributes(&span.attributes, visit);
            for event in &span.events {
                word(tags::EVENT, &event.name, visit);
                attributes(&event.attributes, visit);
            }
            for link in &span.links {
                attributes(&link.attributes, visit);
            }
            word(tags::STATUS_DESCRIPTION, &span.status.message, visit);
            word(tags::TRACE_STATE, &span.trace_state, visit);
            of_status_and_kind(span.status.code, span.kind, visit);
        }
        Span::V1(span) => {
            attributes(&span.tags, visit);
            for log in &span.logs {
                attributes(&log.fields, visit);
            }
            added_by_translation(span, visit);
        }
    }
}

/// What a v1 span holds in fields, and its translation to OTLP in attributes.
fn added_by_translation(span: &v1::Span, visit: Visit<'_>) {
    for link in span.links() {
        visit(Place::word(tags::REF_TYPE, link.ref_type.as_str(), TextForm::V2));
    }
    if !span.warnings.is_empty()
        && let Some(warnings) = span.warnings_as_attribute()
    {
        visit(Place::value(tags::WARNINGS, &warnings, Some(TextForm::V2)));
    }
}

/// What the span shares with others: resource and scope, or process.
pub(super) fn of_surroundings(span: &Span, visit: Visit<'_>) {
    of_producer(span, visit);
    if let Span::Otlp(span) = span {
        of_scope(&span.scope, visit);
    }
}

/// Resource or process.
pub(super) fn of_producer(span: &Span, visit: Visit<'_>) {
    match span {
        Span::Otlp(span) => of_resource(&span.resource, visit),
        Span::V1(span) => {
            if let Some(process) = &span.process {
                of_process(process, visit);
            }
        }
    }
}

pub(super) fn of_resource(resource: &otlp::Resource, visit: Visit<'_>) {
    attributes(&resource.attributes, visit);
}

pub(super) fn of_scope(scope: &otlp::Scope, visit: Visit<'_>) {
    attributes(&scope.attributes, visit);
    word(tags::SCOPE_NAME, &scope.name, visit);
    word(tags::SCOPE_VERSION, &scope.version, visit);
}

pub(super) fn of_process(process: &v1::Process, visit: Visit<'_>) {
    for tag in &process.tags {
        // Translated to OTLP the process's own name takes the place of such a tag.
        let only = (tag.key == tags::SERVICE_NAME).then_some(TextForm::V1);
        visit(Place::value(&tag.key, &tag.value, only));
        // The names that the translation gives them.
        match (tag.key.as_str(), &tag.value) {
            (tags::HOSTNAME, name) => visit(Place::value(tags::HOST_NAME, name, Some(TextForm::V2))),
            (tags::JAEGER_VERSION, AttributeValue::String(version)) => {
                let version = format!("{}{version}", tags::EXPORTER_VERSION_PREFIX);
                visit(Place::word(tags::EXPORTER_VERSION, &version, TextForm::V2));
            }
            _ => {}
        }
    }
    if process.has_service_name() {
        visit(Place::word(tags::SERVICE_NAME, &process.service_name, TextForm::V2));
    }
}

/// The name of the scope; a v1 span keeps it in a tag.
pub(super) fn scope_name(span: &Span) -> &str {
    match span {
        Span::Otlp(span) => &span.scope.name,
        Span::V1(span) => tag_text(span, tags::SCOPE_NAME),
    }
}

/// The version of the scope; a v1 span keeps it in a tag.
pub(super) fn scope_version(span: &Span) -> &str {
    match span {
        Span::Otlp(span) => &span.scope.version,
        Span::V1(span) => tag_text(span, tags::SCOPE_VERSION),
    }
}

/// Status and kind as the tags that the translation to v1 writes.
pub(super) fn of_status_and_kind(status: StatusCode, kind: SpanKind, visit: Visit<'_>) {
    word(tags::KIND, kind.as_str(), visit);
    match status {
        StatusCode::Error => {
            word(tags::ERROR, "true", visit);
            word(tags::STATUS_CODE, "ERROR", visit);
        }
        StatusCode::Ok => word(tags::STATUS_CODE, "OK", visit),
        StatusCode::Unset | StatusCode::Unrecognized(_) => {}
    }
}

fn tag_text<'a>(span: &'a v1::Span, key: &str) -> &'a str {
    span.tags.get(key).and_then(AttributeValue::as_str).unwrap_or_default()
}

fn attributes(attributes: &Attributes, visit: Visit<'_>) {
    for attribute in attributes {
        visit(Place::value(&attribute.key, &attribute.value, None));
    }
}

/// A field of OTLP that the translation to v1 makes a tag, if it says anything.
fn word(key: &str, word: &str, visit: Visit<'_>) {
    if !word.is_empty() {
        visit(Place::word(key, word, TextForm::V1));
    }
}
