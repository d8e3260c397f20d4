//! Typed, ordered attributes. Duplicated keys are legal in Jaeger v1 and kept.

mod go_text;
mod text;

use std::hash::{Hash, Hasher};

pub use text::TextForm;

/// The value of an attribute: OTLP's `AnyValue`, of which Jaeger v1 uses strings, bools, integers, floats and
/// bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum AttributeValue {
    /// A value without content.
    #[default]
    Empty,
    /// Text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A 64-bit float.
    Double(Double),
    /// Bytes, `BINARY` in Jaeger v1.
    Bytes(Vec<u8>),
    /// A list of values, of any types.
    Array(Vec<AttributeValue>),
    /// Nested attributes.
    Map(Attributes),
}

/// A float that equals another when both have the same bits, so that NaN and -0.0 survive comparisons.
#[derive(Debug, Clone, Copy, Default)]
pub struct Double(pub f64);

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Attribute {
    /// The key, any text.
    pub key: String,
    /// The value.
    pub value: AttributeValue,
}

/// Attributes in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Attributes(pub Vec<Attribute>);

// === impl Double ===

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Double {}

impl Hash for Double {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

// === impl AttributeValue ===

impl AttributeValue {
    /// The text of a string value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for AttributeValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for AttributeValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for AttributeValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for AttributeValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for AttributeValue {
    fn from(value: f64) -> Self {
        Self::Double(Double(value))
    }
}

// === impl Attribute ===

impl Attribute {
    /// An attribute of this key and value.
    pub fn new(key: impl Into<String>, value: impl Into<AttributeValue>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

// === impl Attributes ===

impl Attributes {
    /// The first value under the key, as Go's `pcommon.Map.Get` answers.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&AttributeValue> {
        self.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }

    /// The attributes in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Attribute> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a Attribute;
    type IntoIter = std::slice::Iter<'a, Attribute>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        Self(attributes.into_iter().collect())
    }
}

impl<K: Into<String>, V: Into<AttributeValue>, const N: usize> From<[(K, V); N]> for Attributes {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().map(|(key, value)| Attribute::new(key, value)).collect()
    }
}
