//! Queries that a span answers.

use jaeger_dynamodb_core::{AttributeCondition, Predicate, Range, Span, TextForm, TraceQuery, matching};

/// Pairs of key and text that are asked for of one span.
const MOST_PAIRS: usize = 6;

/// Queries that the span matches: for what it is, for attributes of all levels, and for all that at once.
pub(super) fn questions_about(span: &Span) -> Vec<TraceQuery> {
    let duration = span.duration_nanos();
    let mut predicates = vec![
        Predicate::Service(span.service_name().to_owned()),
        Predicate::Operation(span.operation_name().to_owned()),
        Predicate::Duration(Range { min: Some(duration), max: Some(duration) }),
    ];
    for (key, text) in pairs(span) {
        for form in [TextForm::V1, TextForm::V2] {
            let condition = AttributeCondition { key: key.clone(), text: text.clone(), form };
            predicates.push(Predicate::Attribute(condition));
        }
    }
    predicates.retain(|predicate| matching::satisfies(span, predicate));
    predicates.push(Predicate::All(predicates.clone()));
    let start = Range { min: Some(span.start()), max: Some(span.start()) };
    let query = |predicate| TraceQuery { start, predicate, ..TraceQuery::default() };
    predicates.into_iter().map(query).collect()
}

fn pairs(span: &Span) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut take = |most: usize, key: &str, text: &str| {
        if pairs.len() < most {
            pairs.push((key.to_owned(), text.to_owned()));
        }
    };
    matching::pairs_of_span(span, |key, text| take(MOST_PAIRS, key, text));
    let shared = |key: &str, text: &str| take(2 * MOST_PAIRS, key, text);
    match span {
        Span::Otlp(span) => matching::pairs_of_resource(&span.resource, shared),
        Span::V1(span) => span.process.iter().for_each(|process| {
            matching::pairs_of_process(process, |key, text| take(2 * MOST_PAIRS, key, text));
        }),
    }
    pairs
}
