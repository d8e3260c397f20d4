//! A writer that sleeps for twenty minutes at any request, while another server reads and takes the window as final:
//! what it acknowledges afterwards is found, by that server too.

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{MemoryStore, Span, Tenant, TraceQuery, TraceReader, TraceWriter};
use jaeger_dynamodb_dynamo::StoreConfig;
use jaeger_dynamodb_testkit::conformance::assert_same_answers;
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{Fault, FaultPlan, ManualClock, RequestInfo, TestEngine};
use jaeger_dynamodb_tests::{AnyError, NOW, aws_config, open};

const NAP: Duration = Duration::from_secs(20 * 60);

/// More requests than one commit makes, those that follow a late one included.
const REQUESTS: u64 = 8;

fn span(number: u64) -> Vec<Span> {
    vec![Span::Otlp(otlp_span(number, 1, "shop"))]
}

/// The writer naps at its n-th request: before it is executed, or between its execution and its answer.
async fn nap_at(nth: u64, fault: Fault, config: StoreConfig) -> Result<bool, AnyError> {
    let clock = Arc::new(ManualClock::at(NOW));
    let engine = TestEngine::new(clock.clone())?;
    let handle = engine.handle("writer");
    let writer = open(&handle, clock.clone(), config.clone(), 1).await?;
    let reader = open(&engine.handle("reader"), clock.clone(), config, 2).await?;
    let (reference, tenant) = (MemoryStore::new(), Tenant::default());

    // Both know the window and a lane of it.
    writer.write_spans(&tenant, span(1)).await?;
    reference.write_spans(&tenant, span(1)).await?;
    assert_same_answers(&reference, &*reader, &tenant, &[TraceQuery::default()]).await?;

    handle.inject(FaultPlan::nth(nth, |_: &RequestInfo| true, fault));
    let writing = tokio::spawn({
        let (writer, tenant) = (Arc::clone(&writer), tenant.clone());
        async move { writer.write_spans(&tenant, span(2)).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let napped = !writing.is_finished();
    clock.advance(NAP);
    // Before the writer comes round, the reader finds that the window is closed and keeps what it holds for final.
    reader.services(&tenant).await?;
    reader.services(&tenant).await?;
    if writing.await?.is_ok() {
        reference.write_spans(&tenant, span(2)).await?;
        assert_same_answers(&reference, &*reader, &tenant, &[TraceQuery::default()]).await?;
    }
    Ok(napped)
}

async fn nap_everywhere(fault: Fault) -> Result<(), AnyError> {
    let inline = aws_config();
    let apart = StoreConfig { inline_pack_bytes: 0, ..aws_config() };
    for config in [inline, apart] {
        let mut naps = 0;
        for nth in 0..REQUESTS {
            let napped = nap_at(nth, fault, config.clone()).await;
            naps += u32::from(napped.map_err(|error| format!("nap at request {nth}: {error}"))?);
        }
        assert!(naps > 0, "no request was slept at");
    }
    Ok(())
}

#[tokio::test]
async fn it_sleeps_before_a_request_is_executed() -> Result<(), AnyError> {
    nap_everywhere(Fault::Hold(NAP)).await
}

#[tokio::test]
async fn it_sleeps_before_it_sees_an_answer() -> Result<(), AnyError> {
    nap_everywhere(Fault::DelayAnswer(NAP)).await
}
