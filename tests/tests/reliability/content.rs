//! What is sent: each message is a function of its number, so that whoever knows the number knows every byte of it.

use jaeger_dynamodb_core::translate::ToOtlp;
use jaeger_dynamodb_core::{Attribute, Span, SpanId, TraceId, otlp};
use jaeger_dynamodb_testkit::fixtures::{START, otlp_span, trace_id, v1_span};

/// Messages that share a tag, by which a search finds them.
pub(crate) const SLICE: u64 = 48;

/// The tag of a slice, and the one that each message has to itself.
pub(crate) const SLICE_KEY: &str = "slice";
pub(crate) const NUMBER_KEY: &str = "number";

/// Services of spans. All but the last have at most one span in a trace.
pub(crate) const SERVICES: [&str; 4] = ["front", "back", "plain-v1", "worker"];

/// So many messages in a row add a span each to one trace.
const SHARED_BY: u64 = 16;

/// Every so many messages one comes through `jaeger.storage.v1`.
const V1_EVERY: u64 = 12;

/// The span ids of a message begin so far from those of the next.
const IDS: u64 = 4;

/// Random text in each span, which does not compress.
const PAYLOAD: usize = 96;

/// Whether the message is a span of `jaeger.storage.v1` instead of an Export.
pub(crate) fn is_v1(number: u64) -> bool {
    number % V1_EVERY == V1_EVERY - 1
}

/// The spans of a message.
pub(crate) fn spans(number: u64) -> Vec<Span> {
    if is_v1(number) {
        let mut span = v1_span(own_trace(number), number * IDS + 1, SERVICES[2]);
        span.tags.0.extend(tags(number));
        return vec![Span::V1(span)];
    }
    let of_own = |id, service| otlp_span(own_trace(number), number * IDS + id, service);
    let root = of_own(1, SERVICES[0]);
    let child = otlp::Span { parent_span_id: Some(root.span_id), ..of_own(2, SERVICES[1]) };
    let shared = otlp_span(own_trace(number / SHARED_BY) + 1, number * IDS + 3, SERVICES[3]);
    [root, child, shared].into_iter().map(|span| Span::Otlp(finished(span, number))).collect()
}

/// The spans of a message as `jaeger.storage.v2` answers them, with their services.
pub(crate) fn answered(number: u64) -> impl Iterator<Item = (&'static str, otlp::Span)> {
    let services: &[&str] =
        if is_v1(number) { &SERVICES[2..3] } else { &[SERVICES[0], SERVICES[1], SERVICES[3]] };
    let mut to_otlp = ToOtlp::default();
    services.iter().copied().zip(spans(number).into_iter().map(move |span| to_otlp.span(span)))
}

/// The message that a span with this id came with.
pub(crate) fn number_of(span: SpanId) -> u64 {
    u64::from_be_bytes(*span.as_bytes()) / IDS
}

/// The traces of a slice.
pub(crate) fn traces(slice: u64) -> Vec<TraceId> {
    let numbers = slice * SLICE..(slice + 1) * SLICE;
    let own = numbers.clone().map(own_trace);
    let begin_one = numbers.filter(|number| number % SHARED_BY == 0);
    let shared = begin_one.map(|number| own_trace(number / SHARED_BY) + 1);
    own.chain(shared).map(trace_id).collect()
}

fn own_trace(number: u64) -> u64 {
    number * 2 + 2
}

fn finished(mut span: otlp::Span, number: u64) -> otlp::Span {
    span.name = format!("operation-{}", number % 7);
    span.start_time_unix_nano = START + number * 1_000_000;
    span.end_time_unix_nano = span.start_time_unix_nano + 1_000 * (number % 1_000);
    span.attributes.0.extend(tags(number));
    span
}

fn tags(number: u64) -> [Attribute; 3] {
    let mut random = fastrand::Rng::with_seed(number);
    let payload: String = (0..PAYLOAD).map(|_| random.alphanumeric()).collect();
    [
        Attribute::new(SLICE_KEY, (number / SLICE).to_string()),
        Attribute::new(NUMBER_KEY, number.to_string()),
        Attribute::new("payload", payload),
    ]
}
