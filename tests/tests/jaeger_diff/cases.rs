//! Random spans and questions that both servers can take.

use jaeger_dynamodb_core::{AttributeValue, Double, Predicate, Span, TextForm, TraceQuery};
use jaeger_dynamodb_proto::convert::{self, YEAR_ONE};
use jaeger_dynamodb_proto::jaeger::storage::v2::any_value::Value;
use jaeger_dynamodb_proto::jaeger::storage::v2::{AnyValue, KeyValue, TraceQueryParameters};
use jaeger_dynamodb_testkit::strategies::{otlp_batches, parameter_queries_for};
use jaeger_dynamodb_tests::AnyError;
use proptest::collection::vec;
use proptest::prelude::*;

/// What is written, in this order, and what is then asked.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) batches: Vec<Vec<Span>>,
    pub(crate) questions: Vec<Question>,
}

/// A search as parameters.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) query: TraceQuery,
    /// Values are sent as what their text says, such as numbers, and not as strings; times that are not bounded
    /// as Go programs send them, and not left out.
    pub(crate) typed: bool,
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let batches = otlp_batches(1..5).prop_map(|batches| {
        batches.into_iter().map(|spans| spans.into_iter().map(within_int64).collect()).collect()
    });
    batches.prop_flat_map(|batches: Vec<Vec<Span>>| {
        let question = (parameter_queries_for(&batches.concat(), TextForm::V2), any::<bool>())
            .prop_map(|(query, typed)| Question { query, typed });
        (Just(batches), vec(question, 1..8)).prop_map(|(batches, questions)| Case { batches, questions })
    })
}

/// The span with times that stay far from the end of 64 bits with a sign.
fn within_int64(span: Span) -> Span {
    let within = |nanos: u64| if nanos > u64::MAX / 4 { nanos / 4 } else { nanos };
    match span {
        Span::Otlp(mut span) => {
            span.start_time_unix_nano = within(span.start_time_unix_nano);
            span.end_time_unix_nano = within(span.end_time_unix_nano);
            Span::Otlp(span)
        }
        Span::V1(span) => Span::V1(span),
    }
}

impl Question {
    /// The question as it is asked, for so many traces at most.
    pub(crate) fn parameters(&self, search_depth: i32) -> Result<TraceQueryParameters, AnyError> {
        let unbounded = self.typed.then_some(YEAR_ONE);
        let mut parameters = TraceQueryParameters {
            start_time_min: self.query.start.min.or(unbounded).map(convert::timestamp),
            start_time_max: self.query.start.max.or(unbounded).map(convert::timestamp),
            search_depth,
            ..TraceQueryParameters::default()
        };
        let Predicate::All(all) = &self.query.predicate else {
            return Err(format!("parameters cannot carry {:?}", self.query.predicate).into());
        };
        for one in all {
            match one {
                Predicate::Service(name) => parameters.service_name.clone_from(name),
                Predicate::Operation(name) => parameters.operation_name.clone_from(name),
                Predicate::Duration(range) => {
                    parameters.duration_min = range.min.map(convert::duration);
                    parameters.duration_max = range.max.map(convert::duration);
                }
                Predicate::Attribute(condition) => parameters.attributes.push(KeyValue {
                    key: condition.key.clone(),
                    value: Some(AnyValue { value: Some(self.value(&condition.text)) }),
                }),
                other => return Err(format!("parameters cannot carry {other:?}").into()),
            }
        }
        Ok(parameters)
    }

    fn value(&self, text: &str) -> Value {
        let string = || Value::StringValue(text.to_owned());
        if self.typed { value_with_text(text).unwrap_or_else(string) } else { string() }
    }
}

/// The value that is no string and has this text.
fn value_with_text(text: &str) -> Option<Value> {
    if let Ok(value) = text.parse() {
        return Some(Value::BoolValue(value));
    }
    let has_text = |value: AttributeValue| value.text(TextForm::V2) == text;
    if let Some(value) = text.parse().ok().filter(|value| has_text(AttributeValue::Int(*value))) {
        return Some(Value::IntValue(value));
    }
    let double = text.parse().ok().filter(|value| has_text(AttributeValue::Double(Double(*value))));
    double.map(Value::DoubleValue)
}
