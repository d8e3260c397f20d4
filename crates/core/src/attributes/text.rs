//! The text of a value, by which both of Jaeger's APIs compare values.

use std::borrow::Cow;
use std::fmt::Write;

use super::go_text;
use crate::AttributeValue;

/// Whose text of a value: the APIs differ for floats and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextForm {
    /// `jaeger.storage.v2`: OpenTelemetry Collector `pcommon.Value.AsString`. Floats as in ECMAScript, bytes in
    /// standard base64, maps and lists in JSON.
    #[default]
    V2,
    /// `jaeger.storage.v1`: Jaeger `model.KeyValue.AsString`. Floats as Go's `%.10g`, bytes in lower-case
    /// hexadecimal; maps and lists are JSON already when OTLP is translated to v1.
    V1,
}

impl AttributeValue {
    /// The value's text in the given form.
    #[must_use]
    pub fn text(&self, form: TextForm) -> Cow<'_, str> {
        match (self, form) {
            (Self::Empty, _) => Cow::Borrowed(""),
            (Self::String(text), _) => Cow::Borrowed(text),
            (Self::Bool(value), _) => Cow::Borrowed(if *value { "true" } else { "false" }),
            (Self::Int(value), _) => Cow::Owned(value.to_string()),
            (Self::Double(value), TextForm::V2) => Cow::Owned(go_text::es6(value.0)),
            (Self::Double(value), TextForm::V1) => Cow::Owned(go_text::g10(value.0)),
            (Self::Bytes(bytes), TextForm::V2) => Cow::Owned(go_text::base64(bytes)),
            (Self::Bytes(bytes), TextForm::V1) => Cow::Owned(hex(bytes)),
            (Self::Array(_) | Self::Map(_), _) => Cow::Owned(json(self)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The value as Go's `json.Marshal` of `AsRaw` writes it; nothing at all if it holds a float that JSON has
/// no text for, since the Collector drops the error.
fn json(value: &AttributeValue) -> String {
    let mut out = String::new();
    match write_json(value, &mut out) {
        Some(()) => out,
        None => String::new(),
    }
}

fn write_json(value: &AttributeValue, out: &mut String) -> Option<()> {
    match value {
        AttributeValue::Empty => out.push_str("null"),
        AttributeValue::String(text) => go_text::json_string(text, out),
        AttributeValue::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        AttributeValue::Int(value) => out.push_str(&value.to_string()),
        AttributeValue::Double(value) if value.0.is_finite() => out.push_str(&go_text::es6(value.0)),
        AttributeValue::Double(_) => return None,
        // The Collector hands over a nil slice.
        AttributeValue::Bytes(bytes) if bytes.is_empty() => out.push_str("null"),
        AttributeValue::Bytes(bytes) => go_text::json_string(&go_text::base64(bytes), out),
        AttributeValue::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(value, out)?;
            }
            out.push(']');
        }
        AttributeValue::Map(attributes) => {
            // `AsRaw` makes a Go map of it: of equal keys the last stays, and keys are written in order.
            let entries: std::collections::BTreeMap<_, _> =
                attributes.iter().map(|attribute| (attribute.key.as_str(), &attribute.value)).collect();
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                go_text::json_string(key, out);
                out.push(':');
                write_json(value, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attributes;

    fn v1(value: impl Into<AttributeValue>) -> String {
        value.into().text(TextForm::V1).into_owned()
    }

    fn v2(value: impl Into<AttributeValue>) -> String {
        value.into().text(TextForm::V2).into_owned()
    }

    #[test]
    fn texts_of_simple_values_are_equal_in_both_forms() {
        for text in [v1, v2].map(|form: fn(AttributeValue) -> String| {
            [form(true.into()), form((-5_i64).into()), form("a b".into()), form(AttributeValue::Empty)]
                .join("|")
        }) {
            assert_eq!(text, "true|-5|a b|");
        }
    }

    // Values from Go: strconv.FormatFloat(v, 'g', 10, 64) and encoding/json.
    #[test]
    fn floats_differ_between_the_forms() {
        for (value, v1_text, v2_text) in [
            (72.5, "72.5", "72.5"),
            (0.1, "0.1", "0.1"),
            (1.0, "1", "1"),
            (-0.0, "-0", "-0"),
            (1e21, "1e+21", "1e+21"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e-7, "1e-07", "1e-7"),
            (1e-6, "1e-06", "0.000001"),
            (0.00001234, "1.234e-05", "0.00001234"),
            (0.0001234, "0.0001234", "0.0001234"),
            (1.0 / 3.0, "0.3333333333", "0.3333333333333333"),
            (12_345_678_901.0, "1.23456789e+10", "12345678901"),
            (9_999_999_999.9, "1e+10", "9999999999.9"),
            (123_456.789, "123456.789", "123456.789"),
            (f64::NAN, "NaN", "json: unsupported value: NaN"),
            (f64::INFINITY, "+Inf", "json: unsupported value: +Inf"),
            (f64::NEG_INFINITY, "-Inf", "json: unsupported value: -Inf"),
            (1.5e300, "1.5e+300", "1.5e+300"),
            (5e-324, "4.940656458e-324", "5e-324"),
        ] {
            assert_eq!((v1(value), v2(value)), (v1_text.to_owned(), v2_text.to_owned()), "{value:?}");
        }
    }

    #[test]
    fn bytes_are_hexadecimal_in_v1_and_base64_in_v2() {
        let value = AttributeValue::Bytes(vec![0, 0xff, 0x10, 7]);
        assert_eq!((v1(value.clone()), v2(value)), ("00ff1007".into(), "AP8QBw==".into()));
    }

    #[test]
    fn maps_and_lists_are_json_with_sorted_keys() {
        let map = AttributeValue::Map(Attributes(vec![
            crate::Attribute::new(
                "b",
                AttributeValue::Array(vec![1_i64.into(), "<x>\n".into(), AttributeValue::Empty]),
            ),
            crate::Attribute::new("a", 2.5),
            crate::Attribute::new("a", AttributeValue::Bytes(vec![1])),
        ]));
        assert_eq!(v2(map), r#"{"a":"AQ==","b":[1,"\u003cx\u003e\n",null]}"#);
        assert_eq!(v2(AttributeValue::Array(vec![f64::NAN.into()])), "");
        let empty_bytes = AttributeValue::Bytes(Vec::new());
        assert_eq!(v2(empty_bytes.clone()), "");
        assert_eq!(v2(AttributeValue::Array(vec![empty_bytes])), "[null]");
    }
}
