use jaeger_dynamodb_core::{Span, TraceQuery, matching};
use jaeger_dynamodb_testkit::strategies;
use proptest::prelude::*;

use super::*;
use crate::keys::Lane;
use crate::window::Window;

const EXPIRY: u64 = 1_760_600_000;

static PLACE: std::sync::LazyLock<Place> = std::sync::LazyLock::new(|| Place {
    window: Window::around(1_760_000_000, std::time::Duration::from_secs(300)),
    lane: Lane(*b"lane 001"),
    sequence: 7,
});

fn record(mut spans: Vec<Span>) -> LogRecord {
    crate::pack::share_equal_parts(&mut spans);
    spans.sort_by(|a, b| (a.trace_id(), a.service_name()).cmp(&(b.trace_id(), b.service_name())));
    let mut builder = RecordBuilder::default();
    for (position, span) in spans.iter().enumerate() {
        builder.add(span, position / 3);
    }
    let packs = vec![PackStorage::Parts(1); spans.len().div_ceil(3)];
    LogRecord {
        packs_place: *PLACE,
        packs_expiry: EXPIRY,
        tier: Tier::DynamoDb,
        packs,
        index: builder.finish(),
    }
}

/// Whether the record leads a search to every span that matches.
fn leads_to_all(record: &LogRecord, spans: &[Span], query: &TraceQuery) -> bool {
    let candidates: Vec<_> = record.index.candidates(query).collect();
    spans.iter().filter(|span| matching::matches(span, query)).all(|span| {
        candidates.iter().any(|(entry, newest_start)| {
            let trace = record.index.trace_of_entry(*entry).map(|(id, _)| id);
            trace == Some(span.trace_id()) && span.start() <= *newest_start
        })
    })
}

proptest! {
    #[test]
    fn records_come_back(spans in strategies::spans(1..30)) {
        let record = record(spans);
        let decoded = LogRecord::decode(&record.encode(*PLACE, EXPIRY), *PLACE, EXPIRY).unwrap();
        prop_assert_eq!(&decoded.packs, &record.packs);
        prop_assert_eq!(&decoded.index.traces, &record.index.traces);
        prop_assert_eq!(&decoded.index.entries, &record.index.entries);
        prop_assert_eq!(&decoded.index.operations, &record.index.operations);
        prop_assert_eq!(&decoded.index.fingerprints, &record.index.fingerprints);
        prop_assert_eq!(&decoded.index.lists, &record.index.lists);
    }

    #[test]
    fn a_record_put_again_still_names_its_first_place(spans in strategies::spans(1..5), sequence in any::<u32>()) {
        let record = record(spans);
        let later = Place { sequence, ..*PLACE };
        let decoded = LogRecord::decode(&record.encode(later, EXPIRY + 300), later, EXPIRY + 300).unwrap();
        prop_assert_eq!((decoded.packs_place, decoded.packs_expiry), (*PLACE, EXPIRY));
    }

    #[test]
    fn no_span_that_matches_is_pruned(
        (spans, query) in strategies::spans(1..30).prop_flat_map(|spans| {
            let query = strategies::queries_for(&spans);
            (Just(spans), query)
        }),
    ) {
        let record = record(spans.clone());
        prop_assert!(leads_to_all(&record, &spans, &query));
        let decoded = LogRecord::decode(&record.encode(*PLACE, EXPIRY), *PLACE, EXPIRY).unwrap();
        prop_assert!(leads_to_all(&decoded, &spans, &query));
    }

    #[test]
    fn damaged_records_are_errors_or_records_but_never_panics(
        spans in strategies::spans(1..10),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = record(spans).encode(*PLACE, EXPIRY);
        let cut = position.index(bytes.len());
        prop_assert!(LogRecord::decode(&bytes[..cut], *PLACE, EXPIRY).is_err());
        bytes[cut] = byte;
        let _ = LogRecord::decode(&bytes, *PLACE, EXPIRY);
    }
}

#[test]
fn a_span_with_more_pairs_than_a_record_lists_is_never_pruned() {
    let mut span = jaeger_dynamodb_testkit::fixtures::otlp_span(1, 1, "shop");
    span.attributes =
        (0..100_000_i64).map(|n| jaeger_dynamodb_core::Attribute::new(format!("key {n}"), n)).collect();
    let spans = vec![Span::Otlp(span)];
    let record = record(spans.clone());
    assert!(record.encode(*PLACE, EXPIRY).len() < crate::size::MAX_CONTENT_BYTES);
    let query = |key: &str, text: &str| TraceQuery {
        predicate: jaeger_dynamodb_core::Predicate::Attribute(jaeger_dynamodb_core::AttributeCondition {
            key: key.into(),
            text: text.into(),
            form: jaeger_dynamodb_core::TextForm::V2,
        }),
        ..TraceQuery::default()
    };
    for number in [0, 50_000, 99_999] {
        assert!(leads_to_all(&record, &spans, &query(&format!("key {number}"), &number.to_string())));
    }
}
