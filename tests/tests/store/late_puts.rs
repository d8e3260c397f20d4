//! Puts whose connection was cut and that are executed long afterwards, when their writer has given them up and gone on.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{MemoryStore, Span, Tenant, TraceQuery, TraceReader, TraceWriter};
use jaeger_dynamodb_dynamo::{JobMode, StoreConfig};
use jaeger_dynamodb_testkit::conformance::assert_same_answers;
use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};
use jaeger_dynamodb_testkit::{Fault, FaultPlan, TestEngine};
use jaeger_dynamodb_tests::{AnyError, aws_config, open, tokio_clock};

fn span(trace: u64, name: &str) -> Vec<Span> {
    let mut span = otlp_span(trace, 1, "shop");
    span.name = name.to_owned();
    vec![Span::Otlp(span)]
}

async fn nothing_is_overwritten(config: StoreConfig) -> Result<(), AnyError> {
    let clock = tokio_clock();
    let engine = TestEngine::new(Arc::clone(&clock))?;
    let handle = engine.handle("writer");
    let writer = open(&handle, Arc::clone(&clock), config.clone(), 1).await?;
    let (reference, tenant) = (MemoryStore::new(), Tenant::default());
    writer.write_spans(&tenant, span(1, "first")).await?;
    reference.write_spans(&tenant, span(1, "first")).await?;

    let late = Fault::CutAndExecuteLater(Duration::from_secs(40));
    handle.inject(FaultPlan::new(move |request| match request.operation.as_str() {
        "PutItem" => late,
        _ => Fault::None,
    }));
    assert!(writer.write_spans(&tenant, span(2, "given up")).await.is_err());
    handle.inject(FaultPlan::none());
    writer.write_spans(&tenant, span(3, "acknowledged")).await?;
    reference.write_spans(&tenant, span(3, "acknowledged")).await?;

    clock.sleep(Duration::from_secs(60)).await;
    // What was given up may be found now, or not; its client writes it again.
    writer.write_spans(&tenant, span(2, "given up")).await?;
    reference.write_spans(&tenant, span(2, "given up")).await?;
    let cold = open(&engine.handle("cold"), clock, config, 2).await?;
    assert_same_answers(&reference, &*cold, &tenant, &[TraceQuery::default()]).await?;
    assert_same_answers(&reference, &*writer, &tenant, &[TraceQuery::default()]).await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_record_with_its_pack_is_not_overwritten() -> Result<(), AnyError> {
    nothing_is_overwritten(aws_config()).await
}

#[tokio::test(start_paused = true)]
async fn a_record_beside_its_pack_is_not_overwritten() -> Result<(), AnyError> {
    nothing_is_overwritten(StoreConfig { inline_pack_bytes: 0, ..aws_config() }).await
}

/// A span that was refused may be found or not. But an answer does not depend on which question is asked.
#[tokio::test(start_paused = true)]
async fn what_comes_after_its_window_was_derived_is_in_no_answer() -> Result<(), AnyError> {
    let config = StoreConfig { settle: Duration::from_secs(3600), ..aws_config() };
    let after_deriving = config.window + config.window_grace + Duration::from_secs(120);
    let clock = tokio_clock();
    let engine = TestEngine::new(Arc::clone(&clock))?;
    let handle = engine.handle("writer");
    let writer = open(&handle, Arc::clone(&clock), config.clone(), 1).await?;
    let (reference, tenant) = (MemoryStore::new(), Tenant::default());
    writer.write_spans(&tenant, span(1, "acknowledged")).await?;
    reference.write_spans(&tenant, span(1, "acknowledged")).await?;
    handle.inject(FaultPlan::new(move |request| match request.operation.as_str() {
        "PutItem" => Fault::CutAndExecuteLater(after_deriving),
        _ => Fault::None,
    }));
    assert!(writer.write_spans(&tenant, span(2, "given up")).await.is_err());
    handle.inject(FaultPlan::none());

    clock.sleep(after_deriving - Duration::from_secs(60)).await;
    let round = writer.maintenance(JobMode::InProcess, vec![tenant.clone()]).round().await?;
    assert_eq!(round.derived, 1, "{round:?}");
    clock.sleep(Duration::from_secs(120)).await;
    let cold = open(&engine.handle("cold"), clock, config, 2).await?;
    assert_same_answers(&reference, &*cold, &tenant, &[TraceQuery::default()]).await?;
    let given_up = cold.get_traces(&tenant, vec![trace_id(2).into()]).try_collect::<Vec<_>>().await?;
    assert!(given_up.is_empty(), "{given_up:?}");
    Ok(())
}
