use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use jaeger_dynamodb_core::{StoreError, UnixNanos};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, ManualClock, Refusal, TestEngine};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::client::RequestError;

/// The client of a process whose requests are all refused like this.
fn refused(refusal: Refusal) -> Client {
    let clock = ManualClock::at(UnixNanos::from_secs(1_760_000_000));
    let handle = TestEngine::new(Arc::new(clock)).unwrap().handle("a");
    handle.inject(FaultPlan::new(move |_| Fault::Refuse(refusal)));
    handle.client()
}

async fn refused_put(refusal: Refusal) -> RequestError {
    let put = refused(refusal).put_item().table_name("my.spans").set_item(Some([].into()));
    RequestError::of(put.send().await.unwrap_err(), "my.spans")
}

#[tokio::test]
async fn a_throttled_request_names_the_limit_and_what_it_is_of() {
    for (refusal, limit) in [
        (Refusal::Throttling, "TableWriteKeyRangeThroughputExceeded"),
        (Refusal::ThroughputExceeded, "TableWriteProvisionedThroughputExceeded"),
        (Refusal::RequestLimitExceeded, "TableWriteAccountLimitExceeded"),
    ] {
        let error = StoreError::from(refused_put(refusal).await).to_string();
        let expected = format!(
            "DynamoDB throttled the request: {limit} of arn:aws:dynamodb:dynoxide:000000000000:table/my.spans; "
        );
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test]
async fn throttled_requests_are_counted_by_table_and_limit() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    refused_put(Refusal::Throttling).await;
    refused_put(Refusal::Throttling).await;
    refused_put(Refusal::InternalServerError).await;
    let query = refused(Refusal::RequestLimitExceeded).query().table_name("my.index");
    RequestError::of(query.send().await.unwrap_err(), "my.index");
    let describe = refused(Refusal::Throttling).describe_table().table_name("my.archive");
    RequestError::of(describe.send().await.unwrap_err(), "my.archive");

    let text = metrics.render();
    let mut lines: Vec<_> = text.lines().filter(|line| line.contains("throttled_total{")).collect();
    lines.sort_unstable();
    let expected = [
        r#"jaeger_dynamodb_throttled_total{table="archive",reason="unknown"} 1"#,
        r#"jaeger_dynamodb_throttled_total{table="index",reason="TableReadAccountLimitExceeded"} 1"#,
        r#"jaeger_dynamodb_throttled_total{table="spans",reason="TableWriteKeyRangeThroughputExceeded"} 2"#,
    ];
    assert_eq!(lines, expected);
}

#[test]
fn only_documented_reasons_become_labels() {
    for reason in ["TableReadProvisionedThroughputExceeded", "IndexWriteMaxOnDemandThroughputExceeded"] {
        assert!(is_known(reason), "{reason}");
    }
    for reason in
        ["", "Table", "TableRead", "ReadTableAccountLimitExceeded", "TableReadAccountLimitExceeded2"]
    {
        assert!(!is_known(reason), "{reason}");
    }
}
