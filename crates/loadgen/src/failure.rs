//! Traces that fail: an exception somewhere, and errors from there up to the root.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::{Event, SpanKind};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::status::StatusCode;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{Span, Status};

use crate::fleet::Fleet;
use crate::model::Exception;
use crate::recording::Recorded;
use crate::scene::key_value;

/// What gRPC calls `INTERNAL`.
const GRPC_INTERNAL: i64 = 13;

/// Lets one of the spans throw an exception that everybody waiting for it sees.
pub(crate) fn strike(spans: &mut [Recorded], fleet: &Fleet, random: &mut Rng) {
    let able: Vec<usize> = spans
        .iter()
        .enumerate()
        .filter(|(_, span)| can_throw(span, fleet))
        .map(|(position, _)| position)
        .collect();
    let Some(&origin) = able.get(random.usize(0..able.len().max(1))) else { return };
    let exception = spans.get(origin).and_then(|span| {
        let exceptions = exceptions(span, fleet);
        exceptions.get(random.usize(0..exceptions.len().max(1)))
    });
    let (Some(exception), Some(recorded)) = (exception, spans.get_mut(origin)) else { return };
    recorded.span.events.push(event(exception, recorded.span.end_time_unix_nano));
    let mut next = Some(origin);
    while let Some(recorded) = next.and_then(|position| spans.get_mut(position)) {
        if recorded.span.kind() == SpanKind::Producer {
            break;
        }
        mark(&mut recorded.span, exception.message);
        next = recorded.parent;
    }
}

fn can_throw(recorded: &Recorded, fleet: &Fleet) -> bool {
    let is_program =
        matches!(recorded.span.kind(), SpanKind::Server | SpanKind::Internal | SpanKind::Consumer);
    is_program && !exceptions(recorded, fleet).is_empty()
}

fn exceptions(recorded: &Recorded, fleet: &Fleet) -> &'static [Exception] {
    fleet.pods.get(recorded.pod).map_or(&[], |pod| pod.runtime.exceptions)
}

fn event(exception: &Exception, time_unix_nano: u64) -> Event {
    let text = |key, value: &str| key_value(key, Value::StringValue(value.to_owned()));
    Event {
        time_unix_nano,
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", exception.class),
            text("exception.message", exception.message),
            text("exception.stacktrace", exception.stack),
        ],
        dropped_attributes_count: 0,
    }
}

fn mark(span: &mut Span, message: &str) {
    span.status = Some(Status { message: message.to_owned(), code: StatusCode::Error.into() });
    for attribute in &mut span.attributes {
        let Some(value) = attribute.value.as_mut().and_then(|value| value.value.as_mut()) else { continue };
        match (attribute.key.as_str(), value) {
            ("http.status_code" | "http.response.status_code", Value::IntValue(status)) => *status = 500,
            ("http.status_code", Value::StringValue(status)) => "500".clone_into(status),
            ("http.status_text", Value::StringValue(status)) => "INTERNAL SERVER ERROR".clone_into(status),
            ("rpc.grpc.status_code", Value::IntValue(status)) => *status = GRPC_INTERNAL,
            _ => {}
        }
    }
}
