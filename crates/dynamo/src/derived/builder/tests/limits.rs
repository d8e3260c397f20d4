//! What is unusual, still within the limits of items and memory.

use jaeger_dynamodb_core::{
    Attribute, AttributeCondition, Predicate, Span, TextForm, TraceQuery, UnixNanos, v1,
};
use jaeger_dynamodb_testkit::fixtures::{otlp_span, v1_span};

use super::*;
use crate::derived::testing::{commit_of, place};

const MEMORY: usize = 256 * 1024 * 1024;

fn condition(key: String, text: String) -> TraceQuery {
    let condition = AttributeCondition { key, text, form: TextForm::V2 };
    TraceQuery { predicate: Predicate::Attribute(condition), ..TraceQuery::default() }
}

fn candidates(built: &Built, query: &TraceQuery) -> usize {
    built.parts.iter().map(|part| part.entries.candidates(query, Some(&part.lists)).len()).sum()
}

fn span_with_keys(trace: u64, keys: std::ops::Range<u32>) -> Span {
    let mut span = otlp_span(trace, 1, "shop");
    span.attributes = keys.map(|key| Attribute::new(format!("key {key}"), i64::from(key))).collect();
    Span::Otlp(span)
}

#[test]
fn no_records_make_no_items() {
    let built = build(&[], Survey::default().plan(MEMORY));
    assert_eq!((built.parts.len(), built.pointers.len(), built.slots.len()), (0, 0, 0));
}

#[test]
fn an_entry_with_eighty_thousand_fingerprints_is_found_by_each() {
    let commits = [commit_of(vec![span_with_keys(1, 0..79_000)], place(0, 1), usize::MAX)];
    let built = build(&commits, plan_for(&commits, MEMORY));
    for key in [0, 40_000, 78_999_u32] {
        assert_eq!(candidates(&built, &condition(format!("key {key}"), key.to_string())), 1);
    }
    let wrong = (0..1_000).filter(|n| candidates(&built, &condition("absent".to_owned(), n.to_string())) > 0);
    assert!(wrong.count() < 200, "an absent value is excluded nearly always");
}

#[test]
fn entries_with_many_fingerprints_are_cut_into_parts_that_fit_items() {
    const KEYS: u32 = 200;
    let span = |number: u32| span_with_keys(u64::from(number) + 1, number * KEYS..(number + 1) * KEYS);
    let commits: Vec<_> = (0..40)
        .map(|n| commit_of((n * 50..(n + 1) * 50).map(span).collect(), place(0, n), 100_000))
        .collect();
    // Cut by nothing but the limit of items.
    let plan = plan_for(&commits, MEMORY).with_sizes(64 * 1024 * 1024, 3_400);
    let built = build(&commits, plan);
    assert!(built.parts.len() > 1);
    for key in (0..2_000 * KEYS).step_by(17_777) {
        assert!(candidates(&built, &condition(format!("key {key}"), key.to_string())) >= 1, "{key}");
    }
}

#[test]
fn one_trace_in_very_many_commits_is_one_bucket_in_several_parts() {
    let spans = |sequence| vec![Span::Otlp(otlp_span(1, u64::from(sequence) + 1, "shop"))];
    let commits: Vec<_> =
        (0..100_000).map(|sequence| commit_of(spans(sequence), place(0, sequence), 1_000)).collect();
    let built = build(&commits, plan_for(&commits, MEMORY));
    assert_eq!(built.pointers.len(), 100_000);
}

#[test]
fn five_hundred_services_of_a_small_window_take_few_parts() {
    let spans: Vec<_> = (0..3_000)
        .map(|number| {
            Span::Otlp(otlp_span(number / 10 + 1, number + 1, &format!("service {}", number % 500)))
        })
        .collect();
    let commits: Vec<_> =
        spans.chunks(100).zip(0..).map(|(spans, n)| commit_of(spans.to_vec(), place(0, n), 10_000)).collect();
    let built = build(&commits, plan_for(&commits, MEMORY));
    assert!(built.parts.len() <= 8, "{}", built.parts.len());
}

#[test]
fn starts_of_all_ages_make_sixteen_slots() {
    let start = |hour: i128| UnixNanos(1_760_000_000_000_000_000 + hour * 3_600_000_000_000);
    let starts =
        (0..700).map(start).chain([UnixNanos(i128::MIN), UnixNanos(-1), UnixNanos(0), UnixNanos(i128::MAX)]);
    let span = |(number, start): (u64, UnixNanos)| {
        Span::V1(v1::Span { start_time: start, ..v1_span(number, number, "shop") })
    };
    let spans: Vec<_> = (1..).zip(starts).map(span).collect();
    let commits: Vec<_> =
        spans.chunks(10).zip(0..).map(|(spans, n)| commit_of(spans.to_vec(), place(0, n), 1_000)).collect();
    let built = build(&commits, plan_for(&commits, MEMORY));
    assert_eq!(built.slots.len(), 16);
    assert_eq!((built.slots[0].newest, built.slots[15].oldest), (i64::MAX, i64::MIN));
}

#[test]
fn little_memory_means_more_partitions_and_smaller_parts_but_the_same_pointers() {
    let span = |number: u64| {
        span_with_keys(
            number + 1,
            u32::try_from(number).unwrap() * 50..u32::try_from(number).unwrap() * 50 + 50,
        )
    };
    let commits: Vec<_> = (0..200_u32)
        .map(|n| commit_of((0..50).map(|at| span(u64::from(n) * 50 + at)).collect(), place(0, n), 50_000))
        .collect();
    let [small, large] = [400_000, MEMORY].map(|memory| build(&commits, plan_for(&commits, memory)));
    assert!(small.plan.partitions > 1 && large.plan.partitions == 1);
    assert_eq!(small.pointers, large.pointers);
    assert!(small.parts.len() >= large.parts.len());
}
