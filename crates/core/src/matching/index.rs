//! The pairs of key and text under which an index must list a span, so that nothing that matches is missed.
//!
//! The law between this file and [`satisfies`](super::satisfies): if an attribute condition holds on a span, then
//! the pair that [`required_pair`] names for it is among the pairs of the span, its resource, scope or process.

use super::{Meaning, place};
use crate::{AttributeCondition, Span, StatusCode, otlp, v1};

/// A pair that every span on which a condition holds is listed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedPair<'a> {
    /// The key.
    pub key: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Calls `visit` with each pair of key and text of the span's own: attributes, events, links, status, kind.
pub fn pairs_of_span(span: &Span, mut visit: impl FnMut(&str, &str)) {
    let visit = &mut |place: place::Place<'_>| place.texts(|text| visit(place.key, text));
    place::of_span(span, visit);
    if let Span::V1(_) = span {
        place::of_status_and_kind(span.status(), span.kind(), visit);
    }
}

/// Calls `visit` with each pair of key and text of the resource.
pub fn pairs_of_resource(resource: &otlp::Resource, mut visit: impl FnMut(&str, &str)) {
    place::of_resource(resource, &mut |place| place.texts(|text| visit(place.key, text)));
}

/// Calls `visit` with each pair of key and text of the scope.
pub fn pairs_of_scope(scope: &otlp::Scope, mut visit: impl FnMut(&str, &str)) {
    place::of_scope(scope, &mut |place| place.texts(|text| visit(place.key, text)));
}

/// Calls `visit` with each pair of key and text of the process.
pub fn pairs_of_process(process: &v1::Process, mut visit: impl FnMut(&str, &str)) {
    place::of_process(process, &mut |place| place.texts(|text| visit(place.key, text)));
}

/// The pair that every span is listed under on which the condition holds, or `None` if it holds on spans that
/// have nothing in common to be listed under, such as all those without an error.
#[must_use]
pub fn required_pair(condition: &AttributeCondition) -> Option<IndexedPair<'_>> {
    let pair = |key, text| Some(IndexedPair { key, text });
    match Meaning::of(condition) {
        Meaning::Status(StatusCode::Error) => pair("error", "true"),
        Meaning::Status(StatusCode::Ok) => pair("otel.status_code", "OK"),
        Meaning::Status(_) | Meaning::NotError | Meaning::Nothing => None,
        Meaning::Kind(kind) => {
            Some(kind.as_str()).filter(|word| !word.is_empty()).and_then(|word| pair("span.kind", word))
        }
        Meaning::ScopeName(name) => {
            Some(name).filter(|name| !name.is_empty()).and_then(|name| pair("otel.scope.name", name))
        }
        Meaning::ScopeVersion(version) => Some(version)
            .filter(|version| !version.is_empty())
            .and_then(|version| pair("otel.scope.version", version)),
        Meaning::Resource(key) => pair(key, &condition.text),
        Meaning::Anywhere => pair(&condition.key, &condition.text),
    }
}
