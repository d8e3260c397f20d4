//! Times of other ages, and ends before starts.

use jaeger_dynamodb_proto::jaeger::api_v2::{self, Log};
use jaeger_dynamodb_proto::jaeger::storage::v2::{FindTraceIDsRequest, TraceQueryParameters};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::Event;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use prost_types::{Duration, Timestamp};

use crate::kept::{Search, v2_reader};
use crate::spans::{SERVICE, START, of_service, span, trace_id, v1_span};
use crate::world::{World, kept_as, kept_as_v1};

/// 2262-04-11T23:47:16.854775807Z, the last instant of Go's `UnixNano`.
const YEAR_2262: u64 = i64::MAX as u64;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const YEAR_1: i64 = -62_135_596_800;
const YEAR_9999: i64 = 253_402_300_799;

const OTLP: [(&str, u64, u64); 13] = [
    ("neither start nor end", 0, 0),
    ("an end and no start", 0, START),
    ("a start and no end", START, 0),
    ("an end before the start", START, START - 1),
    ("an end years before the start", START, 1),
    ("the first nanosecond of 1970", 1, 2),
    ("seconds instead of nanoseconds", 1_760_000_000, 1_760_000_001),
    ("the end of what Go's UnixNano says", YEAR_2262, YEAR_2262),
    ("just beyond it", YEAR_2262 + 1, YEAR_2262 + 2),
    ("a duration over it", START, YEAR_2262 + START),
    ("from 1970 to the end of all times", 0, u64::MAX),
    ("the end of all times", u64::MAX, u64::MAX),
    ("from the end of all times to 1970", u64::MAX, 0),
];

#[tokio::test]
async fn an_otlp_span_of_any_time_is_kept_as_it_came() -> Result<(), AnyError> {
    let world = World::start("times", &[]).await?;
    for (case, start, end) in OTLP {
        let number = world.number();
        let event = |time_unix_nano| Event { time_unix_nano, name: "event".to_owned(), ..Event::default() };
        let sent = Span {
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            events: [0, 1, YEAR_2262 + 1, u64::MAX, start, end].map(event).to_vec(),
            ..span(number)
        };
        let content = of_service(SERVICE, vec![sent]);
        let fate = kept_as(content.clone(), Search::case(SERVICE, number));
        world.export_case(case, &content.encode_to_vec(), fate).await?;
        found_by_its_time(&world, case, number, start).await?;
    }
    world.finish().await
}

/// Expects a search to find the trace whose bounds are the second in which it starts.
async fn found_by_its_time(world: &World, case: &str, number: u64, start: u64) -> Result<(), AnyError> {
    let seconds = i64::try_from(start / 1_000_000_000)?;
    let query = TraceQueryParameters {
        service_name: SERVICE.to_owned(),
        start_time_min: Some(Timestamp { seconds, nanos: 0 }),
        start_time_max: Some(Timestamp { seconds, nanos: 999_999_999 }),
        search_depth: 1000,
        ..TraceQueryParameters::default()
    };
    let request = FindTraceIDsRequest { query: Some(query) };
    let found = v2_reader(&world.channel).find_trace_i_ds(request).await?.into_inner().trace_ids;
    let is_found = found.iter().any(|found| found.trace_id == trace_id(number));
    if is_found { Ok(()) } else { Err(format!("{case}: not found by its time").into()) }
}

fn timestamp(seconds: i64, nanos: i32) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos })
}

/// What is sent and what is answered: the nearest that Go's decoder takes back.
fn v1_starts() -> Vec<(&'static str, Option<Timestamp>, Option<Timestamp>)> {
    vec![
        ("no start", None, timestamp(YEAR_1, 0)),
        ("a start of zero, which is 1970", timestamp(0, 0), timestamp(0, 0)),
        ("a nanosecond before 1970", timestamp(-1, 999_999_999), timestamp(-1, 999_999_999)),
        ("the first second of year 1", timestamp(YEAR_1, 0), timestamp(YEAR_1, 0)),
        ("a second before year 1", timestamp(YEAR_1 - 1, 0), timestamp(YEAR_1, 0)),
        ("the year 1600", timestamp(-11_676_096_000, 0), timestamp(-11_676_096_000, 0)),
        ("the year 2300", timestamp(10_413_792_000, 5), timestamp(10_413_792_000, 5)),
        ("the last second of year 9999", timestamp(YEAR_9999, 1), timestamp(YEAR_9999, 1)),
        ("the year 10000", timestamp(YEAR_9999 + 1, 0), timestamp(YEAR_9999, 999_999_999)),
        ("seconds without end", timestamp(i64::MAX, i32::MAX), timestamp(YEAR_9999, 999_999_999)),
        ("seconds without beginning", timestamp(i64::MIN, i32::MIN), timestamp(YEAR_1, 0)),
        ("nanoseconds that are seconds", timestamp(10, i32::MAX), timestamp(12, 147_483_647)),
        ("nanoseconds below zero", timestamp(10, -1), timestamp(9, 999_999_999)),
    ]
}

fn v1_durations() -> Vec<(&'static str, Option<Duration>, Duration)> {
    let of = |seconds, nanos| Duration { seconds, nanos };
    let (longest, shortest) = (of(9_223_372_036, 854_775_807), of(-9_223_372_036, -854_775_808));
    vec![
        ("no duration", None, of(0, 0)),
        ("a duration below zero", Some(of(-1, -5)), of(-1, -5)),
        ("a duration of two signs", Some(of(1, -5)), of(0, 999_999_995)),
        ("the longest duration of Go", Some(longest), longest),
        ("a duration of 10 000 years", Some(of(315_576_000_000, 0)), longest),
        ("a duration without end", Some(of(i64::MAX, i32::MAX)), longest),
        ("a duration without beginning", Some(of(i64::MIN, i32::MIN)), shortest),
    ]
}

#[tokio::test]
async fn a_v1_span_of_any_time_is_kept_at_the_nearest_that_go_takes_back() -> Result<(), AnyError> {
    let world = World::start("times of v1", &[]).await?;
    for (case, sent, answered) in v1_starts() {
        let number = world.number();
        let at = |time: Option<Timestamp>| api_v2::Span {
            start_time: time,
            logs: vec![Log { timestamp: time, fields: Vec::new() }],
            ..v1_span(number)
        };
        world.write_span_case(case, &at(sent).encode_to_vec(), kept_as_v1(number, at(answered))).await?;
    }
    for (case, sent, answered) in v1_durations() {
        let number = world.number();
        let lasting = |duration| api_v2::Span { duration, ..v1_span(number) };
        let kept = kept_as_v1(number, lasting(Some(answered)));
        world.write_span_case(case, &lasting(sent).encode_to_vec(), kept).await?;
    }
    world.finish().await
}
