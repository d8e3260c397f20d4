//! Ids of a wrong length, and of zeros.

use jaeger_dynamodb_proto::jaeger::api_v2::{self, SpanRef};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::Link;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;

use crate::kept::Search;
use crate::spans::{SERVICE, of_service, span, trace_id, v1_span};
use crate::world::{Fate, World, kept_as, kept_as_v1};

const TRACE: &str = "spans rejected: 1 with invalid trace id";
const SPAN: &str = "spans rejected: 1 with invalid span id";
const PARENT: &str = "spans rejected: 1 with invalid parent span id";
const LINK: &str = "spans rejected: 1 with invalid id in a link";
const REFERENCE: &str = "spans rejected: 1 with invalid id in a reference";

/// Lengths that an id of this length may have by mistake: a byte too few or too many, the other id's, hexadecimal
/// text, a whole packet.
fn wrong_lengths(right: usize) -> impl Iterator<Item = usize> {
    [1, 4, 7, 8, 9, 15, 16, 17, 32, 1000].into_iter().filter(move |length| *length != right)
}

fn linked(trace_id: Vec<u8>, span_id: Vec<u8>) -> impl Fn(&mut Span) {
    move |span| {
        let (trace_id, span_id) = (trace_id.clone(), span_id.clone());
        span.links = vec![Link { trace_id, span_id, ..Link::default() }];
    }
}

type Change<S> = Box<dyn Fn(&mut S)>;

fn rejected() -> Vec<(String, Change<Span>, &'static str)> {
    let mut cases: Vec<(String, Change<Span>, &'static str)> = vec![
        ("no trace id".to_owned(), Box::new(|span| span.trace_id.clear()), TRACE),
        ("a trace id of zeros".to_owned(), Box::new(|span| span.trace_id = vec![0; 16]), TRACE),
    ];
    for length in wrong_lengths(16) {
        let id = move || vec![7; length];
        cases.push((
            format!("a trace id of {length} bytes"),
            Box::new(move |span| span.trace_id = id()),
            TRACE,
        ));
        let links = Box::new(linked(id(), vec![1; 8]));
        cases.push((format!("a link's trace id of {length} bytes"), links, LINK));
    }
    for length in wrong_lengths(8) {
        let id = move || vec![7; length];
        cases.push((format!("a span id of {length} bytes"), Box::new(move |span| span.span_id = id()), SPAN));
        let parent = Box::new(move |span: &mut Span| span.parent_span_id = id());
        cases.push((format!("a parent's id of {length} bytes"), parent, PARENT));
        let links = Box::new(linked(vec![1; 16], id()));
        cases.push((format!("a link's span id of {length} bytes"), links, LINK));
    }
    cases
}

#[tokio::test]
async fn an_otlp_span_whose_ids_have_a_wrong_length_is_refused_alone() -> Result<(), AnyError> {
    let world = World::start("wrong ids", &[]).await?;
    for (case, change, words) in rejected() {
        let mut bad = span(world.number());
        change(&mut bad);
        world
            .export_case(&case, &of_service(SERVICE, vec![bad]).encode_to_vec(), Fate::Rejected(words))
            .await?;
    }
    world.finish().await
}

#[tokio::test]
async fn an_otlp_span_whose_ids_are_zeros_or_missing_is_kept_but_for_its_trace_id() -> Result<(), AnyError> {
    let world = World::start("ids of zeros", &[]).await?;
    let cases: [(&str, Change<Span>, Change<Span>); 6] = [
        ("no span id", Box::new(|span| span.span_id.clear()), Box::new(|span| span.span_id = vec![0; 8])),
        ("a span id of zeros", Box::new(|span| span.span_id = vec![0; 8]), Box::new(|_| {})),
        (
            "a parent's id of zeros",
            Box::new(|span| span.parent_span_id = vec![0; 8]),
            Box::new(|span| span.parent_span_id.clear()),
        ),
        (
            "a parent that is the span itself",
            Box::new(|span| span.parent_span_id = span.span_id.clone()),
            Box::new(|_| {}),
        ),
        ("a link of nothing", Box::new(linked(vec![], vec![])), Box::new(linked(vec![0; 16], vec![0; 8]))),
        ("a link of zeros", Box::new(linked(vec![0; 16], vec![0; 8])), Box::new(|_| {})),
    ];
    for (case, change, answered) in cases {
        let number = world.number();
        let mut bad = span(number);
        change(&mut bad);
        let sent = of_service(SERVICE, vec![bad.clone()]).encode_to_vec();
        answered(&mut bad);
        let fate = kept_as(of_service(SERVICE, vec![bad]), Search::case(SERVICE, number));
        world.export_case(case, &sent, fate).await?;
    }
    world.finish().await
}

fn referring(trace_id: Vec<u8>, span_id: Vec<u8>) -> Change<api_v2::Span> {
    Box::new(move |span| {
        let (trace_id, span_id) = (trace_id.clone(), span_id.clone());
        span.references = vec![SpanRef { trace_id, span_id, ref_type: 0 }];
    })
}

#[tokio::test]
async fn a_v1_span_whose_ids_have_a_wrong_length_is_refused() -> Result<(), AnyError> {
    let world = World::start("wrong ids of v1", &[]).await?;
    let mut cases: Vec<(String, Change<api_v2::Span>, &'static str)> = vec![
        ("no trace id".to_owned(), Box::new(|span| span.trace_id.clear()), TRACE),
        ("a trace id of zeros".to_owned(), Box::new(|span| span.trace_id = vec![0; 16]), TRACE),
        ("a short trace id of zeros".to_owned(), Box::new(|span| span.trace_id = vec![0; 8]), TRACE),
    ];
    // Jaeger's decoder takes the low half of a trace id for the whole.
    for length in wrong_lengths(16).filter(|length| *length != 8) {
        let id = move || vec![7; length];
        cases.push((
            format!("a trace id of {length} bytes"),
            Box::new(move |span| span.trace_id = id()),
            TRACE,
        ));
        let refers = referring(id(), vec![1; 8]);
        cases.push((format!("a reference's trace id of {length} bytes"), refers, REFERENCE));
    }
    for length in wrong_lengths(8) {
        let id = move || vec![7; length];
        cases.push((format!("a span id of {length} bytes"), Box::new(move |span| span.span_id = id()), SPAN));
        let refers = referring(vec![1; 16], id());
        cases.push((format!("a reference's span id of {length} bytes"), refers, REFERENCE));
    }
    for (case, change, words) in cases {
        let mut bad = v1_span(world.number());
        change(&mut bad);
        world.write_span_case(&case, &bad.encode_to_vec(), Fate::Rejected(words)).await?;
    }
    world.write_span_case("no span at all", &[], Fate::Rejected(TRACE)).await?;
    world.finish().await
}

#[tokio::test]
async fn a_v1_span_whose_ids_are_short_or_zeros_is_kept() -> Result<(), AnyError> {
    let world = World::start("ids of v1 that are kept", &[]).await?;
    let cases: [(&str, Change<api_v2::Span>, Change<api_v2::Span>); 4] = [
        ("no span id", Box::new(|span| span.span_id.clear()), Box::new(|span| span.span_id = vec![0; 8])),
        ("references to nothing", referring(vec![], vec![]), referring(vec![0; 16], vec![0; 8])),
        ("a reference to zeros", referring(vec![0; 16], vec![0; 8]), Box::new(|_| {})),
        (
            "a reference's short trace id",
            referring(vec![7; 8], vec![1; 8]),
            referring([[0; 8], [7; 8]].concat(), vec![1; 8]),
        ),
    ];
    for (case, change, answered) in cases {
        let number = world.number();
        let mut bad = v1_span(number);
        change(&mut bad);
        let sent = bad.encode_to_vec();
        answered(&mut bad);
        world.write_span_case(case, &sent, kept_as_v1(number, bad)).await?;
    }
    let number = world.number();
    let short = api_v2::Span { trace_id: trace_id(number)[8..].to_vec(), ..v1_span(number) };
    let full = api_v2::Span { trace_id: [vec![0; 8], short.trace_id.clone()].concat(), ..short.clone() };
    world.write_span_case("a trace id of 8 bytes", &short.encode_to_vec(), kept_as_v1(number, full)).await?;
    world.finish().await
}
