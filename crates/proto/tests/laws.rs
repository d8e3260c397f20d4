//! The law of conversion: core to message to bytes to message to core is identity.

use jaeger_dynamodb_core::{Attribute, Attributes, Span};
use jaeger_dynamodb_proto::convert::{resource_spans, spans_from_otlp, spans_from_v1};
use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{KeyValue, KeyValueList};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::TracesData;
use jaeger_dynamodb_testkit::strategies::{attributes, otlp_spans, v1_spans};
use proptest::prelude::*;
use prost::Message;

fn through_bytes<M: Message + Default>(message: &M) -> Result<M, prost::DecodeError> {
    M::decode(message.encode_to_vec().as_slice())
}

proptest! {
    #[test]
    fn otlp_spans_survive(spans in otlp_spans(0..12)) {
        let message = TracesData { resource_spans: resource_spans(&spans) };
        let back = spans_from_otlp(through_bytes(&message)?.resource_spans);
        prop_assert_eq!(back.spans, spans.into_iter().map(Span::Otlp).collect::<Vec<_>>());
        prop_assert!(back.rejected.is_empty());
    }

    #[test]
    fn v1_spans_survive(spans in v1_spans(0..12)) {
        let messages = spans.iter().map(|span| through_bytes(&api_v2::Span::from(span)));
        let back = spans_from_v1(messages.collect::<Result<_, _>>()?);
        prop_assert_eq!(back.spans, spans.into_iter().map(Span::V1).collect::<Vec<_>>());
        prop_assert!(back.rejected.is_empty());
    }

    #[test]
    fn values_of_every_type_survive(attributes in attributes(8)) {
        let message = KeyValueList { values: attributes.0.iter().cloned().map(KeyValue::from).collect() };
        let back: Attributes = through_bytes(&message)?.values.into_iter().map(Attribute::from).collect();
        prop_assert_eq!(back, attributes);
    }
}
