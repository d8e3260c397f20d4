mod index;
mod special_keys;

use super::*;
use crate::{Attribute, AttributeValue, Attributes, Range, UnixNanos, otlp, samples, v1};

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Attributes {
    Attributes::from(pairs)
}

fn condition(form: TextForm, key: &str, text: &str) -> AttributeCondition {
    AttributeCondition { key: key.to_owned(), text: text.to_owned(), form }
}

fn attribute(form: TextForm, key: &str, text: &str) -> Predicate {
    Predicate::Attribute(condition(form, key, text))
}

fn holds_v1(span: &Span, key: &str, text: &str) -> bool {
    satisfies(span, &attribute(TextForm::V1, key, text))
}

fn holds_v2(span: &Span, key: &str, text: &str) -> bool {
    satisfies(span, &attribute(TextForm::V2, key, text))
}

/// One key of its own in each of the five places.
fn otlp_with_all_places() -> Span {
    let resource = otlp::Resource { attributes: pairs([("in.resource", "r")]), ..otlp::Resource::default() };
    let scope = otlp::Scope { attributes: pairs([("in.scope", "s")]), ..otlp::Scope::default() };
    let event = |key, text| otlp::Event { attributes: pairs([(key, text)]), ..otlp::Event::default() };
    let link = otlp::Link { attributes: pairs([("in.link", "l")]), ..samples::link() };
    Span::Otlp(otlp::Span {
        resource: resource.into(),
        scope: scope.into(),
        attributes: pairs([("in.span", "a")]),
        events: vec![event("in.event", "e"), event("in.event.2", "e2")],
        links: vec![samples::link(), link],
        ..samples::otlp()
    })
}

fn v1_with_all_places() -> Span {
    let log = |key, text| v1::Log { fields: pairs([(key, text)]), ..v1::Log::default() };
    let process = v1::Process { service_name: "web".to_owned(), tags: pairs([("in.process", "p")]) };
    Span::V1(v1::Span {
        tags: pairs([("in.span", "a")]),
        logs: vec![log("in.log", "f"), log("in.log.2", "f2")],
        process: Some(process.into()),
        ..samples::v1()
    })
}

fn with_attribute(value: impl Into<AttributeValue>) -> [Span; 2] {
    let attributes = Attributes(vec![Attribute::new("k", value)]);
    [
        Span::Otlp(otlp::Span { attributes: attributes.clone(), ..samples::otlp() }),
        Span::V1(v1::Span { tags: attributes, ..samples::v1() }),
    ]
}

#[test]
fn an_attribute_is_found_in_each_place_by_both_forms() {
    let otlp = [
        ("in.span", "a"),
        ("in.resource", "r"),
        ("in.scope", "s"),
        ("in.event", "e"),
        ("in.event.2", "e2"),
        ("in.link", "l"),
    ];
    let v1 = [("in.span", "a"), ("in.process", "p"), ("in.log", "f"), ("in.log.2", "f2")];
    for (span, places) in [(otlp_with_all_places(), &otlp[..]), (v1_with_all_places(), &v1[..])] {
        for (key, text) in places {
            for form in [TextForm::V1, TextForm::V2] {
                assert!(satisfies(&span, &attribute(form, key, text)), "{form:?} {key}");
                assert!(!satisfies(&span, &attribute(form, key, "other")), "{form:?} {key}");
                assert!(!satisfies(&span, &attribute(form, &key.to_uppercase(), text)), "{form:?} {key}");
            }
        }
    }
}

#[test]
fn all_conditions_hold_on_one_span_in_any_of_its_places() {
    let all = |keys: &[(&str, &str)]| {
        Predicate::All(keys.iter().map(|(key, text)| attribute(TextForm::V2, key, text)).collect())
    };
    let span = otlp_with_all_places();
    assert!(satisfies(
        &span,
        &all(&[("in.span", "a"), ("in.link", "l"), ("in.event", "e"), ("in.resource", "r")])
    ));
    assert!(!satisfies(&span, &all(&[("in.span", "a"), ("in.process", "p")])));
}

// Texts from Go; the simple ones are those of Jaeger's own queries (`2`=123, `3`=72.5, `4`=true).
#[test]
fn values_are_compared_by_the_text_of_the_form() {
    let list = || AttributeValue::Array(vec!["a".into(), 1_i64.into()]);
    let map = || AttributeValue::Map(Attributes::from([("b", 1_i64), ("a", 2)]));
    for (value, v1_text, v2_text) in [
        (AttributeValue::from("text"), "text", "text"),
        (123_i64.into(), "123", "123"),
        (i64::MIN.into(), "-9223372036854775808", "-9223372036854775808"),
        (72.5.into(), "72.5", "72.5"),
        (2.0.into(), "2", "2"),
        (true.into(), "true", "true"),
        (false.into(), "false", "false"),
        ((-0.0).into(), "-0", "-0"),
        ((1.0 / 3.0).into(), "0.3333333333", "0.3333333333333333"),
        (1e-7.into(), "1e-07", "1e-7"),
        (1e20.into(), "1e+20", "100000000000000000000"),
        (f64::NAN.into(), "NaN", "json: unsupported value: NaN"),
        (AttributeValue::Bytes(vec![0xab, 0xcd]), "abcd", "q80="),
        (AttributeValue::Empty, "", ""),
        ("".into(), "", ""),
        (list(), r#"["a",1]"#, r#"["a",1]"#),
        (map(), r#"{"a":2,"b":1}"#, r#"{"a":2,"b":1}"#),
    ] {
        for span in with_attribute(value.clone()) {
            assert!(holds_v1(&span, "k", v1_text), "{value:?} v1");
            assert!(holds_v2(&span, "k", v2_text), "{value:?} v2");
            assert_eq!(holds_v1(&span, "k", v2_text), v1_text == v2_text, "{value:?}");
            assert_eq!(holds_v2(&span, "k", v1_text), v1_text == v2_text, "{value:?}");
        }
    }
}

#[test]
fn an_empty_text_is_not_a_missing_key() {
    let [span, _] = with_attribute("value");
    assert!(!holds_v2(&span, "k", "") && !holds_v2(&span, "missing", ""));
    assert!(!holds_v2(&Span::Otlp(samples::otlp()), "", ""));
    let attributes = pairs([("", "nameless")]);
    assert!(holds_v2(&Span::Otlp(otlp::Span { attributes, ..samples::otlp() }), "", "nameless"));
}

#[test]
fn any_occurrence_of_a_repeated_key_may_match() {
    let attributes = pairs([("k", "1"), ("k", "2"), ("k", "3")]);
    for span in [
        Span::Otlp(otlp::Span { attributes: attributes.clone(), ..samples::otlp() }),
        Span::V1(v1::Span { tags: attributes, ..samples::v1() }),
    ] {
        for text in ["1", "2", "3"] {
            assert!(holds_v1(&span, "k", text) && holds_v2(&span, "k", text));
        }
        let both = Predicate::All(vec![attribute(TextForm::V1, "k", "1"), attribute(TextForm::V1, "k", "3")]);
        assert!(satisfies(&span, &both));
        assert!(!holds_v1(&span, "k", "4") && !holds_v1(&span, "k", "12"));
    }
}

#[test]
fn keys_and_texts_are_literal() {
    for (key, text, near_key, near_text) in [
        ("same", "same.*", "same", "sameplace"),
        ("same", "same\\*", "same", "same*"),
        ("k%", "v%", "kx", "vx"),
        ("a.b", "v", "a_b", "v"),
        ("a.b", "v", "a", "v"),
        ("with space", " v ", "with space", "v"),
        ("ключ", "日本", "ключ", "日"),
        ("é", "v", "e\u{301}", "v"),
        ("Key", "Value", "key", "Value"),
        ("key", "Value", "key", "value"),
        ("k=v", "w", "k", "v=w"),
        ("nul\0", "\0", "nul", ""),
    ] {
        let attributes = pairs([(key, text)]);
        let span = Span::Otlp(otlp::Span { attributes, ..samples::otlp() });
        for form in [TextForm::V1, TextForm::V2] {
            assert!(satisfies(&span, &attribute(form, key, text)), "{key}={text}");
            assert!(!satisfies(&span, &attribute(form, near_key, near_text)), "{near_key}={near_text}");
        }
    }
}

#[test]
fn service_and_operation_are_compared_whole() {
    for (span, service) in [
        (
            Span::Otlp(otlp::Span {
                resource: samples::service("web"),
                name: "GET".to_owned(),
                ..samples::otlp()
            }),
            "web",
        ),
        (Span::Otlp(otlp::Span { name: "GET".to_owned(), ..samples::otlp() }), ""),
        (Span::V1(v1::Span { operation_name: "GET".to_owned(), ..samples::v1() }), ""),
    ] {
        assert!(satisfies(&span, &Predicate::Service(service.to_owned())));
        assert!(satisfies(&span, &Predicate::Operation("GET".to_owned())));
        for other in ["we", "WEB", "GE", "get", "GET "] {
            assert!(!satisfies(&span, &Predicate::Service(other.to_owned())));
            assert!(!satisfies(&span, &Predicate::Operation(other.to_owned())));
        }
    }
}

#[test]
fn a_service_name_is_the_first_one_and_only_if_it_is_text() {
    for (attributes, service) in [
        (Attributes(vec![Attribute::new("service.name", 7_i64)]), ""),
        (Attributes(vec![Attribute::new("service.name", 7_i64), Attribute::new("service.name", "late")]), ""),
        (pairs([("service.name", "first"), ("service.name", "second")]), "first"),
    ] {
        let resource = otlp::Resource { attributes, ..otlp::Resource::default() };
        let span = Span::Otlp(otlp::Span { resource: resource.into(), ..samples::otlp() });
        assert!(satisfies(&span, &Predicate::Service(service.to_owned())), "{service}");
        assert!(!satisfies(&span, &Predicate::Service("late".to_owned())));
    }
}

#[test]
fn start_bounds_are_inclusive_to_the_nanosecond() {
    let span = Span::Otlp(otlp::Span { start_time_unix_nano: 1_000, ..samples::otlp() });
    for (min, max, expected) in [
        (Some(1_000), Some(1_000), true),
        (Some(999), Some(1_001), true),
        (Some(1_001), None, false),
        (None, Some(999), false),
        (None, None, true),
        (Some(1_001), Some(999), false),
    ] {
        let start = Range { min: min.map(UnixNanos), max: max.map(UnixNanos) };
        assert_eq!(matches(&span, &TraceQuery { start, ..TraceQuery::default() }), expected, "{start:?}");
    }
}

#[test]
fn a_span_beyond_signed_nanoseconds_is_not_before_1970() {
    let start_time_unix_nano = u64::MAX;
    let span =
        Span::Otlp(otlp::Span { start_time_unix_nano, end_time_unix_nano: u64::MAX, ..samples::otlp() });
    let start = Range { min: Some(UnixNanos(u64::MAX.into())), max: None };
    assert!(matches(&span, &TraceQuery { start, ..TraceQuery::default() }));
}

// Jaeger's own queries 7 to 10 have spans of 1000, 2000 and 5000 ns.
#[test]
fn duration_bounds_are_inclusive_to_the_nanosecond() {
    for (nanos, min, max, expected) in [
        (2_000, None, Some(2_000), true),
        (2_001, None, Some(2_000), false),
        (1_000, None, Some(1_000), true),
        (5_000, Some(4_500), Some(5_500), true),
        (4_500, Some(4_500), Some(5_500), true),
        (4_499, Some(4_500), Some(5_500), false),
        (5_501, Some(4_500), Some(5_500), false),
        (0, Some(0), Some(0), true),
        (-10, None, Some(0), true),
        (-10, Some(1), None, false),
        (-10, Some(-10), Some(-10), true),
    ] {
        let start = 1_000_000_u64;
        let end_time_unix_nano = start.checked_add_signed(nanos).unwrap();
        let duration = Range { min: min.map(i128::from), max: max.map(i128::from) };
        for span in [
            Span::Otlp(otlp::Span { start_time_unix_nano: start, end_time_unix_nano, ..samples::otlp() }),
            Span::V1(v1::Span { duration_nanos: nanos, ..samples::v1() }),
        ] {
            assert_eq!(satisfies(&span, &Predicate::Duration(duration)), expected, "{nanos} in {duration:?}");
        }
    }
}

#[test]
fn trees_of_conditions_are_boolean() {
    let span = otlp_with_all_places();
    let yes = || attribute(TextForm::V2, "in.span", "a");
    let no = || attribute(TextForm::V2, "in.span", "b");
    for (predicate, expected) in [
        (Predicate::All(vec![]), true),
        (Predicate::Any(vec![]), false),
        (Predicate::All(vec![yes(), yes()]), true),
        (Predicate::All(vec![yes(), no()]), false),
        (Predicate::Any(vec![no(), yes()]), true),
        (Predicate::Any(vec![no(), no()]), false),
        (Predicate::Not(Box::new(no())), true),
        (Predicate::Not(Box::new(Predicate::Any(vec![no(), yes()]))), false),
        (Predicate::All(vec![Predicate::Any(vec![no(), yes()]), Predicate::Not(Box::new(no()))]), true),
    ] {
        assert_eq!(satisfies(&span, &predicate), expected, "{predicate:?}");
    }
}
