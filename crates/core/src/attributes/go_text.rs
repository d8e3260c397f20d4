//! Texts as Go's standard library writes them, which Jaeger compares.

use std::fmt::Write;

/// A float as the Collector's `pcommon` writes it: shortest digits, exponent below 1e-6 and from 1e21 on.
pub(super) fn es6(value: f64) -> String {
    if !value.is_finite() {
        return format!("json: unsupported value: {}", not_finite(value));
    }
    if value == 0.0 && value.is_sign_negative() {
        // ECMAScript, and so the library, writes "0".
        return "-0".to_owned();
    }
    ryu_js::Buffer::new().format_finite(value).to_owned()
}

/// A float as `strconv.FormatFloat(value, 'g', 10, 64)` writes it: at most ten digits, trailing zeros kept off,
/// exponent of at least two digits below 1e-4 and from 1e10 on.
pub(super) fn g10(value: f64) -> String {
    const DIGITS: i32 = 10;
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    let scientific = format!("{value:.9e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..DIGITS).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_trailing_zeros(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or_default();
    without_trailing_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Standard base64 with padding (RFC 4648 §4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for position in 0..4 {
            let index = (bits >> (18 - 6 * position)) as usize & 63;
            text.push(if position <= group.len() {
                ALPHABET.get(index).map_or('=', |c| char::from(*c))
            } else {
                '='
            });
        }
    }
    text
}

/// Appends a JSON string as `encoding/json` writes it with HTML escaping on.
pub(super) fn json_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests;
