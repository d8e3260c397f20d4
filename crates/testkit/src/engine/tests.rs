use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use jaeger_dynamodb_core::UnixNanos;

use super::*;
use crate::{ManualClock, TokioClock};

mod rates;
mod server;
mod stale;
mod traffic;

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
    let key = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let schema = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
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
    HashMap::from([("pk".to_owned(), AttributeValue::S(k.to_owned()))])
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
async fn throttling_says_of_what_and_why() {
    let engine = engine_with_table().await;
    let handle = engine.handle("a");
    let client = handle.client();
    let mut seen = Vec::new();
    for refusal in [Refusal::Throttling, Refusal::ThroughputExceeded, Refusal::RequestLimitExceeded] {
        handle.inject(FaultPlan::new(move |_| Fault::Refuse(refusal)));
        let reasons = match put(&client, "x").await.unwrap_err().into_service_error() {
            PutItemError::ThrottlingException(error) => error.throttling_reasons,
            PutItemError::ProvisionedThroughputExceededException(error) => error.throttling_reasons,
            PutItemError::RequestLimitExceeded(error) => error.throttling_reasons,
            other => panic!("{other:?}"),
        };
        for reason in reasons.unwrap() {
            assert_eq!(reason.resource(), Some("arn:aws:dynamodb:dynoxide:000000000000:table/spans"));
            seen.push(reason.reason.unwrap());
        }
    }
    let expected = ["KeyRangeThroughputExceeded", "ProvisionedThroughputExceeded", "AccountLimitExceeded"];
    assert_eq!(seen, expected.map(|limit| format!("TableWrite{limit}")));
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
async fn an_engine_that_exists_already_can_be_made_faulty_too() {
    let embedded = EmbeddedEngine::in_memory().unwrap();
    let engine = TestEngine::over(embedded.clone(), Arc::new(manual()));
    create_table(&engine).await;
    let handle = engine.handle("a");
    handle.inject(FaultPlan::script([(0, Fault::CutAfter)]));
    assert!(put(&handle.client(), "x").await.is_err());
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
