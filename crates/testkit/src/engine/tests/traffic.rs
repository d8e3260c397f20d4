use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest,
};

use super::*;

fn write_batch(keys: &[&str]) -> Vec<WriteRequest> {
    let write = |k: &&str| {
        let put = PutRequest::builder().set_item(Some(item(k))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    keys.iter().map(write).collect()
}

#[tokio::test]
async fn a_batch_of_writes_is_processed_in_part() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    let client = handle.client();
    let send = |keys: &[&str]| client.batch_write_item().request_items("spans", write_batch(keys)).send();
    handle.inject(FaultPlan::script([
        (0, Fault::ProcessOnly(2)),
        (1, Fault::ProcessOnly(0)),
        (2, Fault::ProcessOnly(3)),
    ]));

    let answer = send(&["p", "q", "r"]).await.unwrap();
    assert_eq!(answer.unprocessed_items().unwrap()["spans"], write_batch(&["r"]));
    assert!(is_stored(&engine, "q").await && !is_stored(&engine, "r").await);
    let refused = send(&["r"]).await.unwrap_err();
    assert_eq!(refused.code(), Some("ProvisionedThroughputExceededException"));
    let answer = send(&["r"]).await.unwrap();
    assert!(answer.unprocessed_items().is_none_or(HashMap::is_empty));

    let tally = handle.traffic().of("BatchWriteItem", "spans");
    assert_eq!((tally.requests, tally.items, tally.write_units), (3, 3, 3.0));
}

#[tokio::test]
async fn a_batch_of_reads_is_processed_in_part() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    let client = handle.client();
    put(&client, "p").await.unwrap();
    put(&client, "q").await.unwrap();
    handle.inject(FaultPlan::script([(0, Fault::ProcessOnly(1))]));

    let keys = KeysAndAttributes::builder().keys(item("p")).keys(item("q")).consistent_read(true);
    let answer = client.batch_get_item().request_items("spans", keys.build().unwrap()).send().await.unwrap();
    assert_eq!(answer.responses().unwrap()["spans"], [item("p")]);
    let left = &answer.unprocessed_keys().unwrap()["spans"];
    assert_eq!((left.keys(), left.consistent_read()), ([item("q")].as_slice(), Some(true)));

    let rest = client.batch_get_item().request_items("spans", left.clone()).send().await.unwrap();
    assert_eq!(rest.responses().unwrap()["spans"], [item("q")]);
}

#[tokio::test]
async fn traffic_counts_requests_items_and_units_by_operation_and_table() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    let client = handle.client();
    let text = AttributeValue::S("x".repeat(1_500));
    client.put_item().table_name("spans").set_item(Some(item("x"))).item("t", text).send().await.unwrap();
    let before = handle.traffic();
    assert_eq!(
        before.of("PutItem", "spans"),
        Tally { requests: 1, items: 1, read_units: 0.0, write_units: 2.0 }
    );

    assert!(sees(&client, "x", true).await);
    assert!(!sees(&client, "y", false).await);
    handle.inject(FaultPlan::new(|_| Fault::Refuse(Refusal::Throttling)));
    assert!(put(&client, "z").await.is_err());
    handle.inject(FaultPlan::new(|_| Fault::CutBefore));
    assert!(put(&client, "z").await.is_err());

    let after = handle.traffic().since(&before);
    assert_eq!(after.requests(), 3);
    let gets = after.operation("GetItem");
    assert_eq!((gets.requests, gets.items, gets.read_units), (2, 1, 1.5));
    assert_eq!(after.of("PutItem", "spans"), Tally { requests: 1, ..Tally::default() });
    assert_eq!(after.table("spans").requests, 3);
    assert_eq!(engine.traffic().requests(), 1 + 1 + 3, "with the table's creation by another handle");
}

#[tokio::test]
async fn capacity_is_shown_only_to_who_asked_for_it() {
    let client = engine_with_table().await.handle("a").client();
    let put = || client.put_item().table_name("spans").set_item(Some(item("x")));
    assert!(put().send().await.unwrap().consumed_capacity().is_none());
    assert!(
        put()
            .return_consumed_capacity(ReturnConsumedCapacity::None)
            .send()
            .await
            .unwrap()
            .consumed_capacity()
            .is_none()
    );
    let asked = put().return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    assert_eq!(asked.consumed_capacity().unwrap().capacity_units(), Some(1.0));
}
