//! Spans rich in what the translation between Jaeger's first model and OTLP treats in a special way.

use std::sync::Arc;

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, otlp, v1};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{otlp_spans, v1_spans, v1_value, value};

/// Keys of a span's tags, each with words that mean something there; for a key without words it is the value true.
const SPAN_KEYS: &[(&str, &[&str])] = &[
    ("span.kind", &["client", "server", "producer", "consumer", "internal", "CLIENT", "gateway", ""]),
    ("error", &[]),
    ("otel.status_code", &["OK", "ok", "ERROR", "Error", "UNSET", "fine", ""]),
    ("otel.status_description", &["boom", ""]),
    ("http.status_code", &["200", "404", "500", "+404", " 404", "00200", "9223372036854775808", ""]),
    ("http.status_message", &["Not Found", ""]),
    ("otel.scope.name", &["lib", "other", ""]),
    ("otel.scope.version", &["1.0", "2.0", ""]),
    ("w3c.tracestate", &["vendor=1", ""]),
    ("@jaeger@warnings", &["skewed", ""]),
];

const PROCESS_KEYS: &[(&str, &[&str])] = &[
    ("service.name", &["web", "other", ""]),
    ("hostname", &["h1", ""]),
    ("host.name", &["h2"]),
    ("jaeger.version", &["Go-2.30", ""]),
    ("opencensus.exporterversion", &["Jaeger-Go-2.30"]),
];

const EVENT_KEYS: &[(&str, &[&str])] = &[("event", &["retry", ""]), ("message", &["again"])];

const LINK_KEYS: &[(&str, &[&str])] =
    &[("opentracing.ref_type", &["child_of", "follows_from", "Child_Of", ""])];

/// Numbers that some status code of HTTP may be.
const HTTP_CODES: &[i64] = &[-1, 0, 99, 100, 200, 398, 399, 400, 404, 499, 500, 599, 600, i64::MAX];

/// A span of Jaeger's first model whose tags, fields and references mean something to the translation.
pub fn v1_span_to_translate() -> impl Strategy<Value = v1::Span> {
    let extra = (tags(SPAN_KEYS, 6, v1_value()), tags(PROCESS_KEYS, 4, v1_value()), fields(v1_value()));
    let nameless = prop_oneof![9 => Just(false), 1 => Just(true)];
    (one(v1_spans(1)), extra, vec(any::<bool>(), 3), nameless).prop_map(
        |(mut span, (tags, of_process, fields), own_trace, nameless)| {
            mix(&mut span.tags, tags);
            if let Some(process) = span.process.as_mut().map(Arc::make_mut) {
                mix(&mut process.tags, of_process);
                if nameless {
                    "OTLPResourceNoServiceName".clone_into(&mut process.service_name);
                }
            }
            span.logs.iter_mut().zip(fields).for_each(|(log, fields)| mix(&mut log.fields, fields));
            for (reference, own_trace) in span.references.iter_mut().zip(own_trace) {
                reference.trace_id = if own_trace { Some(span.trace_id) } else { reference.trace_id };
            }
            span
        },
    )
}

/// A span of OTLP whose attributes and links mean something to the translation.
pub fn otlp_span_to_translate() -> impl Strategy<Value = otlp::Span> {
    let value = || prop_oneof![4 => v1_value(), 1 => value()];
    let warnings = prop_oneof![
        8 => Just(None),
        1 => vec(prop_oneof![3 => Just("skewed".into()), 1 => value()], 0..3)
            .prop_map(|texts| Some(Attribute { key: "@jaeger@warnings".to_owned(), value: AttributeValue::Array(texts) })),
    ];
    let extra = (tags(SPAN_KEYS, 3, value()), tags(PROCESS_KEYS, 3, value()), fields(value()), warnings);
    let of_links = vec((tags(LINK_KEYS, 2, value()), any::<bool>(), 0..3), 3);
    let bare = prop_oneof![9 => Just(false), 1 => Just(true)];
    (one(otlp_spans(1)), extra, of_links, bare).prop_map(
        |(mut span, (tags, of_resource, fields, warnings), of_links, bare)| {
            span.attributes.0.extend(warnings);
            mix(&mut span.attributes, tags);
            let resource = Arc::make_mut(&mut span.resource);
            mix(&mut resource.attributes, of_resource);
            if bare {
                resource.attributes = Attributes::default();
            }
            span.events.iter_mut().zip(fields).for_each(|(event, fields)| mix(&mut event.attributes, fields));
            for (link, (attributes, own_trace, parent)) in span.links.iter_mut().zip(of_links) {
                mix(&mut link.attributes, attributes);
                link.trace_id = if own_trace { Some(span.trace_id) } else { link.trace_id };
                link.span_id = span.parent_span_id.filter(|_| parent == 0).unwrap_or(link.span_id);
            }
            span
        },
    )
}

fn one<S>(spans: impl Strategy<Value = Vec<S>>) -> impl Strategy<Value = S>
where
    S: std::fmt::Debug,
{
    spans.prop_filter_map("one was asked for", |mut spans| spans.pop())
}

fn fields(any_value: impl Strategy<Value = AttributeValue>) -> impl Strategy<Value = Vec<Attributes>> {
    vec(tags(EVENT_KEYS, 3, any_value), 3)
}

/// Fewer than `below` tags of the keys, mostly with a word or number that means something there.
fn tags(
    keys: &'static [(&'static str, &'static [&'static str])],
    below: usize,
    any_value: impl Strategy<Value = AttributeValue>,
) -> impl Strategy<Value = Attributes> {
    let word = any::<prop::sample::Index>();
    let typed = prop_oneof![
        8 => Just(None),
        1 => any_value.prop_map(Some),
        1 => any::<bool>().prop_map(|value| Some(value.into())),
        1 => select(HTTP_CODES).prop_map(|code| Some(code.into())),
    ];
    let tag = (select(keys), word, typed).prop_map(|((key, words), word, typed)| {
        let word = || if words.is_empty() { true.into() } else { (*word.get(words)).into() };
        let value = typed.unwrap_or_else(word);
        Attribute { key: key.to_owned(), value }
    });
    vec(tag, 0..below).prop_map(Attributes)
}

/// Puts the tags among the others, every second one before them.
fn mix(others: &mut Attributes, tags: Attributes) {
    for (number, tag) in tags.0.into_iter().enumerate() {
        let place = if number % 2 == 0 { others.0.len() } else { 0 };
        others.0.insert(place, tag);
    }
}
