use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, KeysAndAttributes,
    PutRequest, ReturnConsumedCapacity, ScalarAttributeType, TimeToLiveSpecification, WriteRequest,
};
use jaeger_dynamodb_core::UnixNanos;

use super::*;
use crate::{ManualClock, TokioClock};

type Item = HashMap<String, AttributeValue>;

const START: UnixNanos = UnixNanos::from_secs(1_760_000_000);
const START_DATE: &str = "Thu, 09 Oct 2025 08:53:20 GMT";

fn manual() -> ManualClock {
    ManualClock::at(START)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn engine_with_table() -> TestEngine {
    let engine = TestEngine::new(Arc::new(manual())).unwrap();
    create_table(&engine).await;
    engine
}

async fn create_table(engine: &TestEngine) {
    let key = AttributeDefinition::builder().attribute_name("k").attribute_type(ScalarAttributeType::S);
    let schema = KeySchemaElement::builder().attribute_name("k").key_type(KeyType::Hash);
    let create = engine
        .handle("setup")
        .client()
        .create_table()
        .table_name("spans")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(key.build().unwrap())
        .key_schema(schema.build().unwrap());
    create.send().await.unwrap();
}

fn item(k: &str) -> Item {
    HashMap::from([("k".to_owned(), AttributeValue::S(k.to_owned()))])
}

async fn put(client: &Client, k: &str) -> Result<(), SdkError<PutItemError>> {
    client.put_item().table_name("spans").set_item(Some(item(k))).send().await.map(drop)
}

async fn sees(client: &Client, k: &str, consistent: bool) -> bool {
    let get = client.get_item().table_name("spans").set_key(Some(item(k))).consistent_read(consistent);
    get.send().await.unwrap().item.is_some()
}

/// Whether it is there, asked by a process that nothing befalls.
async fn is_stored(engine: &TestEngine, k: &str) -> bool {
    sees(&engine.handle("witness").client(), k, true).await
}

async fn date_of_a_failed_call(client: &Client) -> String {
    let error = client.describe_table().table_name("nowhere").send().await.unwrap_err();
    error.raw_response().unwrap().headers().get("date").unwrap().to_owned()
}

#[tokio::test]
async fn handles_share_the_data_but_not_the_faults() {
    let engine = engine_with_table().await;
    let (a, b) = (engine.handle("a"), engine.handle("b"));
    a.inject(FaultPlan::new(|_| Fault::Refuse(Refusal::Throttling)));
    put(&b.client(), "x").await.unwrap();
    assert!(put(&a.client(), "y").await.is_err());
    a.inject(FaultPlan::none());
    assert!(sees(&a.client(), "x", true).await);
}

#[tokio::test]
async fn dates_are_the_clocks_and_can_be_shifted_on_single_answers() {
    let clock = manual();
    let engine = TestEngine::new(Arc::new(clock.clone())).unwrap();
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(1, Fault::ShiftDate(-2)), (2, Fault::ShiftDate(60))]));
    let client = handle.client();
    assert_eq!(date_of_a_failed_call(&client).await, START_DATE);
    assert_eq!(date_of_a_failed_call(&client).await, "Thu, 09 Oct 2025 08:53:18 GMT");
    assert_eq!(date_of_a_failed_call(&client).await, "Thu, 09 Oct 2025 08:54:20 GMT");
    clock.advance(Duration::from_millis(1_999));
    assert_eq!(date_of_a_failed_call(&client).await, "Thu, 09 Oct 2025 08:53:21 GMT");
}

#[tokio::test]
async fn refusals_are_typed_and_do_nothing() {
    let engine = engine_with_table().await;
    for (refusal, code, status) in [
        (Refusal::InternalServerError, "InternalServerError", 500),
        (Refusal::Throttling, "ThrottlingException", 400),
        (Refusal::ThroughputExceeded, "ProvisionedThroughputExceededException", 400),
        (Refusal::RequestLimitExceeded, "RequestLimitExceeded", 400),
    ] {
        let handle = engine.handle("a");
        handle.inject(FaultPlan::new(move |_| Fault::Refuse(refusal)));
        let error = put(&handle.client(), "x").await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        let response = error.raw_response().unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("date"), Some(START_DATE));
    }
    assert!(!is_stored(&engine, "x").await);
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_write() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(0, Fault::CutBefore), (1, Fault::CutAfter)]));
    for (k, stored) in [("before", false), ("after", true)] {
        let error = put(&handle.client(), k).await.unwrap_err();
        assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
        assert_eq!(is_stored(&engine, k).await, stored, "{k}");
    }
}

#[tokio::test]
async fn a_write_may_arrive_long_after_its_connection_was_cut() {
    let clock = manual();
    let engine = TestEngine::new(Arc::new(clock.clone())).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(0, Fault::CutAndExecuteLater(seconds(10)))]));
    assert!(put(&handle.client(), "late").await.is_err());
    clock.advance(seconds(9));
    assert!(!is_stored(&engine, "late").await);
    clock.advance(seconds(1));
    assert!(is_stored(&engine, "late").await);
}

#[tokio::test]
async fn a_crash_before_a_request_loses_it_and_ends_the_process() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(1, Fault::CrashBefore)]));
    let client = handle.client();
    put(&client, "first").await.unwrap();
    assert!(put(&client, "second").await.is_err());
    assert!(handle.is_crashed());
    assert!(put(&client, "third").await.is_err());
    assert!(put(&handle.client(), "fourth").await.is_err());

    let restarted = engine.handle("a").client();
    assert!(sees(&restarted, "first", true).await);
    assert!(!sees(&restarted, "second", true).await);
}

#[tokio::test]
async fn a_crash_after_a_request_keeps_what_it_wrote() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::nth(0, |request| request.is("PutItem", "spans"), Fault::CrashAfter));
    assert!(put(&handle.client(), "x").await.is_err());
    assert!(handle.is_crashed());
    assert!(is_stored(&engine, "x").await);
}

#[tokio::test]
async fn a_crash_reaches_those_who_still_wait_for_an_answer() {
    let clock = manual();
    let engine = TestEngine::new(Arc::new(clock.clone())).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::new(|_| Fault::DelayAnswer(seconds(5))));
    let client = handle.client();
    let waiting = tokio::spawn(async move { put(&client, "x").await });
    while !is_stored(&engine, "x").await {
        tokio::task::yield_now().await;
    }
    handle.crash();
    clock.advance(seconds(5));
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_held_request_is_dated_late_and_a_delayed_answer_early() {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(0, Fault::DelayAnswer(seconds(5))), (1, Fault::Hold(seconds(5)))]));
    assert_eq!(date_of_a_failed_call(&handle.client()).await, START_DATE);
    assert_eq!(clock.monotonic(), seconds(5));
    assert_eq!(date_of_a_failed_call(&handle.client()).await, "Thu, 09 Oct 2025 08:53:30 GMT");
}

#[tokio::test(start_paused = true)]
async fn the_sdks_timeouts_go_by_the_tests_clock() {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(seconds(2)).build();
    let client = Client::from_conf(handle.sdk_config().timeout_config(timeouts).build());
    handle.inject(FaultPlan::script([(0, Fault::DelayAnswer(seconds(3))), (1, Fault::Hold(seconds(3)))]));
    for (k, stored) in [("delayed", true), ("held", false)] {
        let error = put(&client, k).await.unwrap_err();
        assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
        assert_eq!(is_stored(&engine, k).await, stored, "{k}");
    }
    assert_eq!(clock.monotonic(), seconds(4));
    put(&client, "prompt").await.unwrap();
}

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
            .key_condition_expression("k = :k")
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
    let again = again.item("v", AttributeValue::Bool(true)).condition_expression("attribute_not_exists(k)");
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

/// What the 200 puts of one run came to.
async fn outcomes(seed: u64) -> (Vec<bool>, UnixNanos) {
    let clock = TokioClock::starting_at(START);
    let engine = TestEngine::new(Arc::new(clock)).unwrap();
    create_table(&engine).await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::seeded(seed, FaultRates::default()));
    let client = handle.client();
    let mut outcomes = Vec::new();
    for n in 0..200 {
        outcomes.push(put(&client, &n.to_string()).await.is_ok());
    }
    (outcomes, clock.wall())
}

#[tokio::test(start_paused = true)]
async fn a_seed_replays() {
    let first = outcomes(7).await;
    assert_eq!(outcomes(7).await, first);
    assert_ne!(outcomes(8).await, first);
    assert!(first.0.contains(&true) && first.0.contains(&false));
    assert!(first.1 > START, "some of them were delayed");
}

#[tokio::test]
async fn an_engine_in_a_directory_can_be_made_faulty_too() {
    let embedded = EmbeddedEngine::in_memory().unwrap();
    let engine = TestEngine::over(embedded.clone(), Arc::new(manual()));
    create_table(&engine).await;
    put(&engine.handle("a").client(), "x").await.unwrap();
    assert!(sees(&embedded.client(), "x", true).await);
}

#[tokio::test]
async fn a_process_may_have_a_clock_that_differs_from_the_services() {
    let wrong = Arc::new(ManualClock::at(UnixNanos::from_secs(5)));
    let engine = TestEngine::new(Arc::new(manual())).unwrap();
    let handle = engine.handle("a").with_clock(wrong);
    let now = handle.sdk_config().build().time_source().unwrap().now();
    assert_eq!(now, std::time::UNIX_EPOCH + seconds(5));
    assert_eq!(date_of_a_failed_call(&handle.client()).await, START_DATE);
}
