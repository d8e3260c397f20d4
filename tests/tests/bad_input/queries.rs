//! Queries that ask for nothing, for everything, and for what cannot be.

use std::collections::BTreeMap;

use jaeger_dynamodb_proto::jaeger::storage::{v1, v2};
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use prost::bytes::Bytes;
use prost_types::{Duration, Timestamp};
use tonic::{Code, Status};

use crate::descriptors::{Method, methods};
use crate::raw;
use crate::spans::{SERVICE, field};
use crate::world::World;

/// How a call ended: the number of messages of its answer, or its status.
async fn outcome(world: &World, method: &Method, bytes: impl Into<Bytes>) -> Result<usize, Status> {
    if method.client_streams {
        let messages = futures::stream::iter([bytes.into()]);
        return raw::client_streaming::<()>(&world.channel, &method.path, messages).await.map(|()| 1);
    }
    raw::server_streaming::<()>(&world.channel, &method.path, bytes).await.map(|messages| messages.len())
}

/// What an empty message is answered with, by everything that is served.
fn answers_to_nothing(path: &str) -> Option<(Code, &'static str)> {
    let method = path.rsplit('/').next().unwrap_or_default();
    let is_v1 = path.contains("storage.v1");
    match method {
        "WriteSpan" | "WriteArchiveSpan" => Some((Code::InvalidArgument, "1 with invalid trace id")),
        "WriteSpanStream" => Some((Code::Unimplemented, "")),
        "GetTrace" | "GetArchiveTrace" => Some((Code::InvalidArgument, "invalid trace id")),
        "FindTraces" | "FindTraceIDs" | "FindTraceSummaries" => {
            Some((Code::InvalidArgument, "the query is missing"))
        }
        "FindSpans" => Some((Code::Unimplemented, "not supported")),
        "GetOperations" | "GetServices" | "GetDependencies" | "Close" | "Export" => None,
        "Capabilities" | "GetCapabilities" => None,
        "GetTraces" if !is_v1 => None,
        other => panic!("{other} is not among the cases"),
    }
}

#[tokio::test]
async fn an_empty_message_is_answered_by_every_method() -> Result<(), AnyError> {
    let world = World::start("empty messages for all", &[]).await?;
    world.write_neighbour().await?;
    let all = methods();
    assert_eq!(all.len(), 22);
    for method in &all {
        let answer = outcome(&world, method, Bytes::new()).await;
        match (answers_to_nothing(&method.path), answer) {
            (None, Ok(_)) => {}
            (Some((code, words)), Err(status)) => {
                assert_eq!(status.code(), code, "{}: {status:?}", method.path);
                assert!(
                    status.message().contains(words) && !status.message().is_empty(),
                    "{}: {status:?}",
                    method.path
                );
            }
            (expected, answer) => return Err(format!("{}: {expected:?} but {answer:?}", method.path).into()),
        }
        // Fields that nobody knows change nothing.
        let unknown = [field(1000, b"unknown"), vec![0xf8, 0x3e, 0x01]].concat();
        let same = outcome(&world, method, unknown).await.map_err(|status| status.code()).err();
        assert_eq!(same, answers_to_nothing(&method.path).map(|(code, _)| code), "{}", method.path);
    }
    world.finish().await
}

#[tokio::test]
async fn garbage_is_refused_by_every_method_that_reads() -> Result<(), AnyError> {
    let world = World::start("garbage for all", &[]).await?;
    world.write_neighbour().await?;
    for method in methods() {
        for bytes in [&b"this is no message"[..], &[0xff; 100], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]] {
            let status = outcome(&world, &method, Bytes::from(bytes)).await.unwrap_err();
            let case = format!("{}: {status:?}", method.path);
            let codes = [Code::Internal, Code::InvalidArgument, Code::Unimplemented];
            assert!(codes.contains(&status.code()) && !status.message().is_empty(), "{case}");
        }
    }
    world.finish().await
}

fn timestamp(seconds: i64, nanos: i32) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos })
}

fn duration(seconds: i64, nanos: i32) -> Option<Duration> {
    Some(Duration { seconds, nanos })
}

/// Bounds that are odd, and whether the good neighbours lie within them; `None` if such a query is refused.
type Bounds = (&'static str, [Option<Timestamp>; 2], [Option<Duration>; 2], Option<bool>);

const YEAR_1: i64 = -62_135_596_800;

fn bounds() -> Vec<Bounds> {
    let no_time = [None, None];
    let no_duration = [None, None];
    vec![
        ("no bounds", no_time, no_duration, Some(true)),
        ("year 1 to year 1", [timestamp(YEAR_1, 0), timestamp(YEAR_1, 0)], no_duration, Some(true)),
        ("1970 to 1970", [timestamp(0, 0), timestamp(0, 0)], no_duration, Some(false)),
        ("reversed times", [timestamp(2_000_000_000, 0), timestamp(1, 0)], no_duration, Some(false)),
        (
            "all times there are",
            [timestamp(i64::MIN, 0), timestamp(i64::MAX, 999_999_999)],
            no_duration,
            Some(true),
        ),
        ("no times there are", [timestamp(i64::MAX, 0), timestamp(i64::MIN, 0)], no_duration, Some(false)),
        (
            "year 1 to year 9999",
            [timestamp(YEAR_1 + 1, 0), timestamp(253_402_300_799, 0)],
            no_duration,
            Some(true),
        ),
        ("nanoseconds below zero", [timestamp(1, -1), None], no_duration, None),
        ("nanoseconds of seconds", [None, timestamp(1, 1_000_000_000)], no_duration, None),
        ("nanoseconds without end", [timestamp(0, i32::MIN), timestamp(0, i32::MAX)], no_duration, None),
        ("reversed durations", no_time, [duration(10, 0), duration(1, 0)], Some(false)),
        ("durations below zero", no_time, [duration(-10, 0), duration(-1, 0)], Some(false)),
        ("at least less than nothing", no_time, [duration(i64::MIN, 0), None], Some(true)),
        ("at least for ever", no_time, [duration(i64::MAX, 999_999_999), None], Some(false)),
        ("at most for ever", no_time, [None, duration(i64::MAX, 0)], Some(true)),
        ("a duration of two signs", no_time, [duration(1, -1), None], None),
        ("a duration's nanoseconds without end", no_time, [None, duration(0, i32::MAX)], None),
    ]
}

const LIMITS: [i32; 6] = [0, 1, -1, i32::MIN, i32::MAX, 1_000_000];

fn v2_query(
    [min, max]: [Option<Timestamp>; 2],
    [shortest, longest]: [Option<Duration>; 2],
    limit: i32,
) -> Vec<u8> {
    let query = v2::TraceQueryParameters {
        service_name: "neighbour".to_owned(),
        start_time_min: min,
        start_time_max: max,
        duration_min: shortest,
        duration_max: longest,
        search_depth: limit,
        ..v2::TraceQueryParameters::default()
    };
    v2::FindTracesRequest { query: Some(query) }.encode_to_vec()
}

fn v1_query(
    [min, max]: [Option<Timestamp>; 2],
    [shortest, longest]: [Option<Duration>; 2],
    limit: i32,
) -> Vec<u8> {
    let query = v1::TraceQueryParameters {
        service_name: "neighbour".to_owned(),
        start_time_min: min,
        start_time_max: max,
        duration_min: shortest,
        duration_max: longest,
        num_traces: limit,
        ..v1::TraceQueryParameters::default()
    };
    v1::FindTracesRequest { query: Some(query) }.encode_to_vec()
}

/// The searches, whose requests are alike but for the name of their answer.
fn searches() -> Vec<(Method, bool)> {
    let all = methods().into_iter().filter(|method| method.path.contains("/FindTrace"));
    all.map(|method| (method.clone(), method.path.contains(".v1."))).collect()
}

async fn every_search(world: &World) -> Result<(), AnyError> {
    let searches = searches();
    assert_eq!(searches.len(), 5);
    for (method, is_v1) in searches {
        let query = if is_v1 { v1_query } else { v2_query };
        for (case, times, durations, within) in bounds() {
            let answer = answer_size(world, &method, query(times, durations, 0)).await;
            match (within, answer) {
                (Some(true), Ok(size)) if size > 0 => {}
                (Some(false), Ok(0)) => {}
                (None, Err(status)) => {
                    assert_eq!(status.code(), Code::InvalidArgument, "{}, {case}: {status:?}", method.path);
                    assert!(status.message().ends_with("nanoseconds out of range"), "{case}: {status:?}");
                }
                (_, answer) => return Err(format!("{}, {case}: {answer:?}", method.path).into()),
            }
        }
        for limit in LIMITS {
            let size = answer_size(world, &method, query([None, None], [None, None], limit)).await?;
            assert!(size > 0, "{}, limit {limit}", method.path);
        }
    }
    Ok(())
}

/// Bytes of all messages of the answer. A message of unknown fields decodes as nothing, so they come as the trace data
/// that they are.
async fn answer_size(world: &World, method: &Method, bytes: Vec<u8>) -> Result<usize, Status> {
    use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
    let path = &method.path;
    let sizes: Vec<usize> = match path.rsplit('/').next().unwrap_or_default() {
        "FindTraceIDs" if path.contains(".v1.") => {
            sizes::<v1::FindTraceIDsResponse>(world, path, bytes).await?
        }
        "FindTraceIDs" => sizes::<v2::FindTraceIDsResponse>(world, path, bytes).await?,
        "FindTraceSummaries" => sizes::<v2::FindTraceSummariesResponse>(world, path, bytes).await?,
        _ if path.contains(".v1.") => sizes::<v1::SpansResponseChunk>(world, path, bytes).await?,
        _ => sizes::<TracesData>(world, path, bytes).await?,
    };
    Ok(sizes.into_iter().sum())
}

async fn sizes<M: Message + Default + 'static>(
    world: &World,
    path: &str,
    bytes: Vec<u8>,
) -> Result<Vec<usize>, Status> {
    let messages: Vec<M> = raw::server_streaming(&world.channel, path, bytes).await?;
    Ok(messages.iter().map(Message::encoded_len).collect())
}

#[tokio::test]
async fn odd_bounds_and_limits_are_answered_exactly_or_refused() -> Result<(), AnyError> {
    let world = World::start("odd queries", &[]).await?;
    for _ in 0..5 {
        world.write_neighbour().await?;
    }
    every_search(&world).await?;
    world.derived().await?;
    every_search(&world).await.map_err(|error| format!("once derived, {error}"))?;
    world.finish().await
}

#[tokio::test]
async fn lookups_and_lists_with_odd_parameters_are_answered_or_refused() -> Result<(), AnyError> {
    let world = World::start("odd lookups", &[]).await?;
    world.write_neighbour().await?;
    let known = crate::spans::trace_id(1);
    for length in [0, 1, 7, 8, 9, 15, 16, 17, 1000] {
        let id = field(1, &vec![7; length]);
        for (path, request, short) in [
            ("/jaeger.storage.v2.TraceReader/GetTraces", field(1, &id), false),
            ("/jaeger.storage.v1.SpanReaderPlugin/GetTrace", id.clone(), true),
            ("/jaeger.storage.v1.ArchiveSpanReaderPlugin/GetArchiveTrace", id.clone(), true),
        ] {
            let answer = raw::server_streaming::<()>(&world.channel, path, request).await;
            let is_id = length == 16 || length == 8 && short;
            let ended = answer.map(|messages| messages.len()).map_err(|status| status.code());
            // v1 says of a trace that is not there that it is not found.
            let wanted = if !is_id {
                Err(Code::InvalidArgument)
            } else if short {
                Err(Code::NotFound)
            } else {
                Ok(0)
            };
            assert_eq!(ended, wanted, "{path} with an id of {length} bytes");
        }
    }
    let many = field(1, &field(1, &known)).repeat(10_000);
    let answer =
        raw::server_streaming::<()>(&world.channel, "/jaeger.storage.v2.TraceReader/GetTraces", many).await;
    println!(
        "odd lookups: the same trace 10 000 times in a query: {:?}",
        answer.map(|messages| messages.len())
    );
    let distinct: Vec<u8> = (0..10_000_u64)
        .flat_map(|number| field(1, &field(1, &crate::spans::trace_id(1 << 40 | number))))
        .collect();
    let answer =
        raw::server_streaming::<()>(&world.channel, "/jaeger.storage.v2.TraceReader/GetTraces", distinct)
            .await;
    println!("odd lookups: 10 000 traces that are not there: {:?}", answer.map(|messages| messages.len()));
    for (path, request) in times_of_dependencies() {
        let answer = raw::unary::<()>(&world.channel, path, request, None).await;
        let code = answer.err().map_or(Code::Ok, |status| status.code());
        assert!([Code::Ok, Code::InvalidArgument].contains(&code), "{path}: {code:?}");
    }
    let long =
        v2::GetOperationsRequest { service: "s".repeat(1_000_000), span_kind: "no such kind".to_owned() };
    let path = "/jaeger.storage.v2.TraceReader/GetOperations";
    raw::unary::<v2::GetOperationsResponse>(&world.channel, path, long.encode_to_vec(), None).await?;
    world.finish().await
}

fn times_of_dependencies() -> Vec<(&'static str, Vec<u8>)> {
    let times = [
        timestamp(i64::MIN, i32::MIN),
        timestamp(i64::MAX, 0),
        timestamp(0, -1),
        timestamp(2, 0),
        timestamp(1, 0),
        None,
    ];
    let pairs = times.iter().flat_map(|start| times.iter().map(move |end| (*start, *end)));
    let requests = pairs
        .map(|(start_time, end_time)| v2::GetDependenciesRequest { start_time, end_time }.encode_to_vec());
    let paths = [
        "/jaeger.storage.v2.DependencyReader/GetDependencies",
        "/jaeger.storage.v1.DependenciesReaderPlugin/GetDependencies",
    ];
    requests.flat_map(|request| paths.map(|path| (path, request.clone()))).collect()
}

#[tokio::test]
async fn a_search_of_many_conditions_is_answered() -> Result<(), AnyError> {
    let world = World::start("many conditions", &[]).await?;
    world.write_neighbour().await?;
    let value =
        |text: &str| Some(v2::AnyValue { value: Some(v2::any_value::Value::StringValue(text.to_owned())) });
    let attribute = |number| v2::KeyValue { key: format!("key {number}"), value: value("value") };
    let query = v2::TraceQueryParameters {
        service_name: SERVICE.to_owned(),
        attributes: (0..10_000).map(attribute).collect(),
        ..v2::TraceQueryParameters::default()
    };
    let request = v2::FindTraceIDsRequest { query: Some(query) }.encode_to_vec();
    let path = "/jaeger.storage.v2.TraceReader/FindTraceIDs";
    let found: v2::FindTraceIDsResponse = raw::unary(&world.channel, path, request, None).await?;
    assert!(found.trace_ids.is_empty());
    let tags: BTreeMap<_, _> =
        (0..10_000).map(|number| (format!("key {number}"), "value".to_owned())).collect();
    let query =
        v1::TraceQueryParameters { tags: tags.into_iter().collect(), ..v1::TraceQueryParameters::default() };
    let request = v1::FindTraceIDsRequest { query: Some(query) }.encode_to_vec();
    let path = "/jaeger.storage.v1.SpanReaderPlugin/FindTraceIDs";
    let found: v1::FindTraceIDsResponse = raw::unary(&world.channel, path, request, None).await?;
    assert!(found.trace_ids.is_empty());
    world.finish().await
}
