//! Spans larger than an item, and larger than a message of an answer.

use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::InstrumentationScope;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::KeyValue;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::{Event, Link};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, Span, Status};
use jaeger_dynamodb_tests::AnyError;
use prost::Message;

use crate::kept::{Content, Kept, Search, otlp_by_id, v1_by_id};
use crate::spans::{SERVICE, of_service, span, text, trace_id, v1_span};
use crate::world::{Fate, World, kept_as, kept_as_v1};

/// More than all of these spans together may take, with what the engine and the job take.
const MOST_MEMORY: u64 = 1_200_000_000;

/// Where Jaeger shows warnings about an OTLP span.
const WARNINGS: &str = "@jaeger@warnings";

/// The API in which a span came.
#[derive(Debug, Clone, Copy)]
enum Came {
    Otlp,
    V1,
}

type Case = (&'static str, fn(u64) -> ResourceSpans);
type V1Change = fn(&mut api_v2::Span, u64);

/// A text that does not get smaller by compression.
fn noise(seed: u64, length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| random.alphanumeric()).collect()
}

fn large(number: u64, key: &str, length: usize) -> KeyValue {
    text(key, &noise(number, length))
}

fn with_attributes(number: u64, attributes: impl IntoIterator<Item = KeyValue>) -> ResourceSpans {
    let mut one = span(number);
    one.attributes.extend(attributes);
    of_service(SERVICE, vec![one])
}

#[tokio::test]
async fn a_span_above_400_kb_comes_back_whole() -> Result<(), AnyError> {
    let world = World::start("spans above 400 KB", &[]).await?;
    let many = |number, count: u64| {
        with_attributes(number, (0..count).map(|index| large(index, &format!("attribute {index}"), 16)))
    };
    let cases: [Case; 5] = [
        ("an attribute of 450 KB", |number| with_attributes(number, [large(number, "large", 450_000)])),
        ("a resource of 450 KB", |number| {
            let mut content = of_service(SERVICE, vec![span(number)]);
            content.resource.as_mut().unwrap().attributes.push(large(number, "large", 450_000));
            content
        }),
        ("a scope of 450 KB", |number| {
            let mut content = of_service(SERVICE, vec![span(number)]);
            let attributes = vec![large(number, "large", 450_000)];
            content.scope_spans[0].scope = Some(InstrumentationScope { attributes, ..Default::default() });
            content
        }),
        ("an attribute of 3.9 MB", |number| with_attributes(number, [large(number, "large", 3_900_000)])),
        ("450 events of 1 KB", |number| {
            let event = |index| Event { attributes: vec![large(index, "large", 1000)], ..Event::default() };
            of_service(SERVICE, vec![Span { events: (0..450).map(event).collect(), ..span(number) }])
        }),
    ];
    for (case, content) in cases {
        let number = world.number();
        let content = content(number);
        let fate = kept_as(content.clone(), Search::case(SERVICE, number));
        world.export_case(case, &content.encode_to_vec(), fate).await?;
    }
    let number = world.number();
    let content = many(number, 10_000);
    let fate = kept_as(content.clone(), Search::case(SERVICE, number));
    world.export_case("10 000 attributes", &content.encode_to_vec(), fate).await?;
    // The last of them is searched by as well as the first.
    let search =
        Search { service: SERVICE.to_owned(), key: "attribute 9999".to_owned(), text: noise(9999, 16) };
    let content = Content::Spans(1);
    world
        .keep(Kept { case: "the last of them".to_owned(), trace_id: trace_id(number), content, search })
        .await?;
    let number = world.number();
    let mut one = v1_span(number);
    one.logs = (0..450)
        .map(|index| {
            let field =
                api_v2::KeyValue { key: "large".to_owned(), v_str: noise(index, 1000), ..Default::default() };
            api_v2::Log { timestamp: Some(prost_types::Timestamp::default()), fields: vec![field] }
        })
        .collect();
    world.write_span_case("450 logs of 1 KB", &one.encode_to_vec(), kept_as_v1(number, one)).await?;
    assert!(world.peak_bytes()? < MOST_MEMORY, "{}", world.peak_bytes()?);
    world.finish().await
}

/// Spans of some 5 MB, however they come to it.
const ABOVE_A_MESSAGE: [Case; 7] = [
    ("an attribute of 5 MB", |number| with_attributes(number, [large(number, "large", 5_000_000)])),
    ("a name of 5 MB", |number| {
        of_service(SERVICE, vec![Span { name: noise(number, 5_000_000), ..span(number) }])
    }),
    ("a status of 5 MB", |number| {
        let status = Some(Status { code: 2, message: noise(number, 5_000_000) });
        of_service(SERVICE, vec![Span { status, ..span(number) }])
    }),
    ("a trace state of 5 MB", |number| {
        of_service(SERVICE, vec![Span { trace_state: noise(number, 5_000_000), ..span(number) }])
    }),
    ("100 000 attributes of 50 bytes", |number| {
        with_attributes(number, (0..100_000).map(|index| large(index, &format!("attribute {index}"), 25)))
    }),
    ("100 000 links", |number| {
        let link = Link {
            trace_id: vec![1; 16],
            span_id: vec![1; 8],
            trace_state: noise(number, 20),
            ..Link::default()
        };
        of_service(SERVICE, vec![Span { links: vec![link; 100_000], ..span(number) }])
    }),
    ("a resource of 5 MB", |number| {
        let mut content = of_service(SERVICE, vec![span(number)]);
        content.resource.as_mut().unwrap().attributes.push(large(number, "large", 5_000_000));
        content
    }),
];

#[tokio::test]
async fn a_span_above_4_mib_is_kept_and_answered_with_its_longest_values_cut() -> Result<(), AnyError> {
    let world = World::start("spans above 4 MiB", &[]).await?;
    for (case, content) in ABOVE_A_MESSAGE {
        let number = world.number();
        // Clients of both APIs take messages of 4 MiB at most here.
        let fate = Fate::Kept { content: Content::Spans(1), search: Search::case(SERVICE, number) };
        world.export_case(case, &content(number).encode_to_vec(), fate).await?;
        warns(&world, case, number, Came::Otlp).await?;
    }
    assert!(world.peak_bytes()? < MOST_MEMORY, "{}", world.peak_bytes()?);
    world.finish().await
}

/// That all of it is stored shows in a search for all of it.
#[tokio::test]
async fn an_attribute_of_5_mb_is_stored_whole() -> Result<(), AnyError> {
    let world = World::start("an attribute of 5 MB", &[]).await?;
    let number = world.number();
    let search =
        Search { service: SERVICE.to_owned(), key: "large".to_owned(), text: noise(number, 5_000_000) };
    let bytes = with_attributes(number, [large(number, "large", 5_000_000)]).encode_to_vec();
    let kept = |search| Kept {
        case: "5 MB".to_owned(),
        trace_id: trace_id(number),
        content: Content::Spans(1),
        search,
    };
    world
        .export_case(
            "5 MB",
            &bytes,
            Fate::Kept { content: Content::Spans(1), search: Search::case(SERVICE, number) },
        )
        .await?;
    world.keep(kept(search.clone())).await?;
    let mut other = search;
    other.text.pop();
    kept(other).check(&world.channel).await.unwrap_err();
    world.finish().await
}

fn tag(number: u64, length: usize) -> api_v2::KeyValue {
    api_v2::KeyValue { key: "large".to_owned(), v_str: noise(number, length), ..Default::default() }
}

#[tokio::test]
async fn a_v1_span_above_4_mib_is_kept_and_answered_with_its_longest_values_cut() -> Result<(), AnyError> {
    let world = World::start("v1 spans above 4 MiB", &[]).await?;
    let cases: [(&str, V1Change); 6] = [
        ("a tag of 5 MB", |span, number| span.tags.push(tag(number, 5_000_000))),
        ("bytes of 5 MB", |span, number| {
            let v_binary = noise(number, 5_000_000).into_bytes();
            span.tags.push(api_v2::KeyValue { v_type: 4, v_binary, ..tag(number, 0) });
        }),
        ("an operation of 5 MB", |span, number| span.operation_name = noise(number, 5_000_000)),
        ("a process of 5 MB", |span, number| {
            span.process.get_or_insert_default().tags.push(tag(number, 5_000_000));
        }),
        ("a process id of 5 MB", |span, number| span.process_id = noise(number, 5_000_000)),
        ("50 000 warnings of 100 bytes", |span, number| span.warnings = vec![noise(number, 100); 50_000]),
    ];
    for (case, change) in cases {
        let number = world.number();
        let mut one = v1_span(number);
        change(&mut one, number);
        let fate = Fate::Kept { content: Content::Spans(1), search: Search::case(SERVICE, number) };
        world.write_span_case(case, &one.encode_to_vec(), fate).await?;
        warns(&world, case, number, Came::V1).await?;
    }
    assert!(world.peak_bytes()? < MOST_MEMORY, "{}", world.peak_bytes()?);
    world.finish().await
}

/// Expects the API in which the span came to say in it that it was cut, and to have cut no more than it must. In the
/// other it may be smaller, for want of a field.
async fn warns(world: &World, case: &str, number: u64, came: Came) -> Result<(), AnyError> {
    let (warned, length) = match came {
        Came::Otlp => {
            let otlp = otlp_by_id(&world.channel, &trace_id(number)).await?;
            let one = &otlp[0].resource_spans[0].scope_spans[0].spans[0];
            (one.attributes.iter().any(|pair| pair.key == WARNINGS), otlp[0].encoded_len())
        }
        Came::V1 => {
            let one = v1_by_id(&world.channel, &trace_id(number)).await?.remove(0);
            (one.warnings.iter().any(|warning| warning.contains("cut")), one.encoded_len())
        }
    };
    assert!(warned, "{case}: no warning");
    assert!(length > 1_000_000, "{case}: {length} bytes are left");
    Ok(())
}
