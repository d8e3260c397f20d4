//! Names that are empty, values that are none, enums and fields that nobody knows.

use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, Span, Status};
use jaeger_dynamodb_tests::AnyError;
use prost::Message;

use crate::kept::{Content, Search};
use crate::spans::{CASE, SERVICE, field, of_service, pair, span, text, v1_span};
use crate::world::{Fate, World, kept_as, kept_as_v1};

fn with_attributes(number: u64, attributes: Vec<KeyValue>) -> ResourceSpans {
    let mut one = span(number);
    one.attributes.extend(attributes);
    of_service(SERVICE, vec![one])
}

fn with_resource(number: u64, attributes: Vec<KeyValue>) -> ResourceSpans {
    let resource = Some(Resource { attributes, ..Resource::default() });
    ResourceSpans { resource, ..of_service("", vec![span(number)]) }
}

/// Spans that come back as they are, and the service by which they are searched.
fn odd_spans(number: u64) -> Vec<(&'static str, ResourceSpans, &'static str)> {
    let of = |change: fn(&mut Span)| {
        let mut one = span(number);
        change(&mut one);
        of_service(SERVICE, vec![one])
    };
    let number_pair = |key, value| pair(key, Value::DoubleValue(value));
    let same_key = |value| text("twice", value);
    let list = |values| Value::ArrayValue(ArrayValue { values });
    let map = |values| Value::KvlistValue(KeyValueList { values });
    let no_value = KeyValue { key: "none".to_owned(), value: Some(AnyValue { value: None }) };
    vec![
        ("an empty service name", of_service("", vec![span(number)]), ""),
        ("a resource without attributes", with_resource(number, vec![]), ""),
        ("a resource without service name", with_resource(number, vec![text("host.name", "h")]), ""),
        (
            "a service name that is a number",
            with_resource(number, vec![pair("service.name", Value::IntValue(7))]),
            "",
        ),
        (
            "a service name that is a list",
            with_resource(number, vec![pair("service.name", list(vec![]))]),
            "",
        ),
        ("a service name of spaces", of_service("  \n", vec![span(number)]), "  \n"),
        ("a service name with a zero byte", of_service("a\0b", vec![span(number)]), "a\0b"),
        ("an empty span name", of(|span| span.name.clear()), SERVICE),
        ("a span name with a zero byte", of(|span| span.name = "a\0b".to_owned()), SERVICE),
        ("a kind that nobody knows", of(|span| span.kind = 99), SERVICE),
        ("a kind below zero", of(|span| span.kind = i32::MIN), SERVICE),
        (
            "a status that nobody knows",
            of(|span| span.status = Some(Status { code: -7, message: "?".to_owned() })),
            SERVICE,
        ),
        ("all flags", of(|span| span.flags = u32::MAX), SERVICE),
        (
            "counts of what was dropped without end",
            of(|span| span.dropped_attributes_count = u32::MAX),
            SERVICE,
        ),
        (
            "numbers that are none",
            with_attributes(
                number,
                vec![
                    number_pair("nan", f64::NAN),
                    number_pair("another nan", f64::from_bits(0xfff8_0000_dead_beef)),
                    number_pair("infinity", f64::INFINITY),
                    number_pair("minus infinity", f64::NEG_INFINITY),
                    number_pair("minus zero", -0.0),
                    number_pair("next to nothing", f64::from_bits(1)),
                    pair("nan in a list", list(vec![AnyValue { value: Some(Value::DoubleValue(f64::NAN)) }])),
                    pair("infinity in a map", map(vec![number_pair("infinity", f64::INFINITY)])),
                ],
            ),
            SERVICE,
        ),
        (
            "keys and values that are empty or come twice",
            with_attributes(
                number,
                vec![
                    text("", ""),
                    text("", "of an empty key"),
                    no_value,
                    same_key("one"),
                    same_key("other"),
                    pair("empty list", list(vec![])),
                    pair("empty map", map(vec![])),
                    pair("empty bytes", Value::BytesValue(vec![])),
                    pair("list of nothing", list(vec![AnyValue::default(); 3])),
                    pair("map of nothing", map(vec![text("", ""), text("", "")])),
                    pair("bytes that are no text", Value::BytesValue(vec![0xff; 300])),
                ],
            ),
            SERVICE,
        ),
    ]
}

#[tokio::test]
async fn an_odd_otlp_span_is_kept_as_it_came() -> Result<(), AnyError> {
    let world = World::start("odd spans", &[]).await?;
    for index in 0..odd_spans(0).len() {
        let number = world.number();
        let (case, content, service) = odd_spans(number).swap_remove(index);
        let fate = kept_as(content.clone(), Search::case(service, number));
        world.export_case(case, &content.encode_to_vec(), fate).await?;
    }
    world.finish().await
}

/// Odd on the wire, and answered in good order.
#[tokio::test]
async fn an_otlp_span_with_unknown_or_repeated_fields_is_kept_without_them() -> Result<(), AnyError> {
    let world = World::start("odd fields", &[]).await?;
    let unknown =
        [field(1000, b"unknown"), vec![0xf8, 0x3e, 0x01], vec![0xfb, 0x3e, 0x08, 0x01, 0xfc, 0x3e]].concat();
    let bare = |number| ResourceSpans { resource: None, ..of_service("", vec![span(number)]) };
    let answered = |number| with_resource(number, vec![]);
    let number = world.number();
    let fate = kept_as(answered(number), Search::case("", number));
    world.export_case("no resource at all", &bare(number).encode_to_vec(), fate).await?;

    let number = world.number();
    let wanted = of_service(SERVICE, vec![span(number)]);
    let span_bytes = [span(number).encode_to_vec(), unknown.clone()].concat();
    let scope_spans = [field(1, &unknown), field(2, &span_bytes), unknown.clone()].concat();
    let resource = [wanted.resource.as_ref().unwrap().encode_to_vec(), unknown.clone()].concat();
    let bytes = [field(1, &resource), field(2, &scope_spans), unknown].concat();
    let fate = kept_as(wanted, Search::case(SERVICE, number));
    world.export_case("fields that nobody knows, in every message", &bytes, fate).await?;

    let number = world.number();
    let mut twice = Span { name: "first".to_owned(), attributes: vec![], ..span(number) }.encode_to_vec();
    twice.extend(span(number).encode_to_vec());
    let service =
        |name: &str| Resource { attributes: vec![text("service.name", name)], ..Resource::default() };
    let resources =
        [field(1, &service(SERVICE).encode_to_vec()), field(1, &service("second").encode_to_vec())];
    let bytes = [resources.concat(), field(2, &field(2, &twice))].concat();
    let both = [service(SERVICE).attributes, service("second").attributes].concat();
    let fate = kept_as(with_resource(number, both), Search::case(SERVICE, number));
    world.export_case("fields that come twice, of which the last counts", &bytes, fate).await?;
    world.finish().await
}

fn with_tag(number: u64, tag: api_v2::KeyValue) -> api_v2::Span {
    let mut one = v1_span(number);
    one.tags.push(api_v2::KeyValue { key: "odd".to_owned(), ..tag });
    one
}

#[tokio::test]
async fn an_odd_v1_span_is_kept_unless_a_tag_has_a_type_that_nobody_knows() -> Result<(), AnyError> {
    let world = World::start("odd v1 spans", &[]).await?;
    let float = |v_float64| api_v2::KeyValue { v_type: 3, v_float64: Some(v_float64), ..Default::default() };
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
        let number = world.number();
        let odd = with_tag(number, float(value));
        let case = format!("a tag of {value}");
        world.write_span_case(&case, &odd.encode_to_vec(), kept_as_v1(number, odd)).await?;
    }
    for v_type in [5, 99, -1, i32::MIN] {
        let odd = with_tag(world.number(), api_v2::KeyValue { v_type, ..Default::default() });
        let words = "spans rejected: 1 with unknown type of a tag or log field";
        world
            .write_span_case(&format!("a tag of type {v_type}"), &odd.encode_to_vec(), Fate::Rejected(words))
            .await?;
    }
    let number = world.number();
    let mut odd = v1_span(number);
    odd.references = vec![api_v2::SpanRef { trace_id: vec![1; 16], span_id: vec![1; 8], ref_type: 42 }];
    odd.operation_name = String::new();
    odd.flags = u32::MAX;
    world
        .write_span_case(
            "no operation and an unknown reference",
            &odd.encode_to_vec(),
            kept_as_v1(number, odd),
        )
        .await?;
    world.finish().await
}

#[tokio::test]
async fn a_v1_span_without_service_or_process_is_kept() -> Result<(), AnyError> {
    let world = World::start("v1 spans without service", &[]).await?;
    for (case, process) in [("no process", None), ("an empty service", Some(api_v2::Process::default()))] {
        let number = world.number();
        let sent = api_v2::Span { process, ..v1_span(number) };
        // Jaeger's query service takes the process for granted.
        let answered = api_v2::Span { process: Some(api_v2::Process::default()), ..v1_span(number) };
        let search = Search { service: String::new(), key: CASE.to_owned(), text: number.to_string() };
        let fate = Fate::Kept { content: Content::V1(Box::new(answered)), search };
        world.write_span_case(case, &sent.encode_to_vec(), fate).await?;
    }
    world.finish().await
}
