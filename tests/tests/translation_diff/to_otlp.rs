//! Our translation to OTLP with the deviations undone.

use std::sync::Arc;

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, otlp, v1};

use crate::deviations::{Deviation, Tally};

const SERVICE_NAME: &str = "service.name";
const SCOPE_NAME: &str = "otel.scope.name";
const SCOPE_VERSION: &str = "otel.scope.version";
const STATUS_CODE: &str = "otel.status_code";
const STATUS_DESCRIPTION: &str = "otel.status_description";
const JAEGER_VERSION: &str = "jaeger.version";
const EXPORTER_VERSION: &str = "opencensus.exporterversion";
const WARNINGS: &str = "@jaeger@warnings";

/// What Jaeger makes of the span, given what we made of it; nothing if it panics.
pub(crate) fn as_jaeger_does(span: &v1::Span, mut ours: otlp::Span, tally: &mut Tally) -> Option<otlp::Span> {
    if !span.warnings.is_empty() && values(&span.tags, WARNINGS).next().is_some() {
        tally.met(Deviation::WarningsBesideTag);
        return None;
    }
    tally.undo(Deviation::WrappedTimes, &mut ours, |ours| wrapped_times(span, ours));
    tally.undo(Deviation::ForeignParent, &mut ours, |ours| foreign_parent(span, ours));
    tally.undo(Deviation::VersionWithoutName, &mut ours, |ours| version_without_name(span, ours));
    tally.undo(Deviation::KeptTags, &mut ours, |ours| kept_tags(span, ours));
    if let Some(process) = &span.process {
        let mut resource = otlp::Resource::clone(&ours.resource);
        tally.undo(Deviation::KeptTags, &mut resource, |ours| kept_version(process, ours));
        tally.undo(Deviation::ServiceNameTag, &mut resource, |ours| service_name_tag(process, ours));
        tally.undo(Deviation::NamelessProcess, &mut resource, |ours| nameless_process(process, ours));
        ours.resource = Arc::new(resource);
    }
    Some(ours)
}

/// Puts Jaeger's attributes into the order of ours; keys do not repeat.
pub(crate) fn take_order_of(ours: &otlp::Span, jaegers: &mut otlp::Span, tally: &mut Tally) {
    let sorted = |attributes: &Attributes| {
        let mut sorted = attributes.clone();
        sorted.0.sort_by(|a, b| a.key.cmp(&b.key));
        sorted
    };
    let take = |ours: &Attributes, jaegers: &mut Attributes| {
        if sorted(ours) == sorted(jaegers) {
            jaegers.clone_from(ours);
        }
    };
    tally.undo(Deviation::AttributeOrder, jaegers, |jaegers| {
        take(&ours.attributes, &mut jaegers.attributes);
        take(&ours.resource.attributes, &mut Arc::make_mut(&mut jaegers.resource).attributes);
        for (ours, jaegers) in ours.events.iter().zip(&mut jaegers.events) {
            take(&ours.attributes, &mut jaegers.attributes);
        }
    });
}

fn wrapped_times(span: &v1::Span, ours: &mut otlp::Span) {
    let end = span.start_time.0 + i128::from(span.duration_nanos);
    wrap(span.start_time.0, &mut ours.start_time_unix_nano);
    wrap(end, &mut ours.end_time_unix_nano);
    for (log, event) in span.logs.iter().zip(&mut ours.events) {
        wrap(log.timestamp.0, &mut event.time_unix_nano);
    }
}

/// What does not fit 64 bits loses its higher ones.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "this is what Go does")]
fn wrap(nanos: i128, ours: &mut u64) {
    if u64::try_from(nanos).is_err() {
        *ours = nanos as u64;
    }
}

fn foreign_parent(span: &v1::Span, ours: &mut otlp::Span) {
    let parent = span.parent_span_id().unwrap_or_default();
    ours.links.retain(|link| {
        let is_child = link.attributes.get("opentracing.ref_type").and_then(AttributeValue::as_str);
        link.span_id != parent || is_child != Some("child_of")
    });
}

fn version_without_name(span: &v1::Span, ours: &mut otlp::Span) {
    if values(&span.tags, SCOPE_NAME).next().is_none() {
        set(&mut ours.attributes, SCOPE_VERSION, values(&span.tags, SCOPE_VERSION).next_back());
        Arc::make_mut(&mut ours.scope).version.clear();
    }
}

fn kept_tags(span: &v1::Span, ours: &mut otlp::Span) {
    for key in ["span.kind", STATUS_CODE, "w3c.tracestate"] {
        set(&mut ours.attributes, key, None);
    }
    for event in &mut ours.events {
        set(&mut event.attributes, "event", None);
    }
    let is_error = values(&span.tags, "error").next_back() == Some(&AttributeValue::Bool(true));
    let is_explicit = is_error || values(&span.tags, STATUS_CODE).next().is_some();
    if is_explicit && ours.attributes.get(STATUS_DESCRIPTION).is_some() {
        set(&mut ours.attributes, STATUS_DESCRIPTION, None);
        // It does not look for http.status_message then.
        ours.status.message.clear();
    }
    // The first of equal tags is taken out, whatever it is; the last of the others becomes the attribute.
    let has_name = values(&span.tags, SCOPE_NAME).next().is_some();
    for key in [SCOPE_NAME, SCOPE_VERSION].into_iter().filter(|_| has_name) {
        let mut values = values(&span.tags, key);
        if values.next().is_some_and(|first| first.as_str().is_none()) {
            set(&mut ours.attributes, key, values.next_back());
        }
    }
}

fn kept_version(process: &v1::Process, ours: &mut otlp::Resource) {
    let version = values(&process.tags, JAEGER_VERSION).next_back();
    let is_taken = values(&process.tags, EXPORTER_VERSION).next().is_some();
    if version.is_some_and(|version| version.as_str().is_none()) && !is_taken {
        set(&mut ours.attributes, JAEGER_VERSION, None);
        set(&mut ours.attributes, EXPORTER_VERSION, Some(&"Jaeger-".into()));
    }
}

fn service_name_tag(process: &v1::Process, ours: &mut otlp::Resource) {
    if let Some(tag) = values(&process.tags, SERVICE_NAME).next_back() {
        set(&mut ours.attributes, SERVICE_NAME, Some(tag));
    }
}

fn nameless_process(process: &v1::Process, ours: &mut otlp::Resource) {
    if process.service_name == "OTLPResourceNoServiceName" {
        ours.attributes = Attributes::default();
    }
}

/// The values of all tags of the key.
fn values<'a>(tags: &'a Attributes, key: &str) -> impl DoubleEndedIterator<Item = &'a AttributeValue> {
    tags.iter().filter(move |tag| tag.key == key).map(|tag| &tag.value)
}

/// Gives the key this value only, or none.
fn set(attributes: &mut Attributes, key: &str, value: Option<&AttributeValue>) {
    if attributes.get(key) == value {
        return;
    }
    attributes.0.retain(|attribute| attribute.key != key);
    attributes.0.extend(value.map(|value| Attribute { key: key.to_owned(), value: value.clone() }));
}
