//! The law of `matching`'s index: what matches is listed under the pair that the condition requires.

use jaeger_dynamodb_core::matching::{
    matches, pairs_of_process, pairs_of_resource, pairs_of_scope, pairs_of_span, required_pair, satisfies,
};
use jaeger_dynamodb_core::{AttributeCondition, Predicate, Range, Span, TraceQuery};
use jaeger_dynamodb_testkit::strategies::{otlp_span_to_translate, queries_for, spans, v1_span_to_translate};
use proptest::collection::vec;
use proptest::prelude::*;

/// Whether an index lists the span under the pair.
fn is_listed(span: &Span, key: &str, text: &str) -> bool {
    let mut found = false;
    let mut look = |k: &str, t: &str| found = found || (k, t) == (key, text);
    pairs_of_span(span, &mut look);
    match span {
        Span::Otlp(span) => {
            pairs_of_resource(&span.resource, &mut look);
            pairs_of_scope(&span.scope, &mut look);
        }
        Span::V1(span) => span.process.iter().for_each(|process| pairs_of_process(process, &mut look)),
    }
    found
}

fn conditions<'a>(predicate: &'a Predicate, found: &mut Vec<&'a AttributeCondition>) {
    match predicate {
        Predicate::All(predicates) | Predicate::Any(predicates) => {
            predicates.iter().for_each(|predicate| conditions(predicate, found));
        }
        Predicate::Not(predicate) => conditions(predicate, found),
        Predicate::Attribute(condition) => found.push(condition),
        Predicate::Service(_) | Predicate::Operation(_) | Predicate::Duration(_) => {}
    }
}

fn spans_and_queries() -> impl Strategy<Value = (Vec<Span>, Vec<TraceQuery>)> {
    let special = (v1_span_to_translate(), otlp_span_to_translate());
    (spans(1..6), special).prop_flat_map(|(mut spans, (v1, otlp))| {
        spans.extend([Span::V1(v1), Span::Otlp(otlp)]);
        let queries = vec(queries_for(&spans), 8);
        (Just(spans), queries)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_span_on_which_a_condition_holds_is_listed_under_its_pair((spans, queries) in spans_and_queries()) {
        let mut all = Vec::new();
        queries.iter().for_each(|query| conditions(&query.predicate, &mut all));
        for condition in all {
            let predicate = Predicate::Attribute(condition.clone());
            for span in spans.iter().filter(|span| satisfies(span, &predicate)) {
                if let Some(pair) = required_pair(condition) {
                    prop_assert!(is_listed(span, pair.key, pair.text), "{condition:?} needs {pair:?} on {span:?}");
                }
            }
        }
    }

    #[test]
    fn not_turns_every_answer_and_a_range_only_takes_away((spans, queries) in spans_and_queries()) {
        for query in queries {
            let not = Predicate::Not(Box::new(query.predicate.clone()));
            let unbounded = TraceQuery { start: Range::default(), ..query.clone() };
            for span in &spans {
                prop_assert_ne!(satisfies(span, &query.predicate), satisfies(span, &not));
                prop_assert!(!matches(span, &query) || matches(span, &unbounded));
            }
        }
    }
}
