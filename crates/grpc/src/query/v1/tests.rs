use std::num::NonZeroUsize;

use jaeger_dynamodb_core::{Predicate, Range, UnixNanos};
use prost_types::{Duration, Timestamp};

use super::*;

const YEAR_ONE_SECONDS: i64 = -62_135_596_800;

fn seconds(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn traces(params: TraceQueryParameters) -> Result<TraceQuery, InvalidQuery> {
    of_traces(Some(params))
}

#[test]
fn nothing_set_asks_for_the_newest_hundred_traces() {
    assert_eq!(traces(TraceQueryParameters::default()), Ok(TraceQuery::default()));
    assert_eq!(
        traces(TraceQueryParameters { num_traces: -1, ..Default::default() }),
        Ok(TraceQuery::default())
    );
    assert_eq!(of_traces(None), Err(InvalidQuery::Missing));
}

#[test]
fn everything_set_becomes_one_conjunction_whatever_the_order_of_the_tags() {
    let expected = TraceQuery {
        start: Range { min: Some(UnixNanos(1_000_000_005)), max: Some(UnixNanos(2_000_000_000)) },
        predicate: Predicate::All(vec![
            Predicate::Service("s".into()),
            Predicate::Operation("o".into()),
            Predicate::Duration(Range { min: Some(1), max: Some(3_000_000_000) }),
            condition("a", "7"),
            condition("b", ""),
            condition("c", "true"),
        ]),
        limit: NonZeroUsize::new(9).unwrap(),
    };
    for tags in [[("a", "7"), ("b", ""), ("c", "true")], [("c", "true"), ("a", "7"), ("b", "")]] {
        let query = traces(TraceQueryParameters {
            service_name: "s".into(),
            operation_name: "o".into(),
            tags: tags.map(|(key, text)| (key.to_owned(), text.to_owned())).into(),
            start_time_min: Some(Timestamp { seconds: 1, nanos: 5 }),
            start_time_max: seconds(2),
            duration_min: Some(Duration { seconds: 0, nanos: 1 }),
            duration_max: Some(Duration { seconds: 3, nanos: 0 }),
            num_traces: 9,
        });
        assert_eq!(query.as_ref(), Ok(&expected));
    }
}

fn condition(key: &str, text: &str) -> Predicate {
    Predicate::Attribute(AttributeCondition { key: key.into(), text: text.into(), form: TextForm::V1 })
}

#[test]
fn times_of_year_one_and_durations_of_zero_are_no_bounds_but_1970_is() {
    let query = traces(TraceQueryParameters {
        start_time_min: seconds(YEAR_ONE_SECONDS),
        start_time_max: seconds(YEAR_ONE_SECONDS),
        duration_min: Some(Duration::default()),
        duration_max: Some(Duration::default()),
        ..Default::default()
    });
    assert_eq!(query, Ok(TraceQuery::default()));
    let query = traces(TraceQueryParameters { start_time_max: seconds(0), ..Default::default() }).unwrap();
    assert_eq!(query.start, Range { min: None, max: Some(UnixNanos(0)) });
}

#[test]
fn malformed_times_are_refused() {
    let start_time_min = Some(Timestamp { seconds: 1, nanos: -1 });
    let refused = traces(TraceQueryParameters { start_time_min, ..Default::default() });
    assert_eq!(refused, Err(InvalidQuery::Nanos("start_time_min")));
}

#[test]
fn a_trace_is_asked_for_by_8_or_16_bytes_and_zeros_name_none() {
    let by_id = |trace_id: &[u8]| {
        trace_ref(&GetTraceRequest { trace_id: trace_id.to_vec(), start_time: seconds(1), end_time: None })
    };
    let hint = Range { min: Some(UnixNanos::from_secs(1)), max: None };
    let long = by_id(&[&[0; 8][..], &[7; 8]].concat()).unwrap().unwrap();
    assert_eq!(long.time_hint, hint);
    assert_eq!(by_id(&[7; 8]), Ok(Some(long)));
    assert_eq!(by_id(&[0; 16]), Ok(None));
    assert_eq!(by_id(&[0; 8]), Ok(None));
    for bad in [&[][..], &[1; 7], &[1; 15], &[1; 17]] {
        assert!(matches!(by_id(bad), Err(InvalidQuery::TraceId(_))), "{bad:?}");
    }
}
