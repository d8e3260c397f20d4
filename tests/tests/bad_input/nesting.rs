//! Values nested deeper than anybody reads.

use jaeger_dynamodb_proto::jaeger::storage::v2;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::{Event, Link};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, Span};
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use prost::encoding::encode_varint;
use tonic::{Code, Status};

use crate::kept::{Kept, Search};
use crate::spans::{SERVICE, export_of, of_service, pair, span, text, trace_id};
use crate::world::{Fate, World, assert_refused, kept_as};

type Wrap = fn(Value) -> Value;
type Place = fn(u64, KeyValue) -> ResourceSpans;

fn list(inner: Value) -> Value {
    Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(inner) }] })
}

fn map(inner: Value) -> Value {
    Value::KvlistValue(KeyValueList { values: vec![pair("k", inner)] })
}

fn nested(levels: usize, wrap: Wrap) -> KeyValue {
    pair("deep", (0..levels).fold(Value::IntValue(1), |inner, _| wrap(inner)))
}

/// Everywhere that a value can be.
const PLACES: [(&str, Place); 5] = [
    ("an attribute", |number, deep| {
        let mut one = span(number);
        one.attributes.push(deep);
        of_service(SERVICE, vec![one])
    }),
    ("an event's attribute", |number, deep| {
        let events = vec![Event { attributes: vec![deep], ..Event::default() }];
        of_service(SERVICE, vec![Span { events, ..span(number) }])
    }),
    ("a link's attribute", |number, deep| {
        let link =
            Link { trace_id: vec![1; 16], span_id: vec![1; 8], attributes: vec![deep], ..Link::default() };
        of_service(SERVICE, vec![Span { links: vec![link], ..span(number) }])
    }),
    ("a resource's attribute", |number, deep| {
        let attributes = vec![text("service.name", SERVICE), deep];
        let resource = Some(Resource { attributes, ..Resource::default() });
        ResourceSpans { resource, ..of_service(SERVICE, vec![span(number)]) }
    }),
    ("a scope's attribute", |number, deep| {
        let mut content = of_service(SERVICE, vec![span(number)]);
        content.scope_spans[0].scope =
            Some(InstrumentationScope { attributes: vec![deep], ..Default::default() });
        content
    }),
];

const WRAPS: [(&str, Wrap); 2] = [("lists", list), ("maps", map)];

/// The most levels that prost decodes there, which stops at a hundred messages in each other.
fn deepest(place: Place, wrap: Wrap) -> usize {
    let decodes = |levels: &usize| {
        let content = place(1, nested(*levels, wrap)).encode_to_vec();
        ExportTraceServiceRequest::decode(export_of([content.as_slice()])).is_ok()
    };
    (1..100).take_while(decodes).last().unwrap()
}

#[tokio::test]
async fn a_value_is_kept_as_deep_as_it_decodes_and_refused_beyond() -> Result<(), AnyError> {
    let world = World::start("nesting", &[]).await?;
    for (place, at) in PLACES {
        for (kind, wrap) in WRAPS {
            let deepest = deepest(at, wrap);
            assert!((25..50).contains(&deepest), "{deepest} {kind} in {place}");
            for levels in [deepest - 1, deepest] {
                let number = world.number();
                let content = at(number, nested(levels, wrap));
                let fate = kept_as(content.clone(), Search::case(SERVICE, number));
                world
                    .export_case(&format!("{levels} {kind} in {place}"), &content.encode_to_vec(), fate)
                    .await?;
            }
            for levels in [deepest + 1, 100, 1000] {
                let content = at(world.number(), nested(levels, wrap)).encode_to_vec();
                let fate = Fate::Refused(Code::InvalidArgument, "recursion limit reached");
                world.export_case(&format!("{levels} {kind} in {place}"), &content, fate).await?;
            }
        }
    }
    world.finish().await
}

#[tokio::test]
async fn the_deepest_value_is_searched_by_its_json() -> Result<(), AnyError> {
    let world = World::start("searches for nested values", &[]).await?;
    let (_, in_span) = PLACES[0];
    for (wrap, open, close) in [(list as Wrap, "[", "]"), (map, "{\"k\":", "}")] {
        let levels = deepest(in_span, wrap);
        let number = world.number();
        let content = in_span(number, nested(levels, wrap));
        let json = [open.repeat(levels), "1".to_owned(), close.repeat(levels)].concat();
        let search = Search { service: SERVICE.to_owned(), key: "deep".to_owned(), text: json };
        world.export_case("a nested value", &content.encode_to_vec(), kept_as(content, search)).await?;
    }
    world.finish().await
}

/// A value of lists in each other, written from the inside and therefore backwards: as messages they could not even be
/// dropped.
fn endless(lists: usize) -> Vec<u8> {
    let mut backwards = vec![0x01, 0x18];
    for _ in 0..lists {
        // The value in its list, and the list in the value around it.
        for number in [1, 5] {
            let mut head = vec![number << 3 | 2];
            encode_varint(backwards.len() as u64, &mut head);
            backwards.extend(head.into_iter().rev());
        }
    }
    backwards.reverse();
    backwards
}

/// Deeper than the stack of a thread would be, if anything recursed without a limit.
#[tokio::test]
async fn values_a_hundred_thousand_deep_do_not_overflow_a_stack() -> Result<(), AnyError> {
    let world = World::start("very deep nesting", &[]).await?;
    let value = endless(100_000);
    let attribute = [crate::spans::field(1, b"deep"), crate::spans::field(2, &value)].concat();
    let one = [span(world.number()).encode_to_vec(), crate::spans::field(9, &attribute)].concat();
    let bad = crate::spans::field(2, &crate::spans::field(2, &one));
    let fate = || Fate::Refused(Code::InvalidArgument, "recursion limit reached");
    world.export_case("a hundred thousand lists in each other", &bad, fate()).await?;
    // What cannot be decoded is searched for broken texts first.
    let broken = [one.clone(), crate::spans::field(5, b"\xff")].concat();
    let bad = crate::spans::field(2, &crate::spans::field(2, &broken));
    let fate = Fate::Refused(Code::InvalidArgument, "the request cannot be decoded");
    world.export_case("the same beside a text that is not UTF-8", &bad, fate).await?;
    world.finish().await
}

fn query(levels: usize) -> v2::FindTraceIDsRequest {
    let mut value = v2::AnyValue { value: Some(v2::any_value::Value::IntValue(1)) };
    for _ in 0..levels {
        let values = vec![value];
        value = v2::AnyValue { value: Some(v2::any_value::Value::ArrayValue(v2::ArrayValue { values })) };
    }
    let attributes = vec![v2::KeyValue { key: "deep".to_owned(), value: Some(value) }];
    let query = v2::TraceQueryParameters { attributes, ..v2::TraceQueryParameters::default() };
    v2::FindTraceIDsRequest { query: Some(query) }
}

#[tokio::test]
async fn a_query_for_a_nested_value_is_answered_as_deep_as_it_decodes() -> Result<(), AnyError> {
    let world = World::start("nested queries", &[]).await?;
    let (_, in_span) = PLACES[0];
    let number = world.number();
    let content = in_span(number, nested(40, list));
    world
        .export_case(
            "40 lists",
            &content.encode_to_vec(),
            kept_as(content.clone(), Search::case(SERVICE, number)),
        )
        .await?;
    let ask = async |levels| {
        let found: Result<v2::FindTraceIDsResponse, Status> = crate::raw::unary(
            &world.channel,
            "/jaeger.storage.v2.TraceReader/FindTraceIDs",
            query(levels).encode_to_vec(),
            None,
        )
        .await;
        found.map(|found| found.trace_ids.into_iter().map(|found| found.trace_id).collect::<Vec<_>>())
    };
    assert_eq!(ask(40).await?, [trace_id(number)]);
    assert!(ask(39).await?.is_empty());
    assert_refused("1 000 deep", &ask(1000).await.unwrap_err(), Code::Internal, "recursion limit reached");
    world
        .keep(Kept {
            case: "40 lists, still".to_owned(),
            trace_id: trace_id(number),
            content: crate::kept::Content::Spans(1),
            search: Search::case(SERVICE, number),
        })
        .await?;
    world.finish().await
}
