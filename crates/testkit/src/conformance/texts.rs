//! The texts of values that a search compares.

use jaeger_dynamodb_core::{Attribute, AttributeValue, Attributes, Span, TextForm};

use super::StoreUnderTest;
use super::expect::Outcome;
use super::searching::{expect_pairs, with_attributes};

/// A trace for each value under one key.
fn of_each_type() -> Vec<Span> {
    let values: [AttributeValue; 9] = [
        "text".into(),
        123_i64.into(),
        72.5.into(),
        true.into(),
        AttributeValue::Bytes(vec![0xab, 0xcd]),
        1e21.into(),
        1e-7.into(),
        "".into(),
        AttributeValue::Array(vec!["a".into(), 1_i64.into()]),
    ];
    (1..)
        .zip(values)
        .map(|(trace, value)| {
            Span::Otlp(with_attributes(trace, Attributes(vec![Attribute::new("k", value)])))
        })
        .collect()
}

pub(super) async fn values_are_compared_as_text(store: &StoreUnderTest) -> Outcome {
    store.write(of_each_type()).await?;
    let pairs: [(&str, &str, &[u64]); 12] = [
        ("k", "text", &[1]),
        ("k", "123", &[2]),
        ("k", "72.5", &[3]),
        ("k", "true", &[4]),
        ("k", "q80=", &[5]),
        ("k", "1e+21", &[6]),
        ("k", "1e-7", &[7]),
        ("k", "", &[8]),
        ("k", r#"["a",1]"#, &[9]),
        ("k", "123.0", &[]),
        ("k", "True", &[]),
        ("k", "abcd", &[]),
    ];
    expect_pairs(store, TextForm::V2, &pairs).await
}

pub(super) async fn values_are_compared_as_v1_text(store: &StoreUnderTest) -> Outcome {
    store.write(of_each_type()).await?;
    let pairs: [(&str, &str, &[u64]); 10] = [
        ("k", "text", &[1]),
        ("k", "123", &[2]),
        ("k", "72.5", &[3]),
        ("k", "true", &[4]),
        ("k", "abcd", &[5]),
        ("k", "1e+21", &[6]),
        ("k", "1e-07", &[7]),
        ("k", "", &[8]),
        ("k", "q80=", &[]),
        ("k", "1e-7", &[]),
    ];
    expect_pairs(store, TextForm::V1, &pairs).await
}

pub(super) async fn any_value_of_a_repeated_key_matches(store: &StoreUnderTest) -> Outcome {
    let attributes = Attributes::from([("k", "1"), ("k", "2"), ("k", "3")]);
    store.write(vec![Span::Otlp(with_attributes(1, attributes))]).await?;
    let pairs: [(&str, &str, &[u64]); 4] =
        [("k", "1", &[1]), ("k", "2", &[1]), ("k", "3", &[1]), ("k", "4", &[])];
    expect_pairs(store, TextForm::V2, &pairs).await
}

pub(super) async fn keys_and_texts_are_literal(store: &StoreUnderTest) -> Outcome {
    let texts = [
        ("same", "sameplace"),
        ("same", "same.*"),
        ("k%", "v%"),
        ("a.b", "v"),
        ("a b", " v "),
        ("ключ", "日本"),
    ];
    let spans =
        (1..).zip(texts).map(|(trace, pair)| Span::Otlp(with_attributes(trace, Attributes::from([pair]))));
    store.write(spans.collect()).await?;
    let pairs: [(&str, &str, &[u64]); 13] = [
        ("same", "same.*", &[2]),
        ("same", "same*", &[]),
        ("sa.e", "sameplace", &[]),
        ("same", "sameplac_", &[]),
        ("same", "Sameplace", &[]),
        ("Same", "sameplace", &[]),
        ("k%", "v%", &[3]),
        ("k", "v", &[]),
        ("a.b", "v", &[4]),
        ("a", "v", &[]),
        ("a b", " v ", &[5]),
        ("a b", "v", &[]),
        ("ключ", "日本", &[6]),
    ];
    expect_pairs(store, TextForm::V2, &pairs).await
}
