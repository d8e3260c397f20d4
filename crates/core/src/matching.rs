//! What matches: the one definition, for every store and for both of Jaeger's APIs (ADR 0011, in `docs/adr/`).
//!
//! An attribute condition holds on a span if one of its texts under the key equals the wanted text; the key is
//! looked for on the span, its resource, scope, events and links (Jaeger v1: tags, process tags, log fields).
//! Facts that OTLP keeps in fields of their own are found under these keys:
//!
//! | key | v2 ([source]) | v1 (tags as the Collector's translator writes them) |
//! |---|---|---|
//! | `error` | true: status is error; false: it is not; other text: nothing matches | `true` if status is error |
//! | `span.kind` | the kind, in any case; unknown words mean unspecified | the kind in lower case |
//! | `span.status` | `ok`, `error`, in any case; every other text means unset | |
//! | `otel.status_code` | | `OK`, `ERROR` |
//! | `otel.status_description` | | the status message |
//! | `scope.name`, `scope.version` | the scope's | |
//! | `otel.scope.name`, `otel.scope.version` | | the scope's |
//! | `resource.KEY` | KEY on the resource only | |
//! | `event` | | an event's name |
//! | `w3c.tracestate` | | the trace state |
//!
//! On a span of Jaeger v1 the words of v2 mean what its translation to OTLP says ([`translate`](crate::translate)), and
//! v2 also finds the attributes that only the translation has: `service.name`, `host.name`,
//! `opencensus.exporterversion`, `opentracing.ref_type`, `@jaeger@warnings`.
//!
//! [source]: https://github.com/jaegertracing/jaeger/blob/main/internal/storage/v2/memory/tenant.go

mod index;
mod place;
#[cfg(test)]
mod tests;

pub use index::{
    IndexedPair, pairs_of_process, pairs_of_resource, pairs_of_scope, pairs_of_span, required_pair,
};

use crate::{AttributeCondition, Predicate, Span, SpanKind, StatusCode, TextForm, TraceQuery};

/// Whether the span starts inside the query's range and satisfies its predicate.
#[must_use]
pub fn matches(span: &Span, query: &TraceQuery) -> bool {
    query.start.contains(&span.start()) && satisfies(span, &query.predicate)
}

/// Whether the predicate holds on the span.
#[must_use]
pub fn satisfies(span: &Span, predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(predicates) => predicates.iter().all(|predicate| satisfies(span, predicate)),
        Predicate::Any(predicates) => predicates.iter().any(|predicate| satisfies(span, predicate)),
        Predicate::Not(predicate) => !satisfies(span, predicate),
        Predicate::Service(name) => span.service_name() == name,
        Predicate::Operation(name) => span.operation_name() == name,
        Predicate::Duration(range) => range.contains(&span.duration_nanos()),
        Predicate::Attribute(condition) => has_text(span, condition),
    }
}

/// A condition, told apart by what its key means.
enum Meaning<'a> {
    Status(StatusCode),
    NotError,
    Nothing,
    Kind(SpanKind),
    ScopeName(&'a str),
    ScopeVersion(&'a str),
    Resource(&'a str),
    Anywhere,
}

impl<'a> Meaning<'a> {
    fn of(condition: &'a AttributeCondition) -> Self {
        let text = condition.text.as_str();
        if condition.form == TextForm::V1 {
            return Self::Anywhere;
        }
        match condition.key.as_str() {
            "error" => match go_bool(text) {
                Some(true) => Self::Status(StatusCode::Error),
                Some(false) => Self::NotError,
                None => Self::Nothing,
            },
            "span.status" => Self::Status(StatusCode::from_word(text)),
            "span.kind" => Self::Kind(SpanKind::from_word(text)),
            "scope.name" => Self::ScopeName(text),
            "scope.version" => Self::ScopeVersion(text),
            key => key.strip_prefix("resource.").map_or(Self::Anywhere, Self::Resource),
        }
    }
}

fn has_text(span: &Span, condition: &AttributeCondition) -> bool {
    match Meaning::of(condition) {
        Meaning::Status(code) => span.status() == code,
        Meaning::NotError => span.status() != StatusCode::Error,
        Meaning::Nothing => false,
        Meaning::Kind(kind) => span.kind() == kind,
        Meaning::ScopeName(name) => place::scope_name(span) == name,
        Meaning::ScopeVersion(version) => place::scope_version(span) == version,
        Meaning::Resource(key) => holds(key, condition, |look| place::of_producer(span, look)),
        Meaning::Anywhere => holds(&condition.key, condition, |look| {
            place::of_span(span, look);
            place::of_surroundings(span, look);
        }),
    }
}

/// Whether one of the places has the wanted text under the key.
fn holds(key: &str, condition: &AttributeCondition, places: impl FnOnce(place::Visit<'_>)) -> bool {
    let mut found = false;
    places(&mut |place| found = found || place.key == key && place.has_text(condition.form, &condition.text));
    found
}

/// Text as Go's `strconv.ParseBool` reads it.
fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
