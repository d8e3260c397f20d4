//! Spans and questions: few traces, services and values, so that most questions find something and spans meet.

use std::num::NonZeroUsize;
use std::time::Duration;

use jaeger_dynamodb_core::{
    Attribute, AttributeCondition, Attributes, Predicate, Range, Span, SpanId, SpanKind, StatusCode,
    TextForm, TraceId, TraceQuery, UnixNanos, v1,
};
use jaeger_dynamodb_testkit::fixtures::{otlp_span, span_id, trace_id, v1_span};

use super::faults::between;

const SERVICES: [&str; 4] = ["shop", "cart", "payment", "mail"];
const OPERATIONS: [&str; 4] = ["GET /", "POST /order", "send", ""];
const KEYS: [&str; 4] = ["user", "region", "retry", "peer.service"];
const VALUES: u8 = 4;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Answers of mid-simulation questions are mostly wanted whole.
const MANY: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");

/// A question to a store.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    ByIds(Vec<TraceId>),
    Search(TraceQuery),
    Services,
    Operations(String),
}

/// A span of now, or of a clock that is far off.
pub(crate) fn span(random: &mut fastrand::Rng, now: UnixNanos, traces: u64, number: u64) -> Span {
    let start = start(random, now);
    let (trace, service) = (random.u64(1..=traces), pick(random, &SERVICES));
    // Some ids are used again, for another span.
    let id = if random.u8(..10) == 0 { random.u64(1..=number) } else { number };
    let attributes = attributes(random);
    let nanos = random.u64(..2_000_000_000);
    // Most name another, which may be of another trace, come later, or never.
    let parent = (random.u8(..10) > 2).then(|| span_id(random.u64(1..=number + 2)));
    if random.u8(..7) == 0 {
        return Span::V1(v1::Span {
            operation_name: pick(random, &OPERATIONS).to_owned(),
            start_time: start,
            duration_nanos: nanos.cast_signed(),
            tags: attributes,
            references: parent.map(|parent| child_of(trace, parent)).into_iter().collect(),
            ..v1_span(trace, id, service)
        });
    }
    let start = u64::try_from(start.0).unwrap_or_default();
    let mut span = otlp_span(trace, id, service);
    span.name = pick(random, &OPERATIONS).to_owned();
    span.kind =
        *random.choice([SpanKind::Server, SpanKind::Client, SpanKind::Internal].iter()).unwrap_or(&span.kind);
    span.start_time_unix_nano = start;
    span.end_time_unix_nano = start + nanos;
    span.attributes = attributes;
    span.parent_span_id = parent;
    if random.u8(..5) == 0 {
        span.status.code = StatusCode::Error;
    }
    Span::Otlp(span)
}

fn child_of(trace: u64, parent: SpanId) -> v1::SpanRef {
    v1::SpanRef { trace_id: Some(trace_id(trace)), span_id: parent, ref_type: v1::SpanRefType::ChildOf }
}

/// The same with an attribute that neither packs well nor fits one item.
pub(crate) fn huge(random: &mut fastrand::Rng, span: Span) -> Span {
    let length = random.usize(300_000..900_000);
    let text: String = (0..length).map(|_| random.alphanumeric()).collect();
    let attribute = Attribute::new("blob", text);
    match span {
        Span::Otlp(mut span) => {
            span.attributes.0.push(attribute);
            Span::Otlp(span)
        }
        Span::V1(mut span) => {
            span.tags.0.push(attribute);
            Span::V1(span)
        }
    }
}

pub(crate) fn question(random: &mut fastrand::Rng, now: UnixNanos, traces: u64) -> Question {
    match random.u8(..10) {
        0..4 => Question::Search(search(random, now)),
        4..8 => {
            let mut ids: Vec<_> = (1..=traces).map(trace_id).collect();
            random.shuffle(&mut ids);
            ids.truncate(random.usize(1..=ids.len()));
            Question::ByIds(ids)
        }
        8 => Question::Services,
        _ => Question::Operations(pick(random, &SERVICES).to_owned()),
    }
}

pub(crate) fn search(random: &mut fastrand::Rng, now: UnixNanos) -> TraceQuery {
    let leaves = (0..random.usize(0..3)).map(|_| leaf(random)).collect();
    let predicate = if random.u8(..6) == 0 { Predicate::Any(leaves) } else { Predicate::All(leaves) };
    let ago = |random: &mut fastrand::Rng| {
        let ago = between(random, 1_000, 3_000_000);
        UnixNanos(now.0 - i128::try_from(ago.as_nanos()).unwrap_or_default())
    };
    let start = match random.u8(..4) {
        0 => Range { min: Some(ago(random)), max: None },
        1 => Range { min: None, max: Some(ago(random)) },
        _ => Range::default(),
    };
    let limit = if random.u8(..3) == 0 { NonZeroUsize::MIN.saturating_add(random.usize(..4)) } else { MANY };
    TraceQuery { start, predicate, limit }
}

fn leaf(random: &mut fastrand::Rng) -> Predicate {
    let leaf = match random.u8(..10) {
        0..3 => Predicate::Service(pick(random, &SERVICES).to_owned()),
        3..5 => Predicate::Operation(pick(random, &OPERATIONS).to_owned()),
        5 => {
            let bound = random.i64(0..2_000_000_000).into();
            if random.bool() {
                Predicate::Duration(Range { min: Some(bound), max: None })
            } else {
                Predicate::Duration(Range { min: None, max: Some(bound) })
            }
        }
        6 => attribute("error", "true".to_owned()),
        _ => {
            let text = random.u8(..VALUES).to_string();
            attribute(pick(random, &KEYS), text)
        }
    };
    if random.u8(..12) == 0 { Predicate::Not(Box::new(leaf)) } else { leaf }
}

fn attribute(key: &str, text: String) -> Predicate {
    Predicate::Attribute(AttributeCondition { key: key.to_owned(), text, form: TextForm::V2 })
}

fn start(random: &mut fastrand::Rng, now: UnixNanos) -> UnixNanos {
    let nanos = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or_default();
    match random.u8(..20) {
        0 => UnixNanos(now.0 - nanos(DAY * random.u32(1..4000))),
        1 => UnixNanos(now.0 + nanos(DAY * random.u32(1..4000))),
        2 => UnixNanos(now.0 + nanos(between(random, 60_000, 7_200_000))),
        _ => UnixNanos(now.0 - nanos(between(random, 1, 60_000))),
    }
}

fn attributes(random: &mut fastrand::Rng) -> Attributes {
    let keys = KEYS.iter().filter(|_| random.bool()).copied().collect::<Vec<_>>();
    keys.into_iter().map(|key| Attribute::new(key, random.u8(..VALUES).to_string())).collect()
}

fn pick<'a>(random: &mut fastrand::Rng, from: &[&'a str]) -> &'a str {
    random.choice(from.iter()).copied().unwrap_or_default()
}
