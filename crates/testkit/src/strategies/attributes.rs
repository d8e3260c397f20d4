//! Attributes whose keys and texts meet those that matching treats in a special way.

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, Double};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const KEYS: &[&str] = &["k", "http.method", "a.b", "peer service", "ключ", ""];

/// Keys that stand for something else in one of the text forms.
const SPECIAL_KEYS: &[&str] = &[
    "error",
    "span.kind",
    "span.status",
    "scope.name",
    "scope.version",
    "resource.k",
    "service.name",
    "event",
    "otel.status_code",
    "otel.status_description",
    "otel.scope.name",
    "otel.scope.version",
    "w3c.tracestate",
    "@jaeger@warnings",
];

const TEXTS: &[&str] = &["GET", "v", "", "true", "false", "123", "72.5", "server", "Client", "error", "OK"];

const ODD_TEXTS: &[&str] =
    &["same.*", "%", "\\", "日本", "nul\0", "a=b", "<&>\u{2028}", " ", "1e+21", "\u{10ffff}"];

const FLOATS: &[f64] = &[
    72.5,
    1.0,
    0.1,
    -0.0,
    1.0 / 3.0,
    1e-7,
    1e-5,
    1e20,
    1e21,
    5e-324,
    f64::MAX,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

const BYTES: &[&[u8]] = &[b"", b"\0", b"\xff\x10", b"GET"];

/// A key: mostly one of six, sometimes one that matching knows.
pub fn key() -> impl Strategy<Value = String> {
    prop_oneof![5 => select(KEYS), 2 => select(SPECIAL_KEYS)].prop_map(str::to_owned)
}

/// A value of any type that OTLP has.
pub fn value() -> impl Strategy<Value = AttributeValue> {
    let shallow = || prop_oneof![12 => v1_value(), 1 => Just(AttributeValue::Empty)];
    let map = |values| {
        vec((key(), values).prop_map(attribute), 0..3).prop_map(|list| AttributeValue::Map(Attributes(list)))
    };
    prop_oneof![
        12 => shallow(),
        1 => vec(shallow(), 0..3).prop_map(AttributeValue::Array),
        1 => map(shallow().boxed()),
        1 => vec(map(shallow().boxed()), 0..2).prop_map(AttributeValue::Array),
    ]
}

/// A value of the types that Jaeger's first model has.
pub fn v1_value() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        8 => text().prop_map(AttributeValue::String),
        2 => any::<bool>().prop_map(AttributeValue::Bool),
        2 => prop_oneof![3 => Just(123), 1 => select(&[0, -1, i64::MIN, i64::MAX][..])].prop_map(AttributeValue::Int),
        2 => prop_oneof![8 => select(FLOATS), 1 => any::<u64>().prop_map(f64::from_bits)]
            .prop_map(|value| AttributeValue::Double(Double(value))),
        1 => select(BYTES).prop_map(|bytes| AttributeValue::Bytes(bytes.to_vec())),
    ]
}

/// Attributes for OTLP, fewer than `below`; keys repeat now and then.
pub fn attributes(below: usize) -> impl Strategy<Value = Attributes> {
    vec((key(), value()).prop_map(attribute), 0..below).prop_map(Attributes)
}

/// Tags or fields for Jaeger's first model, fewer than `below`; keys repeat now and then.
pub fn v1_attributes(below: usize) -> impl Strategy<Value = Attributes> {
    vec((key(), v1_value()).prop_map(attribute), 0..below).prop_map(Attributes)
}

/// The name of a service, rarely longer than lists show.
pub(super) fn service_name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(&["web", "cart", "db"][..]).prop_map(str::to_owned),
        1 => select(&["", "Web", "сервис", "a/b\0c"][..]).prop_map(str::to_owned),
        1 => Just("s".repeat(1_025)),
    ]
}

/// The name of an operation, rarely longer than lists show.
pub(super) fn operation_name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(&["GET /", "POST /cart", "select"][..]).prop_map(str::to_owned),
        1 => select(&["", "get /", "опер"][..]).prop_map(str::to_owned),
        1 => Just("o".repeat(1_025)),
    ]
}

/// Text, mostly empty.
pub(super) fn rare_text() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => text()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(TEXTS).prop_map(str::to_owned),
        4 => select(ODD_TEXTS).prop_map(str::to_owned),
        1 => Just("x".repeat(300)),
    ]
}

fn attribute((key, value): (String, AttributeValue)) -> Attribute {
    Attribute { key, value }
}
