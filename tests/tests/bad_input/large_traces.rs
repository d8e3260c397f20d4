//! Traces of very many spans, and a trace id that is used for ever.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt};
use jaeger_dynamodb_proto::jaeger::storage::v2::{FindTraceSummariesRequest, TraceQueryParameters};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use tonic::Code;

use crate::kept::{Content, Kept, Search, otlp_by_id, v1_by_id, v2_reader};
use crate::spans::{SERVICE, export_of, of_service, pair, span, text, trace_id};
use crate::world::{World, assert_refused};
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;

const SPANS: u64 = 100_000;
const MOST_MEMORY: u64 = 1_500_000_000;

/// The span of this ordinal of the trace of this number.
fn nth(number: u64, ordinal: u64) -> Span {
    let mut one = span(number);
    one.span_id = (ordinal + 1).to_be_bytes().to_vec();
    one.parent_span_id = if ordinal == 0 { Vec::new() } else { 1_u64.to_be_bytes().to_vec() };
    one.start_time_unix_nano += ordinal * 1000;
    one.end_time_unix_nano = one.start_time_unix_nano + 500;
    one.attributes.push(pair("ordinal", Value::IntValue(ordinal.cast_signed())));
    one
}

async fn send(world: &World, number: u64, ordinals: std::ops::Range<u64>) -> Result<(), AnyError> {
    let content = of_service(SERVICE, ordinals.map(|ordinal| nth(number, ordinal)).collect());
    let answer = world.export(export_of([content.encode_to_vec().as_slice()])).await?;
    assert_eq!(answer.partial_success, None);
    Ok(())
}

/// Expects every span once in the answers of both APIs.
async fn every_span_once(world: &World, number: u64) -> Result<(), AnyError> {
    let wanted: HashSet<_> = (1..=SPANS).map(|id| id.to_be_bytes().to_vec()).collect();
    let otlp = otlp_by_id(&world.channel, &trace_id(number)).await?;
    let scopes = otlp.iter().flat_map(|data| &data.resource_spans).flat_map(|resource| &resource.scope_spans);
    let ids: Vec<_> = scopes.flat_map(|scope| &scope.spans).map(|span| span.span_id.clone()).collect();
    assert_eq!(ids.len(), wanted.len());
    assert!(ids.into_iter().collect::<HashSet<_>>() == wanted);
    let v1 = v1_by_id(&world.channel, &trace_id(number)).await?;
    assert_eq!(v1.len(), wanted.len());
    assert!(v1.into_iter().map(|span| span.span_id).collect::<HashSet<_>>() == wanted);
    Ok(())
}

async fn is_summed_up(world: &World, number: u64) -> Result<(), AnyError> {
    let query = TraceQueryParameters {
        service_name: SERVICE.to_owned(),
        search_depth: 1,
        ..TraceQueryParameters::default()
    };
    let asked = FindTraceSummariesRequest { query: Some(query) };
    let mut found = v2_reader(&world.channel).find_trace_summaries(asked).await?.into_inner();
    let summary = found.message().await?.ok_or("no summary")?.summaries.remove(0);
    assert_eq!((summary.trace_id, summary.span_count), (trace_id(number), i32::try_from(SPANS)?));
    Ok(())
}

#[tokio::test]
async fn a_trace_of_100_000_spans_comes_whole_whether_sent_at_once_or_in_pieces() -> Result<(), AnyError> {
    let world = World::start("100 000 spans", &[]).await?;
    for (case, pieces) in [("a trace sent in 100 Exports", 100), ("a trace sent in one Export", 1)] {
        let number = world.number();
        world.write_neighbour().await?;
        let piece = SPANS / pieces;
        let sending = (0..pieces).map(|index| send(&world, number, index * piece..(index + 1) * piece));
        futures::stream::iter(sending).buffer_unordered(4).try_collect::<()>().await?;
        every_span_once(&world, number).await.map_err(|error| format!("{case}: {error}"))?;
        is_summed_up(&world, number).await.map_err(|error| format!("{case}: {error}"))?;
        world.write_neighbour().await?;
        world
            .keep(Kept {
                case: case.to_owned(),
                trace_id: trace_id(number),
                content: Content::Spans(SPANS.try_into()?),
                search: Search::case(SERVICE, number),
            })
            .await?;
    }
    assert!(world.peak_bytes()? < MOST_MEMORY, "{}", world.peak_bytes()?);
    world.finish().await
}

/// Exports of one trace, until it is more than a query may read.
#[tokio::test]
async fn a_trace_id_used_for_ever_is_refused_when_it_is_too_large_and_nothing_else_is() -> Result<(), AnyError>
{
    let world = World::start("one trace id for ever", &["--max-query-rru", "1000"]).await?;
    let number = world.number();
    let mut random = fastrand::Rng::with_seed(6);
    let mut sent = 0;
    let refused = loop {
        assert!(sent < 20_000, "so large a trace is read whole");
        let filler: Vec<String> =
            (0..100).map(|_| (0..2000).map(|_| random.alphanumeric()).collect()).collect();
        let spans = filler.iter().zip(sent..).map(|(filler, ordinal)| {
            let mut one = nth(number, ordinal);
            one.attributes.push(text("filler", filler));
            one
        });
        let content = of_service(SERVICE, spans.collect()).encode_to_vec();
        world.export(export_of([content.as_slice()])).await?;
        sent += 100;
        if sent % 500 != 0 {
            continue;
        }
        match otlp_by_id(&world.channel, &trace_id(number)).await {
            Ok(found) => {
                let count: usize =
                    found.iter().map(|data| data.resource_spans[0].scope_spans[0].spans.len()).sum();
                assert_eq!(count as u64, sent);
            }
            Err(status) => break status,
        }
        world.write_neighbour().await?;
    };
    println!("one trace id for ever: refused after {sent} spans of 2 KB: {}", refused.message());
    assert_refused(
        "by id",
        &refused,
        Code::ResourceExhausted,
        "1000 read request units that max-query-rru allows",
    );
    let over_v1 = v1_by_id(&world.channel, &trace_id(number)).await.unwrap_err();
    assert_refused("over v1", &over_v1, Code::ResourceExhausted, "raise the limit");
    assert!(world.peak_bytes()? < MOST_MEMORY, "{}", world.peak_bytes()?);
    world.finish().await
}
