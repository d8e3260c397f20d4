use super::*;

/// Bits, v1 text and v2 text of floats as Go's `strconv` writes them; `floats.go` makes the table.
const FLOATS: &str = include_str!("floats.tsv");

#[test]
fn floats_are_written_as_go_writes_them() {
    let mut rows = 0;
    for row in FLOATS.lines() {
        let [bits, v1, v2] = row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!((g10(value).as_str(), es6(value).as_str()), (v1, v2), "{value:?}");
        rows += 1;
    }
    assert!(rows >= 200, "the table has only {rows} rows");
}

// The examples of RFC 4648 §10.
#[test]
fn base64_pads_to_groups_of_four() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xef, 0xff, 0, 0]), "++//AAA=");
}

#[test]
fn json_strings_escape_what_go_escapes() {
    let mut text = String::new();
    json_string("\"\\\n\r\t\u{8}\u{c}\0\u{1f}<>&\u{2028}\u{2029}\u{7f}é/'", &mut text);
    assert_eq!(text, "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u001f\\u003c\\u003e\\u0026\\u2028\\u2029\u{7f}é/'\"");
}
