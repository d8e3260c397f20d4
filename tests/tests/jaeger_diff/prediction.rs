//! Which traces a question finds under differences of matching: each changes the spans as they are looked at, or the
//! question as it is understood, before core's [`matching`] decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use jaeger_dynamodb_core::{
    AttributeCondition, Attributes, Predicate, Span, TraceId, TraceQuery, UnixNanos, matching, otlp,
};

use crate::cases::Question;
use crate::differences::Difference;

/// The traces with matching spans, and the newest start among these.
pub(crate) type Matches = BTreeMap<TraceId, UnixNanos>;

/// What both servers find by the rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prediction {
    pub(crate) ours: Matches,
    pub(crate) theirs: Matches,
    /// The differences that matter.
    pub(crate) because: Vec<Difference>,
}

pub(crate) fn predict(spans: &[Span], question: &Question) -> Prediction {
    let all = Difference::OF_MATCHING;
    let ours = matches(spans, question, &[]);
    let theirs = matches(spans, question, &all);
    let because = if ours == theirs {
        Vec::new()
    } else {
        let alone = |one: Difference| matches(spans, question, &[one]) != ours;
        let all_but = |one: Difference| {
            let others: Vec<_> = all.into_iter().filter(|other| *other != one).collect();
            matches(spans, question, &others) != theirs
        };
        all.into_iter().filter(|one| alone(*one) || all_but(*one)).collect()
    };
    Prediction { ours, theirs, because }
}

fn matches(spans: &[Span], question: &Question, differences: &[Difference]) -> Matches {
    let query = TraceQuery { predicate: as_understood(question, differences), ..question.query.clone() };
    let mut newest = Matches::new();
    for span in spans {
        if matching::matches(&as_looked_at(span, differences), &query) {
            let start = newest.entry(span.trace_id()).or_insert_with(|| span.start());
            *start = span.start().max(*start);
        }
    }
    newest
}

fn as_understood(question: &Question, differences: &[Difference]) -> Predicate {
    let Predicate::All(all) = &question.query.predicate else { return question.query.predicate.clone() };
    let one = |predicate: &Predicate| match predicate {
        Predicate::Attribute(condition) => {
            Predicate::Attribute(condition_as_understood(condition, question.typed, differences))
        }
        other => other.clone(),
    };
    Predicate::All(all.iter().map(one).collect())
}

fn condition_as_understood(
    condition: &AttributeCondition,
    typed: bool,
    differences: &[Difference],
) -> AttributeCondition {
    let mut condition = condition.clone();
    let is_error = condition.key == "error";
    let is_typed_true = typed && condition.text == "true";
    if is_error && !is_typed_true && differences.contains(&Difference::ErrorKey) {
        condition.key = "span.status".to_owned();
        condition.text = "ok".to_owned();
    } else if !is_error && differences.contains(&Difference::SpecialKeys) {
        condition.key = without_meaning(&condition.key);
    }
    condition
}

fn as_looked_at(span: &Span, differences: &[Difference]) -> Span {
    let Span::Otlp(span) = span else { return span.clone() };
    let mut span = span.clone();
    let resource = attributes_as_looked_at(&span.resource.attributes, differences);
    span.resource = Arc::new(otlp::Resource { attributes: resource, ..span.resource.as_ref().clone() });
    let scope = attributes_as_looked_at(&span.scope.attributes, differences);
    span.scope = Arc::new(otlp::Scope { attributes: scope, ..span.scope.as_ref().clone() });
    span.attributes = attributes_as_looked_at(&span.attributes, differences);
    for event in &mut span.events {
        event.attributes = attributes_as_looked_at(&event.attributes, differences);
    }
    for link in &mut span.links {
        link.attributes = if differences.contains(&Difference::LinkAttributes) {
            Attributes::default()
        } else {
            attributes_as_looked_at(&link.attributes, differences)
        };
    }
    Span::Otlp(span)
}

fn attributes_as_looked_at(attributes: &Attributes, differences: &[Difference]) -> Attributes {
    let mut list = attributes.0.clone();
    if differences.contains(&Difference::LaterDuplicates) {
        let mut seen = std::collections::HashSet::new();
        list.retain(|attribute| seen.insert(attribute.key.clone()));
    }
    if differences.contains(&Difference::SpecialKeys) {
        let mut ordinary = list.clone();
        for attribute in &mut ordinary {
            attribute.key = without_meaning(&attribute.key);
        }
        list.extend(ordinary);
    }
    Attributes(list)
}

/// A key that matching takes for an ordinary one.
fn without_meaning(key: &str) -> String {
    format!("ordinary {key}")
}
