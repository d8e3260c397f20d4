//! Random spans are what they are meant to be: within the wire formats, alike enough to meet, and found by the
//! queries made for them.

use jaeger_dynamodb_core::{Predicate, Span, TextForm, matching, otlp};
use jaeger_dynamodb_testkit::strategies::{batches, parameter_queries_for, queries_for, spans};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const SAMPLES: usize = 300;

#[expect(clippy::unwrap_used, reason = "a strategy that fails is what these tests would find")]
fn samples<S: Strategy>(strategy: &S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..SAMPLES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn share(of: usize, all: usize) -> f64 {
    of as f64 / all as f64
}

#[test]
fn queries_often_find_something_and_often_do_not() {
    let mut runner = TestRunner::deterministic();
    let mut shares = [0, 0];
    for spans in samples(&spans(6..12)) {
        for (hits, strategy) in
            shares.iter_mut().zip([queries_for(&spans), parameter_queries_for(&spans, TextForm::V2)])
        {
            let query = strategy.new_tree(&mut runner).unwrap().current();
            *hits += usize::from(spans.iter().any(|span| matching::matches(span, &query)));
        }
    }
    for hits in shares {
        assert!((0.3..0.95).contains(&share(hits, SAMPLES)), "{hits} of {SAMPLES} found something");
    }
}

#[test]
fn spans_share_traces_ids_and_starts() {
    let samples = samples(&spans(8..9));
    let meet = |same: fn(&Span, &Span) -> bool| {
        let some_pair = |spans: &Vec<Span>| {
            spans
                .iter()
                .enumerate()
                .any(|(index, one)| spans.iter().skip(index + 1).any(|other| same(one, other)))
        };
        share(samples.iter().filter(|spans| some_pair(spans)).count(), SAMPLES)
    };
    assert!(meet(|one, other| one.trace_id() == other.trace_id()) > 0.9);
    assert!(meet(|one, other| one.trace_id() == other.trace_id() && one.span_id() == other.span_id()) > 0.2);
    assert!(meet(|one, other| one.trace_id() != other.trace_id() && one.start() == other.start()) > 0.5);
}

#[test]
fn every_part_is_sometimes_filled() {
    let all: Vec<Span> = samples(&spans(8..9)).concat();
    let otlp =
        |part: fn(&otlp::Span) -> bool| all.iter().any(|span| matches!(span, Span::Otlp(span) if part(span)));
    assert!(otlp(|span| !span.resource.entity_refs.is_empty() && !span.resource.schema_url.is_empty()));
    assert!(otlp(|span| span.links.iter().any(|link| link.trace_id.is_none() || link.flags > 0)));
    assert!(otlp(|span| span.events.iter().any(|event| event.dropped_attributes_count > 0)));
    assert!(otlp(|span| span.start_time_unix_nano > span.end_time_unix_nano));
    assert!(
        otlp(|span| span.start_time_unix_nano == u64::MAX) && otlp(|span| span.start_time_unix_nano == 0)
    );
    assert!(otlp(|span| i32::from(span.kind) > 5) && otlp(|span| i32::from(span.status.code) > 2));
    assert!(otlp(|span| span.resource.service_name().is_empty()));
    let v1 = all.iter().filter_map(|span| match span {
        Span::V1(span) => Some(span),
        Span::Otlp(_) => None,
    });
    assert!(
        v1.clone().any(|span| span.process.is_none()) && v1.clone().any(|span| !span.warnings.is_empty())
    );
    assert!(v1.clone().any(|span| span.duration_nanos < 0) && v1.clone().any(|span| span.start_time.0 < 0));
    assert!(all.iter().any(|span| span.service_name().len() > 1_024));
}

#[test]
fn batches_repeat_themselves_now_and_then() {
    let repeats = |batches: &Vec<Vec<Span>>| {
        let all = batches.concat();
        all.iter().enumerate().any(|(index, span)| all.iter().skip(index + 1).any(|other| other == span))
    };
    let repeating = samples(&batches(1..5)).iter().filter(|batches| repeats(batches)).count();
    assert!((0.2..0.9).contains(&share(repeating, SAMPLES)), "{repeating} of {SAMPLES} repeat themselves");
}

#[test]
fn parameter_queries_are_conjunctions_of_one_condition_a_key() {
    let mut runner = TestRunner::deterministic();
    for spans in samples(&spans(0..6)) {
        let query = parameter_queries_for(&spans, TextForm::V2).new_tree(&mut runner).unwrap().current();
        let Predicate::All(leaves) = query.predicate else { panic!("not a conjunction") };
        let mut keys: Vec<_> = leaves
            .iter()
            .map(|leaf| match leaf {
                Predicate::Service(name) | Predicate::Operation(name) => {
                    assert!(!name.is_empty());
                    format!("{:?}", std::mem::discriminant(leaf))
                }
                Predicate::Duration(range) => {
                    assert!([range.min, range.max].into_iter().flatten().all(|bound| bound > 0));
                    "duration".to_owned()
                }
                Predicate::Attribute(condition) => {
                    assert_eq!(condition.form, TextForm::V2);
                    format!("attribute {}", condition.key)
                }
                Predicate::All(_) | Predicate::Any(_) | Predicate::Not(_) => panic!("a tree: {leaf:?}"),
            })
            .collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "{leaves:?}");
    }
}

#[test]
fn parents_are_never_zero() {
    for span in samples(&spans(8..9)).concat() {
        if let Span::Otlp(span) = span {
            assert!(span.parent_span_id.is_none_or(|parent| !parent.is_zero()));
        }
    }
}
