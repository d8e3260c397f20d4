//! The laws of `edges`: neither order nor repetition matters, contributions add up however spans are split, and a
//! translation has the edges of its span.

use std::sync::Arc;

use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::translate::{ToOtlp, ToV1};
use jaeger_dynamodb_core::{Span, otlp};
use jaeger_dynamodb_testkit::fixtures::START;
use jaeger_dynamodb_testkit::strategies::related_spans;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const QUARTER_OF_AN_HOUR: u64 = 900_000_000_000;

fn spans() -> impl Strategy<Value = Vec<Span>> {
    related_spans(0..24, START..START + QUARTER_OF_AN_HOUR)
}

fn edges(spans: &[Span]) -> Edges {
    Edges::of_spans(spans)
}

/// Jaeger's first model cannot tell a plain link to the parent from `FOLLOWS_FROM`.
fn links_its_parent(span: &otlp::Span) -> bool {
    span.parent_span_id.is_some_and(|parent| span.links.iter().any(|link| link.span_id == parent))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn neither_order_nor_repetition_matters(
        (spans, other) in spans().prop_flat_map(|spans| {
            let again = vec(any::<Index>(), 0..4);
            let other = (Just(spans.clone()), again).prop_map(|(spans, again)| {
                let again: Vec<_> = again.iter().filter(|_| !spans.is_empty()).map(|index| index.get(&spans).clone()).collect();
                [spans, again].concat()
            });
            (Just(spans), other.prop_shuffle())
        }),
    ) {
        prop_assert_eq!(edges(&spans), edges(&other));
    }

    #[test]
    fn contributions_add_up_however_spans_are_split(spans in spans(), cuts in vec(0_usize..24, 0..5)) {
        let mut ends: Vec<_> = cuts.into_iter().map(|cut| cut.min(spans.len())).chain([spans.len()]).collect();
        ends.sort_unstable();
        let (mut sum, mut before) = (Edges::<Arc<str>>::default(), 0);
        for end in ends {
            let mut contribution = edges(&spans[..end]);
            contribution.subtract(&edges(&spans[..before]));
            sum.add(&contribution);
            before = end;
        }
        prop_assert_eq!(&sum, &edges(&spans));
        sum.subtract(&edges(&spans));
        prop_assert!(sum.is_zero());
    }

    #[test]
    fn translations_have_the_edges_of_their_spans(spans in spans()) {
        let (mut to_otlp, mut to_v1) = (ToOtlp::default(), ToV1::default());
        let native: Vec<_> = spans.iter().filter(|span| matches!(span, Span::V1(_))).cloned().collect();
        let translated: Vec<_> = native.iter().cloned().map(|span| Span::Otlp(to_otlp.span(span))).collect();
        prop_assert_eq!(edges(&native), edges(&translated));
        let native: Vec<_> = spans
            .into_iter()
            .filter(|span| matches!(span, Span::Otlp(span) if !links_its_parent(span)))
            .collect();
        let translated: Vec<_> = native.iter().cloned().map(|span| Span::V1(to_v1.span(span))).collect();
        prop_assert_eq!(edges(&native), edges(&translated));
    }
}
