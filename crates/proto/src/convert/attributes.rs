//! Attributes: OTLP's `AnyValue` and core's `AttributeValue` say the same, so both ways are total.

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, Double};

use crate::opentelemetry::proto::common::v1::any_value::Value;
use crate::opentelemetry::proto::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};

impl From<AnyValue> for AttributeValue {
    fn from(value: AnyValue) -> Self {
        match value.value {
            None => Self::Empty,
            Some(Value::StringValue(text)) => Self::String(text),
            Some(Value::BoolValue(value)) => Self::Bool(value),
            Some(Value::IntValue(value)) => Self::Int(value),
            Some(Value::DoubleValue(value)) => Self::Double(Double(value)),
            Some(Value::BytesValue(bytes)) => Self::Bytes(bytes),
            Some(Value::ArrayValue(array)) => Self::Array(array.values.into_iter().map(Self::from).collect()),
            Some(Value::KvlistValue(list)) => Self::Map(attributes(list.values)),
        }
    }
}

impl From<AttributeValue> for AnyValue {
    fn from(value: AttributeValue) -> Self {
        let value = match value {
            AttributeValue::Empty => None,
            AttributeValue::String(text) => Some(Value::StringValue(text)),
            AttributeValue::Bool(value) => Some(Value::BoolValue(value)),
            AttributeValue::Int(value) => Some(Value::IntValue(value)),
            AttributeValue::Double(value) => Some(Value::DoubleValue(value.0)),
            AttributeValue::Bytes(bytes) => Some(Value::BytesValue(bytes)),
            AttributeValue::Array(values) => {
                Some(Value::ArrayValue(ArrayValue { values: values.into_iter().map(Self::from).collect() }))
            }
            AttributeValue::Map(attributes) => {
                Some(Value::KvlistValue(KeyValueList { values: key_values(attributes) }))
            }
        };
        Self { value }
    }
}

/// A key without a value has the empty value, as the Collector's `pdata` decodes it.
impl From<KeyValue> for Attribute {
    fn from(pair: KeyValue) -> Self {
        Self { key: pair.key, value: pair.value.map(AttributeValue::from).unwrap_or_default() }
    }
}

impl From<Attribute> for KeyValue {
    fn from(attribute: Attribute) -> Self {
        Self { key: attribute.key, value: Some(attribute.value.into()) }
    }
}

/// Attributes of key-value messages, in their order.
pub(super) fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(Attribute::from).collect()
}

/// Key-value messages of attributes, in their order.
pub(super) fn key_values(attributes: Attributes) -> Vec<KeyValue> {
    attributes.0.into_iter().map(KeyValue::from).collect()
}
