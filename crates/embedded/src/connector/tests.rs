use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::primitives::{Blob, DateTime, DateTimeFormat};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ComparisonOperator, Condition, Delete, Get,
    KeySchemaElement, KeyType, KeysAndAttributes, Put, PutRequest, ReturnConsumedCapacity,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification, TimeToLiveStatus, TransactGetItem,
    TransactWriteItem, WriteRequest,
};

use super::*;

type Item = HashMap<String, AttributeValue>;

fn engine() -> EmbeddedEngine {
    EmbeddedEngine::in_memory().unwrap()
}

/// A table `spans` with keys `k` (string) and `n` (number).
pub(crate) async fn create_table(client: &Client) {
    let attribute = |name, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    client
        .create_table()
        .table_name("spans")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("k", ScalarAttributeType::S))
        .attribute_definitions(attribute("n", ScalarAttributeType::N))
        .key_schema(key("k", KeyType::Hash))
        .key_schema(key("n", KeyType::Range))
        .send()
        .await
        .unwrap();
}

fn key(k: &str, n: u64) -> Item {
    HashMap::from([
        ("k".to_owned(), AttributeValue::S(k.to_owned())),
        ("n".to_owned(), AttributeValue::N(n.to_string())),
    ])
}

pub(crate) async fn put(client: &Client, k: &str, n: u64) {
    client.put_item().table_name("spans").set_item(Some(key(k, n))).send().await.unwrap();
}

pub(crate) async fn get(client: &Client, k: &str, n: u64) -> Option<Item> {
    client.get_item().table_name("spans").set_key(Some(key(k, n))).send().await.unwrap().item
}

async fn client_with_table() -> Client {
    let client = engine().client();
    create_table(&client).await;
    client
}

#[tokio::test]
async fn tables_are_created_described_listed_and_deleted() {
    let client = client_with_table().await;
    let described = client.describe_table().table_name("spans").send().await.unwrap();
    let table = described.table().unwrap();
    assert_eq!(table.table_status(), Some(&TableStatus::Active));
    assert_eq!(table.key_schema().len(), 2);
    assert_eq!(client.list_tables().send().await.unwrap().table_names(), ["spans"]);
    client.delete_table().table_name("spans").send().await.unwrap();
    assert!(client.list_tables().send().await.unwrap().table_names().is_empty());
}

#[tokio::test]
async fn time_to_live_is_set_and_described() {
    let client = client_with_table().await;
    let expiry = TimeToLiveSpecification::builder().attribute_name("e").enabled(true).build().unwrap();
    client.update_time_to_live().table_name("spans").time_to_live_specification(expiry).send().await.unwrap();
    let described = client.describe_time_to_live().table_name("spans").send().await.unwrap();
    let description = described.time_to_live_description().unwrap();
    assert_eq!(description.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
    assert_eq!(description.attribute_name(), Some("e"));
}

#[tokio::test]
async fn items_are_put_read_updated_and_deleted() {
    let client = client_with_table().await;
    let body = AttributeValue::B(Blob::new([0, 255, 128]));
    client
        .put_item()
        .table_name("spans")
        .set_item(Some(key("a", 1)))
        .item("body", body.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(get(&client, "a", 1).await.unwrap()["body"], body);

    client
        .update_item()
        .table_name("spans")
        .set_key(Some(key("a", 1)))
        .update_expression("ADD seen :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!(get(&client, "a", 1).await.unwrap()["seen"], AttributeValue::N("1".to_owned()));

    client.delete_item().table_name("spans").set_key(Some(key("a", 1))).send().await.unwrap();
    assert!(get(&client, "a", 1).await.is_none());
}

#[tokio::test]
async fn query_gives_one_partition_in_order_and_page_by_page() {
    let client = client_with_table().await;
    for n in [3, 1, 2] {
        put(&client, "a", n).await;
        put(&client, "b", n).await;
    }
    let pages = || {
        client
            .query()
            .table_name("spans")
            .key_condition_expression("k = :k AND n > :n")
            .expression_attribute_values(":k", AttributeValue::S("a".to_owned()))
            .expression_attribute_values(":n", AttributeValue::N("1".to_owned()))
            .limit(1)
    };
    let first = pages().send().await.unwrap();
    assert_eq!(first.items(), [key("a", 2)]);
    let second = pages().set_exclusive_start_key(first.last_evaluated_key().cloned()).send().await.unwrap();
    assert_eq!(second.items(), [key("a", 3)]);
}

#[tokio::test]
async fn scan_sees_every_partition() {
    let client = client_with_table().await;
    put(&client, "a", 1).await;
    put(&client, "b", 1).await;
    assert_eq!(client.scan().table_name("spans").limit(10).send().await.unwrap().count(), 2);
}

#[tokio::test]
async fn batches_write_and_read_several_items() {
    let client = client_with_table().await;
    let writes = (1..=3).map(|n| {
        let put = PutRequest::builder().set_item(Some(key("a", n))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    });
    let written = client.batch_write_item().request_items("spans", writes.collect()).send().await.unwrap();
    assert!(written.unprocessed_items().is_none_or(HashMap::is_empty));

    let keys = KeysAndAttributes::builder().keys(key("a", 1)).keys(key("a", 3)).keys(key("a", 9));
    let keys = keys.build().unwrap();
    let read = client.batch_get_item().request_items("spans", keys).send().await.unwrap();
    assert_eq!(read.responses().unwrap()["spans"].len(), 2);
}

#[tokio::test]
async fn transactions_write_and_read_or_give_their_reasons() {
    let client = client_with_table().await;
    let put = |n| {
        let put = Put::builder()
            .table_name("spans")
            .set_item(Some(key("a", n)))
            .condition_expression("attribute_not_exists(k)");
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    client.transact_write_items().transact_items(put(1)).transact_items(put(2)).send().await.unwrap();

    let read = Get::builder().table_name("spans").set_key(Some(key("a", 2))).build().unwrap();
    let read = TransactGetItem::builder().get(read).build();
    let read = client.transact_get_items().transact_items(read).send().await.unwrap();
    assert_eq!(read.responses()[0].item(), Some(&key("a", 2)));

    let delete = Delete::builder().table_name("spans").set_key(Some(key("a", 2))).build().unwrap();
    let delete = TransactWriteItem::builder().delete(delete).build();
    let refused = client.transact_write_items().transact_items(delete).transact_items(put(1)).send().await;
    let error = refused.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception(), "{error}");
    assert!(get(&client, "a", 2).await.is_some(), "nothing of a cancelled transaction is done");
}

#[tokio::test]
async fn a_failed_condition_is_typed_and_carries_the_item() {
    use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
    let client = client_with_table().await;
    put(&client, "a", 1).await;
    let refused = client
        .delete_item()
        .table_name("spans")
        .set_key(Some(key("a", 1)))
        .condition_expression("attribute_exists(absent)")
        .return_values_on_condition_check_failure(AllOld)
        .send()
        .await;
    let SdkError::ServiceError(context) = refused.unwrap_err() else { panic!("no service error") };
    let DeleteItemError::ConditionalCheckFailedException(error) = context.into_err() else {
        panic!("not typed")
    };
    assert_eq!(error.item(), Some(&key("a", 1)));
    assert!(error.meta().request_id().is_some());
}

#[tokio::test]
async fn a_missing_table_is_typed() {
    let refused = engine().client().get_item().table_name("nowhere").set_key(Some(key("a", 1))).send().await;
    let error = refused.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error}");
}

#[tokio::test]
async fn invalid_requests_are_validation_exceptions_wherever_they_are_found() {
    let client = client_with_table().await;
    let no_number = client
        .put_item()
        .table_name("spans")
        .set_item(Some(key("a", 1)))
        .item("x", AttributeValue::N("no number".to_owned()))
        .send()
        .await;
    assert_eq!(no_number.unwrap_err().code(), Some("ValidationException"));

    let no_key =
        client.put_item().table_name("spans").item("k", AttributeValue::S("a".to_owned())).send().await;
    assert_eq!(no_key.unwrap_err().code(), Some("ValidationException"));

    let condition = Condition::builder().comparison_operator(ComparisonOperator::from("NOT_AN_OPERATOR"));
    let unknown_variant =
        client.query().table_name("spans").key_conditions("k", condition.build().unwrap()).send().await;
    assert_eq!(unknown_variant.unwrap_err().code(), Some("ValidationException"));

    let too_large = client
        .put_item()
        .table_name("spans")
        .set_item(Some(key("a", 1)))
        .item("x", AttributeValue::S("x".repeat(400 * 1024)))
        .send()
        .await;
    let too_large = too_large.unwrap_err();
    assert_eq!(too_large.code(), Some("ValidationException"));
    assert_eq!(too_large.raw_response().map(|response| response.status().as_u16()), Some(400));
}

#[tokio::test]
async fn other_operations_are_unknown() {
    let refused = engine().client().describe_limits().send().await;
    assert_eq!(refused.unwrap_err().code(), Some("UnknownOperationException"));
}

#[tokio::test]
async fn consumed_capacity_is_counted_as_dynamodb_bills_it() {
    let client = client_with_table().await;
    let written = client
        .put_item()
        .table_name("spans")
        .set_item(Some(key("a", 1)))
        .item("body", AttributeValue::S("x".repeat(2_500)))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert_eq!(written.consumed_capacity().unwrap().capacity_units(), Some(3.0));

    for (consistent, units) in [(true, 1.0), (false, 0.5)] {
        let read = client
            .get_item()
            .table_name("spans")
            .set_key(Some(key("a", 1)))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        assert_eq!(read.consumed_capacity().unwrap().capacity_units(), Some(units));
    }
}

#[tokio::test]
async fn answers_look_like_dynamodbs() {
    let request = |operation: &str| {
        let mut request = HttpRequest::new("{}".into());
        request.headers_mut().insert("x-amz-target", format!("{TARGET_PREFIX}{operation}"));
        request
    };
    for (operation, status) in [("ListTables", 200), ("DescribeTable", 400)] {
        let response = HttpConnector::call(&engine(), request(operation)).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let header = |name| response.headers().get(name).unwrap();
        assert!(DateTime::from_str(header("date"), DateTimeFormat::HttpDate).unwrap().secs() > 1_700_000_000);
        assert_eq!(header("content-type"), "application/x-amz-json-1.0");
        assert!(!header("x-amzn-requestid").is_empty());
    }
}

#[tokio::test]
async fn a_request_that_is_not_dynamodbs_is_a_connector_error() {
    let error = HttpConnector::call(&engine(), HttpRequest::new("{}".into())).await.unwrap_err();
    assert!(error.is_user(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_additions_are_all_counted() {
    let client = client_with_table().await;
    let add = |client: Client| async move {
        client
            .update_item()
            .table_name("spans")
            .set_key(Some(key("a", 1)))
            .update_expression("ADD seen :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .unwrap();
    };
    let additions: Vec<_> = (0..40).map(|_| tokio::spawn(add(client.clone()))).collect();
    for addition in additions {
        addition.await.unwrap();
    }
    assert_eq!(get(&client, "a", 1).await.unwrap()["seen"], AttributeValue::N("40".to_owned()));
}
