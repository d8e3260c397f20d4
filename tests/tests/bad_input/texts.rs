//! Texts that are not UTF-8, in every field that there is.

use jaeger_dynamodb_proto::jaeger::storage::v1;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use prost::bytes::Bytes;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use crate::descriptors::{Messages, Step};
use crate::kept::{Content, Kept, Search, v2_reader};
use crate::raw;
use crate::spans::{CASE, case, export_of, field, of_service, span, trace_id, v1_span};
use crate::world::{EXPORT, Fate, WRITE_SPAN, World};
use jaeger_dynamodb_proto::jaeger::storage::v2::GetServicesRequest;

const EXPORT_REQUEST: &str = ".opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest";
const WRITE_SPAN_REQUEST: &str = ".jaeger.storage.v1.WriteSpanRequest";

/// So many texts there are on the ways from a request, lists and maps in each other once.
const TEXTS_OF_AN_EXPORT: usize = 43;
const TEXTS_OF_A_V1_SPAN: usize = 10;

fn broken(number: u64) -> Vec<u8> {
    [format!("broken {number} caf").as_bytes(), b"\xe9 \xff!"].concat()
}

fn repaired(number: u64) -> String {
    format!("broken {number} caf\u{fffd} \u{fffd}!")
}

/// A request with the text at the end of the way, and what a span must have beside it.
fn message(way: &[Step], number: u64, text: &[u8]) -> Vec<u8> {
    let Some((step, rest)) = way.split_first() else { return text.to_vec() };
    let mut out = Vec::new();
    // Of fields that come twice the last one counts: the good span comes first.
    match step.of.as_str() {
        ".opentelemetry.proto.trace.v1.ResourceSpans" if step.name != "scope_spans" => {
            out.extend(field(2, &field(2, &only_ids(number))));
        }
        ".opentelemetry.proto.trace.v1.ScopeSpans" if step.name != "spans" => {
            out.extend(field(2, &only_ids(number)));
        }
        ".opentelemetry.proto.trace.v1.Span" => out.extend(only_ids(number)),
        ".jaeger.api_v2.Span" => out.extend(v1_span(number).encode_to_vec()),
        _ => {}
    }
    out.extend(field(step.number, &message(rest, number, text)));
    out
}

/// A span with nothing but what it is found by.
fn only_ids(number: u64) -> Vec<u8> {
    let full = span(number);
    let (trace_id, span_id, attributes) = (full.trace_id, full.span_id, vec![case(number)]);
    jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span {
        trace_id,
        span_id,
        attributes,
        ..Default::default()
    }
    .encode_to_vec()
}

fn kept(way: &[Step], number: u64, v1: bool) -> Kept {
    let names: Vec<_> = way.iter().map(|step| step.name.as_str()).collect();
    Kept {
        case: format!("{} is not UTF-8", names.join(".")),
        trace_id: trace_id(number),
        content: Content::Holds { bytes: repaired(number).into_bytes(), v1 },
        search: Search { service: String::new(), key: CASE.to_owned(), text: number.to_string() },
    }
}

#[tokio::test]
async fn any_text_of_an_export_that_is_not_utf8_is_repaired_and_kept() -> Result<(), AnyError> {
    let world = World::start("texts of an Export", &[]).await?;
    let ways = Messages::all().ways_to_texts(EXPORT_REQUEST);
    for way in &ways {
        let number = world.number();
        let request = message(way, number, &broken(number));
        assert!(ExportTraceServiceRequest::decode(request.as_slice()).is_err(), "{way:?}");
        let Kept { case, content, search, .. } = kept(way, number, false);
        // The neighbours are in the same Export; what comes in it once more is no other span.
        let resource_spans = &message(&way[1..], number, &broken(number));
        world.export_case(&case, resource_spans, Fate::Kept { content, search }).await?;
    }
    assert_eq!(ways.len(), TEXTS_OF_AN_EXPORT);
    world.finish().await
}

#[tokio::test]
async fn any_text_of_a_v1_span_that_is_not_utf8_is_repaired_and_kept() -> Result<(), AnyError> {
    let world = World::start("texts of a v1 span", &[]).await?;
    let ways = Messages::all().ways_to_texts(WRITE_SPAN_REQUEST);
    for way in &ways {
        let number = world.number();
        let Kept { case, content, search, .. } = kept(way, number, true);
        let span = &message(&way[1..], number, &broken(number));
        assert!(v1::WriteSpanRequest::decode(field(1, span).as_slice()).is_err(), "{way:?}");
        world.write_span_case(&case, span, Fate::Kept { content, search }).await?;
    }
    assert_eq!(ways.len(), TEXTS_OF_A_V1_SPAN);
    world.finish().await
}

#[tokio::test]
async fn texts_are_repaired_in_compressed_messages_and_all_at_once() -> Result<(), AnyError> {
    let world = World::start("compressed texts", &[]).await?;
    let ways = Messages::all().ways_to_texts(EXPORT_REQUEST);
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let numbered: Vec<_> = ways.iter().map(|way| (way, world.number())).collect();
        let parts: Vec<_> =
            numbered.iter().map(|(way, number)| message(&way[1..], *number, &broken(*number))).collect();
        let request = export_of(parts.iter().map(Vec::as_slice));
        raw::unary::<()>(&world.channel, EXPORT, request, Some(encoding)).await?;
        for (way, number) in numbered {
            world.keep(kept(way, number, false)).await?;
        }
    }
    world.finish().await
}

#[tokio::test]
async fn what_was_repaired_is_searched_by_its_repaired_text() -> Result<(), AnyError> {
    let world = World::start("searches for repaired texts", &[]).await?;
    let number = world.number();
    let mut bad = of_service("@@@@@", vec![span(number)]).encode_to_vec();
    let at = bad.windows(5).position(|window| window == b"@@@@@").unwrap();
    bad[at..at + 5].copy_from_slice(b"caf\xe9s");
    let search = Search::case("caf\u{fffd}s", number);
    let content = Content::Holds { bytes: "caf\u{fffd}s".into(), v1: false };
    world.export_case("a service name that is not UTF-8", &bad, Fate::Kept { content, search }).await?;
    let services = v2_reader(&world.channel).get_services(GetServicesRequest {}).await?.into_inner().services;
    assert_eq!(services, ["caf\u{fffd}s", "neighbour"]);
    world.finish().await
}

/// Nobody asks by mistake for a text that is none, and whoever asks can be told.
#[tokio::test]
async fn a_query_with_a_text_that_is_not_utf8_is_refused() -> Result<(), AnyError> {
    let world = World::start("texts of queries", &[]).await?;
    world.write_neighbour().await?;
    let messages = Messages::all();
    let mut asked = 0;
    for method in crate::descriptors::methods() {
        if [EXPORT, WRITE_SPAN].contains(&method.path.as_str()) || method.path.contains("Write") {
            continue;
        }
        for way in messages.ways_to_texts(&method.input) {
            let request: Bytes = message(&way, 0, b"caf\xe9").into();
            let refused: Result<Vec<()>, Status> =
                raw::server_streaming(&world.channel, &method.path, request).await;
            let status = refused.unwrap_err();
            let case = format!("{} {way:?}: {status:?}", method.path);
            assert!([Code::Internal, Code::InvalidArgument].contains(&status.code()), "{case}");
            assert!(status.message().contains("invalid string value"), "{case}");
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
    world.finish().await
}
