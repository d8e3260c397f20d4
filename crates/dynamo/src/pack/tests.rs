use jaeger_dynamodb_core::{AttributeValue, Attributes, Span, SpanId, SpanKind, StatusCode, TraceId, otlp};
use jaeger_dynamodb_testkit::strategies;

use super::*;

fn trace_id(number: u8) -> TraceId {
    TraceId::new([number; 16]).unwrap()
}

fn span(trace: u8, id: u8, parent: Option<u8>) -> Span {
    Span::Otlp(otlp::Span {
        resource: Arc::new(otlp::Resource {
            attributes: Attributes::from([("service.name", "shop")]),
            schema_url: "https://example.org/1".into(),
            ..Default::default()
        }),
        scope: Arc::new(otlp::Scope { name: "scope".into(), ..Default::default() }),
        trace_id: trace_id(trace),
        span_id: SpanId::new([id; 8]),
        parent_span_id: parent.map(|id| SpanId::new([id; 8])),
        trace_state: String::new(),
        flags: 257,
        name: format!("operation {id}"),
        kind: SpanKind::Unrecognized(77),
        start_time_unix_nano: u64::MAX,
        end_time_unix_nano: 5,
        attributes: Attributes::from([
            ("nan", AttributeValue::from(f64::NAN)),
            ("zero", AttributeValue::from(-0.0)),
        ]),
        dropped_attributes_count: 3,
        events: vec![otlp::Event { time_unix_nano: 9, ..Default::default() }],
        dropped_events_count: 1,
        links: Vec::new(),
        dropped_links_count: 2,
        status: otlp::Status { message: "bad".into(), code: StatusCode::Error },
    })
}

#[test]
fn unpacking_gives_back_what_was_packed() {
    let spans = vec![
        span(1, 1, None),
        span(1, 2, Some(1)),
        span(1, 3, Some(9)),
        span(2, 1, Some(2)),
        span(2, 1, Some(1)),
    ];
    let bytes = encode(spans.clone());
    assert_eq!(decode(&bytes, |_| true), Ok(spans));
}

#[test]
fn only_wanted_traces_are_unpacked() {
    let bytes = encode(vec![span(1, 1, None), span(2, 2, None)]);
    assert_eq!(decode(&bytes, |id| id == trace_id(2)), Ok(vec![span(2, 2, None)]));
    assert_eq!(decode(&bytes, |_| false), Ok(vec![]));
}

#[test]
fn damaged_packs_are_errors() {
    let wanted = |id| id == trace_id(1);
    let bytes = encode(vec![span(1, 1, None), span(1, 2, Some(1))]);
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length], wanted).is_err(), "cut at {length}");
    }
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x55;
        // Not every flipped bit can be noticed; none may panic.
        let _ = decode(&damaged, wanted);
    }
    assert_eq!(decode(&[9, 1, 0, 0], wanted), Err(DecodeError::UnknownVersion(9)));
}

proptest::proptest! {
    #[test]
    fn any_spans_come_back(otlp in strategies::otlp_spans(0..20), v1 in strategies::v1_spans(0..20)) {
        for mut spans in [otlp.into_iter().map(Span::Otlp).collect::<Vec<_>>(), v1.into_iter().map(Span::V1).collect()] {
            spans.sort_by_key(Span::trace_id);
            let wanted = |_| true;
            let packed = encode(spans.clone());
            proptest::prop_assert_eq!(decode(&packed, wanted), Ok(spans.clone()));
            let mut shared = spans.clone();
            share_equal_parts(&mut shared);
            proptest::prop_assert_eq!(&shared, &spans);
            proptest::prop_assert_eq!(decode(&encode(shared), wanted), Ok(spans));
        }
    }
}
