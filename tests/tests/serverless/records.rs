//! Records of the stream of windows.

use std::collections::HashMap;

use serde_dynamo::{AttributeValue, Item};
use serde_json::{Value, json};

/// Seconds of a window.
pub(crate) const LENGTH: u32 = 300;

/// The item of the window of no tenant that begins then, with the attributes that writers give it.
pub(crate) fn window(start: u64) -> HashMap<String, AttributeValue> {
    let mut sort = start.to_be_bytes().to_vec();
    sort.extend_from_slice(&LENGTH.to_be_bytes());
    HashMap::from([
        ("pk".to_owned(), AttributeValue::B(vec![0])),
        ("sk".to_owned(), AttributeValue::B(sort)),
        ("lanes".to_owned(), AttributeValue::Bs(vec![b"one lane".to_vec()])),
        ("grace".to_owned(), AttributeValue::N("60".to_owned())),
        ("expiry".to_owned(), AttributeValue::N((start + 604_800).to_string())),
    ])
}

/// The item with another attribute.
pub(crate) fn with(
    mut image: HashMap<String, AttributeValue>,
    name: &str,
    value: AttributeValue,
) -> HashMap<String, AttributeValue> {
    image.insert(name.to_owned(), value);
    image
}

pub(crate) fn sealed(start: u64) -> HashMap<String, AttributeValue> {
    with(window(start), "sealed", AttributeValue::N("1".to_owned()))
}

pub(crate) fn derived(start: u64) -> HashMap<String, AttributeValue> {
    with(sealed(start), "manifest", AttributeValue::B(vec![1, 2, 3]))
}

pub(crate) fn with_edges(start: u64) -> HashMap<String, AttributeValue> {
    with(derived(start), "edges", AttributeValue::N("1".to_owned()))
}

/// One whose edges, or those of a later one, were wanted before anybody could derive it.
pub(crate) fn with_log_end(start: u64) -> HashMap<String, AttributeValue> {
    with(sealed(start), "log_end", AttributeValue::B(vec![1]))
}

/// The item that says how items are laid out.
pub(crate) fn meta() -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::B(b"\xffmeta".to_vec())),
        ("sk".to_owned(), AttributeValue::B(vec![0; 12])),
        ("layout".to_owned(), AttributeValue::N("1".to_owned())),
    ])
}

/// The manifest of a block.
pub(crate) fn block(start: u64) -> HashMap<String, AttributeValue> {
    let image = with(window(start), "pk", AttributeValue::B(vec![0, b'b']));
    with(image, "manifest", AttributeValue::B(vec![1]))
}

/// A record as Lambda hands it over.
pub(crate) fn record(sequence_number: u64, event: &str, image: HashMap<String, AttributeValue>) -> Value {
    json!({
        "eventID": format!("{sequence_number:032x}"),
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/jaeger.windows/stream/2026-01-31T00:00:00.000",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_769_860_800.0,
            "Keys": Item::from(HashMap::from([
                ("pk".to_owned(), image.get("pk").unwrap().clone()),
                ("sk".to_owned(), image.get("sk").unwrap().clone()),
            ])),
            "NewImage": Item::from(image),
            "SequenceNumber": sequence_number.to_string(),
            "SizeBytes": 120,
            "StreamViewType": "NEW_IMAGE",
        },
    })
}

/// A deletion, by TTL if there is an identity.
pub(crate) fn removal(sequence_number: u64, start: u64, identity: Option<Value>) -> Value {
    let mut record = record(sequence_number, "REMOVE", window(start));
    record["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    if let Some(identity) = identity {
        record["userIdentity"] = identity;
    }
    record
}

/// Who deletes expired items, in both spellings that AWS documents.
pub(crate) fn ttl_identities() -> [Value; 2] {
    [
        json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}),
        json!({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}),
    ]
}

/// What is no record, or one that cannot be read.
pub(crate) fn malformed(sequence_number: u64) -> Vec<Value> {
    let whole = record(sequence_number, "MODIFY", sealed(600));
    let mut without_key = whole.clone();
    without_key["dynamodb"]["NewImage"].as_object_mut().unwrap().remove("sk");
    let mut short_key = whole.clone();
    short_key["dynamodb"]["NewImage"]["sk"] = json!({"B": "AAAA"});
    let mut no_attribute = whole.clone();
    no_attribute["dynamodb"]["NewImage"]["sealed"] = json!("text");
    let mut no_change = whole;
    no_change["dynamodb"] = json!([1]);
    vec![json!(null), json!(7), json!({}), without_key, short_key, no_attribute, no_change]
}
