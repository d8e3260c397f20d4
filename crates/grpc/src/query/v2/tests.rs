use jaeger_dynamodb_core::{Predicate, Range, UnixNanos};
use jaeger_dynamodb_proto::jaeger::expression::v1::Call;
use jaeger_dynamodb_proto::jaeger::storage::v2::{ArrayValue, KeyValueList};
use prost_types::{Duration, Timestamp};

use super::*;

const YEAR_ONE_SECONDS: i64 = -62_135_596_800;

fn seconds(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn traces(params: TraceQueryParameters) -> Result<TraceQuery, InvalidQuery> {
    of_traces(Some(params))
}

fn text_of(value: Value) -> String {
    let attributes = vec![KeyValue { key: "k".into(), value: Some(AnyValue { value: Some(value) }) }];
    let query = traces(TraceQueryParameters { attributes, ..Default::default() }).unwrap();
    match query.predicate {
        Predicate::All(conditions) => match conditions.as_slice() {
            [Predicate::Attribute(condition)] => condition.text.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_set_asks_for_the_newest_hundred_traces() {
    assert_eq!(traces(TraceQueryParameters::default()), Ok(TraceQuery::default()));
    assert_eq!(of_traces(None), Err(InvalidQuery::Missing));
}

#[test]
fn everything_set_becomes_one_conjunction() {
    let attribute = KeyValue { key: "k".into(), value: Some(AnyValue { value: Some(Value::IntValue(7)) }) };
    let query = traces(TraceQueryParameters {
        service_name: "s".into(),
        operation_name: "o".into(),
        attributes: vec![attribute.clone(), attribute],
        start_time_min: Some(Timestamp { seconds: 1, nanos: 5 }),
        start_time_max: seconds(2),
        duration_min: Some(Duration { seconds: 0, nanos: 1 }),
        duration_max: Some(Duration { seconds: 3, nanos: 0 }),
        search_depth: 9,
        ..Default::default()
    })
    .unwrap();
    let condition =
        Predicate::Attribute(AttributeCondition { key: "k".into(), text: "7".into(), form: TextForm::V2 });
    let expected = TraceQuery {
        start: Range { min: Some(UnixNanos(1_000_000_005)), max: Some(UnixNanos(2_000_000_000)) },
        predicate: Predicate::All(vec![
            Predicate::Service("s".into()),
            Predicate::Operation("o".into()),
            Predicate::Duration(Range { min: Some(1), max: Some(3_000_000_000) }),
            condition.clone(),
            condition,
        ]),
        limit: NonZeroUsize::new(9).unwrap(),
    };
    assert_eq!(query, expected);
}

#[test]
fn values_of_every_type_are_compared_by_their_text() {
    let array =
        ArrayValue { values: vec![AnyValue { value: Some(Value::IntValue(1)) }, AnyValue { value: None }] };
    let list = KeyValueList { values: vec![KeyValue { key: "a".into(), value: None }] };
    for (value, text) in [
        (Value::StringValue("x".into()), "x"),
        (Value::BoolValue(true), "true"),
        (Value::IntValue(-1), "-1"),
        (Value::DoubleValue(72.5), "72.5"),
        (Value::BytesValue(vec![1, 2]), "AQI="),
        (Value::ArrayValue(array), "[1,null]"),
        (Value::KvlistValue(list), "{\"a\":null}"),
    ] {
        assert_eq!(text_of(value), text);
    }
}

#[test]
fn an_attribute_without_a_value_is_no_condition() {
    let attributes = [None, Some(AnyValue { value: None })].map(|value| KeyValue { key: "k".into(), value });
    let query = traces(TraceQueryParameters { attributes: attributes.into(), ..Default::default() });
    assert_eq!(query, Ok(TraceQuery::default()));
}

#[test]
fn times_of_year_one_and_durations_of_zero_are_no_bounds_but_1970_is() {
    let zero = Some(Duration::default());
    let query = traces(TraceQueryParameters {
        start_time_min: seconds(YEAR_ONE_SECONDS),
        start_time_max: Some(Timestamp { seconds: i64::MIN, nanos: 1 }),
        duration_min: zero,
        duration_max: zero,
        search_depth: -1,
        ..Default::default()
    });
    assert_eq!(query, Ok(TraceQuery::default()));
    let query = traces(TraceQueryParameters { start_time_max: seconds(0), ..Default::default() }).unwrap();
    assert_eq!(query.start, Range { min: None, max: Some(UnixNanos(0)) });
}

#[test]
fn malformed_times_are_refused() {
    for nanos in [-1, 1_000_000_000] {
        let start_time_min = Some(Timestamp { seconds: YEAR_ONE_SECONDS, nanos });
        let refused = traces(TraceQueryParameters { start_time_min, ..Default::default() });
        assert_eq!(refused, Err(InvalidQuery::Nanos("start_time_min")));
    }
    let duration_max = Some(Duration { seconds: 1, nanos: -1 });
    let refused = traces(TraceQueryParameters { duration_max, ..Default::default() });
    assert_eq!(refused, Err(InvalidQuery::Nanos("duration_max")));
}

#[test]
fn a_filter_is_refused() {
    let filter = Some(Call::default());
    let refused = traces(TraceQueryParameters { filter, ..Default::default() });
    assert_eq!(refused, Err(InvalidQuery::Filter));
}

#[test]
fn only_the_first_page_is_served_and_never_of_whole_traces() {
    let paged = |page_size, token: &str, search_depth| {
        let pagination = Some(Pagination { page_size, page_token: token.into() });
        Some(TraceQueryParameters { pagination, search_depth, ..Default::default() })
    };
    assert_eq!(of_first_page(paged(7, "", 0)).map(|query| query.limit.get()), Ok(7));
    assert_eq!(of_first_page(paged(0, "", 0)), Err(InvalidQuery::EmptyPage));
    assert_eq!(of_first_page(paged(7, "next", 0)), Err(InvalidQuery::PageToken));
    assert_eq!(of_first_page(paged(7, "", 1)), Err(InvalidQuery::DepthAndPages));
    assert_eq!(of_traces(paged(7, "", 0)), Err(InvalidQuery::PagesOfTraces));
}

#[test]
fn a_trace_is_asked_for_by_16_bytes_that_are_not_all_zero() {
    let by_id = |trace_id| trace_refs(&[GetTraceParams { trace_id, start_time: seconds(1), end_time: None }]);
    let hint = Range { min: Some(UnixNanos::from_secs(1)), max: None };
    assert_eq!(by_id(vec![1; 16]).unwrap()[0].time_hint, hint);
    for bad in [vec![], vec![1; 8], vec![0; 16], vec![1; 17]] {
        assert!(matches!(by_id(bad), Err(InvalidQuery::TraceId(_))));
    }
}
