use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TimeToLiveSpecification};

use super::*;

#[tokio::test]
async fn stale_reads_see_exactly_the_state_of_the_lag_ago() {
    let clock = manual();
    let engine = TestEngine::with_stale_reads(Arc::new(clock.clone()), StaleReads::default()).unwrap();
    create_table(&engine).await;
    let client = engine.handle("a").client();
    put(&client, "x").await.unwrap();
    clock.advance(seconds(1));
    client.delete_item().table_name("spans").set_key(Some(item("x"))).send().await.unwrap();
    put(&client, "y").await.unwrap();

    assert!(!sees(&client, "x", false).await);
    assert!(!sees(&client, "x", true).await && sees(&client, "y", true).await);
    clock.advance(seconds(1));
    assert!(sees(&client, "x", false).await && !sees(&client, "y", false).await);
    clock.advance(Duration::from_millis(999));
    assert!(sees(&client, "x", false).await && !sees(&client, "y", false).await);
    clock.advance(Duration::from_millis(1));
    assert!(!sees(&client, "x", false).await && sees(&client, "y", false).await);
}

#[tokio::test]
async fn every_kind_of_read_is_stale_unless_it_asks_for_consistency() {
    let engine = TestEngine::with_stale_reads(Arc::new(manual()), StaleReads::default()).unwrap();
    create_table(&engine).await;
    let client = engine.handle("a").client();
    put(&client, "x").await.unwrap();
    for (consistent, found) in [(false, vec![]), (true, vec![item("x")])] {
        let scan = client.scan().table_name("spans").limit(10).consistent_read(consistent);
        assert_eq!(scan.send().await.unwrap().items(), found);
        let query = client
            .query()
            .table_name("spans")
            .key_condition_expression("pk = :k")
            .expression_attribute_values(":k", AttributeValue::S("x".to_owned()))
            .limit(10)
            .consistent_read(consistent);
        assert_eq!(query.send().await.unwrap().items(), found);
        let keys = KeysAndAttributes::builder().keys(item("x")).consistent_read(consistent).build().unwrap();
        let batch = client.batch_get_item().request_items("spans", keys).send().await.unwrap();
        assert_eq!(batch.responses().unwrap()["spans"], found);
    }
}

#[tokio::test]
async fn a_share_of_the_stale_reads_can_be_fresh() {
    let stale = StaleReads { percent: 50, ..StaleReads::default() };
    let engine = TestEngine::with_stale_reads(Arc::new(manual()), stale).unwrap();
    create_table(&engine).await;
    let client = engine.handle("a").client();
    put(&client, "x").await.unwrap();
    let mut fresh = 0;
    for _ in 0..100 {
        fresh += u32::from(sees(&client, "x", false).await);
    }
    assert!((20..80).contains(&fresh), "{fresh} of 100 were fresh");
}

#[tokio::test]
async fn failed_writes_leave_the_stale_state_alone() {
    let clock = manual();
    let engine = TestEngine::with_stale_reads(Arc::new(clock.clone()), StaleReads::default()).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    let client = handle.client();
    put(&client, "x").await.unwrap();
    let again = client.put_item().table_name("spans").set_item(Some(item("x")));
    let again = again.item("v", AttributeValue::Bool(true)).condition_expression("attribute_not_exists(pk)");
    assert!(again.send().await.is_err());
    clock.advance(seconds(2));
    let read = client.get_item().table_name("spans").set_key(Some(item("x"))).send().await.unwrap();
    assert_eq!(read.item(), Some(&item("x")));
}

#[tokio::test]
async fn expiry_follows_the_tests_clock() {
    let clock = manual();
    let engine = TestEngine::with_stale_reads(Arc::new(clock.clone()), StaleReads::default()).unwrap();
    create_table(&engine).await;
    let client = engine.handle("a").client();
    let expiry = TimeToLiveSpecification::builder().attribute_name("e").enabled(true).build().unwrap();
    client.update_time_to_live().table_name("spans").time_to_live_specification(expiry).send().await.unwrap();
    let expiry = AttributeValue::N("1760000009".to_owned());
    client.put_item().table_name("spans").set_item(Some(item("x"))).item("e", expiry).send().await.unwrap();
    clock.advance(seconds(9));
    assert!(sees(&client, "x", false).await);
    assert_eq!(engine.delete_expired().await.unwrap(), 0);
    clock.advance(seconds(1));
    assert_eq!(engine.delete_expired().await.unwrap(), 1);
    assert!(!sees(&client, "x", false).await && !sees(&client, "x", true).await);
}
