//! What the function is invoked with.

use aws_smithy_types::date_time::Format;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What an event asks for.
#[derive(Debug, PartialEq)]
pub enum Invocation {
    /// To derive the windows that these records of a stream announce.
    Stream(Vec<Value>),
    /// To close and derive what nobody did.
    Schedule,
    /// To derive what is not done of a time.
    Range(Range),
}

/// A time, Unix seconds. Its windows are those that begin in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first second.
    pub from: u64,
    /// The first second after it.
    pub to: u64,
}

/// Why an event is refused. It is never repeated here: it may hold what nobody should read in a log.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEvent {
    /// It has none of the shapes.
    #[error(
        "the event is neither a batch of a DynamoDB stream, nor a schedule, nor {{\"from\": …, \"to\": …}}"
    )]
    UnknownShape,
    /// The records are those of another service.
    #[error("the records come from {0:?}, not from a DynamoDB stream")]
    ForeignRecords(String),
    /// Fields of a direct invocation are missing, or there are others.
    #[error("a direct invocation has the fields from and to, each RFC 3339 or Unix seconds: {0}")]
    Fields(#[source] serde_json::Error),
    /// A time cannot be read.
    #[error("{field} is no time: expects RFC 3339, such as \"2026-01-31T12:00:00Z\", or Unix seconds")]
    NoTime {
        /// Which field.
        field: &'static str,
    },
    /// The end is not after the beginning.
    #[error("to must be after from")]
    EmptyRange,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Direct {
    from: Value,
    to: Value,
}

// === impl Invocation ===

impl Invocation {
    /// Tells events apart by their shape.
    ///
    /// # Errors
    /// When it is none that this function knows.
    pub fn of(event: Value) -> Result<Self, InvalidEvent> {
        let Value::Object(mut fields) = event else { return Err(InvalidEvent::UnknownShape) };
        if let Some(Value::Array(records)) = fields.get_mut("Records") {
            return stream(std::mem::take(records));
        }
        if is_schedule(&fields) {
            return Ok(Self::Schedule);
        }
        if fields.contains_key("from") || fields.contains_key("to") {
            return Range::of(Value::Object(fields)).map(Self::Range);
        }
        Err(InvalidEvent::UnknownShape)
    }
}

// === impl Range ===

impl Range {
    fn of(fields: Value) -> Result<Self, InvalidEvent> {
        let Direct { from, to } = serde_json::from_value(fields).map_err(InvalidEvent::Fields)?;
        let (from, to) = (seconds("from", &from)?, seconds("to", &to)?);
        if from < to { Ok(Self { from, to }) } else { Err(InvalidEvent::EmptyRange) }
    }
}

/// A record that does not say where it comes from is left to whoever reads it.
fn stream(records: Vec<Value>) -> Result<Invocation, InvalidEvent> {
    // SNS writes it with a capital.
    let source = |record: &Value| {
        let source = record.get("eventSource").or_else(|| record.get("EventSource"))?;
        source.as_str().map(str::to_owned)
    };
    match records.iter().filter_map(source).find(|source| source != "aws:dynamodb") {
        Some(source) => Err(InvalidEvent::ForeignRecords(source)),
        None => Ok(Invocation::Stream(records)),
    }
}

/// Rules of EventBridge and schedules of EventBridge Scheduler send the same shape
/// (<https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-events.html>).
fn is_schedule(event: &Map<String, Value>) -> bool {
    let is = |field: &str, values: &[&str]| {
        event.get(field).and_then(Value::as_str).is_some_and(|value| values.contains(&value))
    };
    is("detail-type", &["Scheduled Event"]) && is("source", &["aws.events", "aws.scheduler"])
}

fn seconds(field: &'static str, time: &Value) -> Result<u64, InvalidEvent> {
    let parsed = match time {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => aws_smithy_types::DateTime::from_str(text, Format::DateTimeWithOffset)
            .ok()
            .and_then(|time| u64::try_from(time.secs()).ok()),
        _ => None,
    };
    parsed.ok_or(InvalidEvent::NoTime { field })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(event: Value) -> String {
        Invocation::of(event).unwrap_err().to_string()
    }

    #[test]
    fn times_are_rfc_3339_or_unix_seconds() {
        let event = json!({"from": "2026-01-31T12:00:00+01:00", "to": 1_769_857_201});
        let range = Range { from: 1_769_857_200, to: 1_769_857_201 };
        assert_eq!(Invocation::of(event).unwrap(), Invocation::Range(range));
    }

    #[test]
    fn schedules_of_both_services_are_known() {
        for source in ["aws.events", "aws.scheduler"] {
            let event =
                json!({"version": "0", "detail-type": "Scheduled Event", "source": source, "detail": {}});
            assert_eq!(Invocation::of(event).unwrap(), Invocation::Schedule);
        }
    }

    #[test]
    fn a_batch_is_taken_as_it_is() {
        let records = vec![json!({"eventSource": "aws:dynamodb"}), json!("nonsense")];
        let event = json!({"Records": records});
        assert_eq!(Invocation::of(event).unwrap(), Invocation::Stream(records));
    }

    #[test]
    fn other_shapes_are_refused_with_their_reason() {
        for event in [json!(null), json!([]), json!("x"), json!({}), json!({"Records": 1})] {
            assert!(refusal(event.clone()).contains("neither a batch"), "{event}");
        }
        let event = json!({"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2"});
        assert!(refusal(event).contains("neither a batch"));
        assert!(refusal(json!({"Records": [{"eventSource": "aws:sqs"}]})).contains("aws:sqs"));
        assert!(refusal(json!({"Records": [{"EventSource": "aws:sns"}]})).contains("aws:sns"));
        assert!(refusal(json!({"from": 1, "to": 2, "tenant": "x"})).contains("unknown field"));
        assert!(refusal(json!({"from": 1})).contains("missing field"));
        for time in [json!("yesterday"), json!(-1), json!(1.5), json!(null), json!("1969-12-31T23:59:59Z")] {
            assert!(refusal(json!({"from": time, "to": 2})).contains("from is no time"), "{time}");
        }
        assert!(refusal(json!({"from": 2, "to": 2})).contains("after"));
    }
}
