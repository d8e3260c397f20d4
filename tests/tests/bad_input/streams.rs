//! Calls that never end, by the client's fault.

use std::time::Duration;

use futures::StreamExt;
use http_body_util::StreamBody;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanResponse;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{Span, TracesData};
use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::kept::{Content, Kept, Search};
use crate::raw;
use crate::spans::{SERVICE, export_of, field, of_service, span, text, trace_id, v1_span};
use crate::world::{EXPORT, World, assert_refused};

const GET_TRACES: &str = "/jaeger.storage.v2.TraceReader/GetTraces";
const STREAM: &str = "/jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream";

const GIVEN_UP_WITHIN: Duration = Duration::from_secs(30);

/// What such calls may pin altogether.
const MOST_MORE: u64 = 400_000_000;

/// A body that begins a message of 1 MB, and goes on as slowly as can be.
fn endless_body() -> Body {
    let head = futures::stream::iter([Bytes::from(raw::frame(0, 1_000_000, &vec![0x0a; 60_000]))]);
    let rest = futures::stream::pending();
    let frames = head.chain(rest).map(|bytes| Ok::<_, Status>(http_body::Frame::data(bytes)));
    Body::new(StreamBody::new(Box::pin(frames)))
}

#[tokio::test]
async fn exports_whose_bodies_never_end_keep_nobody_waiting_and_are_given_up() -> Result<(), AnyError> {
    let world = World::start("endless Exports", &["--slow-sender-timeout", "3s"]).await?;
    world.write_neighbour().await?;
    let before = world.server.rss_bytes()?;
    let mut calls = Vec::new();
    for _ in 0..10 {
        let channel = world.connect().await?;
        for _ in 0..50 {
            let channel = channel.clone();
            calls.push(tokio::spawn(async move {
                let headers: [(&str, &[u8]); 2] =
                    [("content-type", b"application/grpc"), ("te", b"trailers")];
                raw::http(&channel, EXPORT, &headers, endless_body()).await.map(|answer| answer.status)
            }));
        }
    }
    for _ in 0..10 {
        tokio_clock().sleep(Duration::from_millis(100)).await;
        world.write_neighbour().await?;
    }
    let more = world.peak_bytes()?.saturating_sub(before);
    println!("endless Exports: {} take {} MB", calls.len(), more / 1_000_000);
    assert!(more < MOST_MORE, "{more}");
    for ended in timeout(GIVEN_UP_WITHIN, futures::future::join_all(calls)).await? {
        let status = ended??.ok_or("no status")?;
        assert_refused("an endless Export", &status, Code::Unavailable, "sent nothing more of its message");
    }
    world.finish().await
}

#[tokio::test]
async fn what_comes_in_a_stream_that_never_ends_is_kept_nevertheless() -> Result<(), AnyError> {
    let world = World::start("an endless stream", &["--enable-streaming-writer"]).await?;
    let numbers: Vec<_> = (0..100).map(|_| world.number()).collect();
    let spans: Vec<Bytes> =
        numbers.iter().map(|number| field(1, &v1_span(*number).encode_to_vec()).into()).collect();
    let channel = world.connect().await?;
    let messages = futures::stream::iter(spans).chain(futures::stream::pending());
    let call = tokio::spawn(async move {
        raw::client_streaming::<WriteSpanResponse>(&channel, STREAM, messages).await.map(drop)
    });
    let clock = tokio_clock();
    let patience = clock.monotonic() + Duration::from_secs(10);
    for number in numbers {
        let kept = Kept {
            case: "a span of a stream without end".to_owned(),
            trace_id: trace_id(number),
            content: Content::V1(Box::new(v1_span(number))),
            search: Search::case(SERVICE, number),
        };
        while kept.check(&world.channel).await.is_err() && clock.monotonic() < patience {
            clock.sleep(Duration::from_millis(20)).await;
        }
        world.keep(kept).await?;
    }
    world.write_neighbour().await?;
    assert!(!call.is_finished(), "{:?}", call.await);
    call.abort();
    world.finish().await
}

#[tokio::test]
async fn bad_spans_of_a_stream_do_not_cost_the_good_ones() -> Result<(), AnyError> {
    let world = World::start("bad spans of a stream", &["--enable-streaming-writer"]).await?;
    let number = world.number();
    let mut broken = v1_span(number);
    broken.operation_name = "@@@@@".to_owned();
    let mut broken = field(1, &broken.encode_to_vec());
    let at = broken.windows(5).position(|window| window == b"@@@@@").unwrap();
    broken[at..at + 5].copy_from_slice(b"caf\xe9s");
    let zeros = jaeger_dynamodb_proto::jaeger::api_v2::Span { trace_id: vec![0; 16], ..v1_span(0) };
    let last = world.number();
    let good = field(1, &v1_span(last).encode_to_vec());
    let messages = [broken, field(1, &zeros.encode_to_vec()), Vec::new(), good].map(Bytes::from);
    let ended =
        raw::client_streaming::<WriteSpanResponse>(&world.channel, STREAM, futures::stream::iter(messages))
            .await;
    let status = ended.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "spans rejected: 2 with invalid trace id");
    for (number, content) in [
        (number, Content::Holds { bytes: "caf\u{fffd}s".into(), v1: true }),
        (last, Content::V1(Box::new(v1_span(last)))),
    ] {
        let search = Search::case(SERVICE, number);
        world
            .keep(Kept { case: "beside bad ones".to_owned(), trace_id: trace_id(number), content, search })
            .await?;
    }
    world.finish().await
}

#[tokio::test]
async fn readers_that_never_read_keep_nobody_waiting_and_are_cut_off() -> Result<(), AnyError> {
    let world = World::start("readers that do not read", &["--slow-reader-timeout", "2s"]).await?;
    let number = world.number();
    let mut random = fastrand::Rng::with_seed(6);
    for export in 0..20_u64 {
        let spans = (0..100).map(|index: u64| {
            let filler: String = (0..10_000).map(|_| random.alphanumeric()).collect();
            let span_id = (export * 100 + index + 1).to_be_bytes().to_vec();
            let mut one = Span { span_id, ..span(number) };
            one.attributes.push(text("filler", &filler));
            one
        });
        let content = of_service(SERVICE, spans.collect()).encode_to_vec();
        world.export(export_of([content.as_slice()])).await?;
    }
    let before = world.server.rss_bytes()?;
    let asked = field(1, &field(1, &trace_id(number)));
    let mut unread = Vec::new();
    for _ in 0..20 {
        let channel = world.connect().await?;
        let stream = raw::open_stream::<TracesData>(&channel, GET_TRACES, asked.clone());
        unread.push((stream.await?, channel));
    }
    for _ in 0..20 {
        tokio_clock().sleep(Duration::from_millis(200)).await;
        world.write_neighbour().await?;
    }
    let more = world.peak_bytes()?.saturating_sub(before);
    println!("readers that do not read: 20 of 20 MB each take {} MB", more / 1_000_000);
    // Less than if each held a whole answer as it is in memory.
    assert!(more < MOST_MORE, "{more}");
    for (mut stream, _channel) in unread {
        // What was on its way is still there; the end is not.
        let status = loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return Err("an answer that nobody read ends well".into()),
                Err(status) => break status,
            }
        };
        assert!([Code::Unavailable, Code::Unknown].contains(&status.code()), "{status:?}");
    }
    let refused = world.server.metric("jaeger_dynamodb_refusals_total").await?;
    assert!(refused >= 20.0, "{refused}");
    world
        .keep(Kept {
            case: "what they did not read".to_owned(),
            trace_id: trace_id(number),
            content: Content::Spans(2000),
            search: Search::case(SERVICE, number),
        })
        .await?;
    world.finish().await
}
