//! The conformance suite against the reference store behind a real gRPC server and a real client: whatever differs
//! is the fault of the services or of the conversion.

use std::sync::Arc;

use jaeger_dynamodb_core::{MemoryStore, Span, Tenant, TextForm, TraceQuery, TraceWriter};
use jaeger_dynamodb_grpc::{GrpcConfig, Stores, router};
use jaeger_dynamodb_testkit::GrpcStore;
use jaeger_dynamodb_testkit::conformance::{OptOut, StoreUnderTest, assert_same_answers, run_all};
use jaeger_dynamodb_testkit::strategies::{otlp_batches, parameter_queries_for};
use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;

/// A server that runs until this is dropped.
struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve() -> Result<(Arc<GrpcStore>, Server), AnyError> {
    let stores = Stores::of(Arc::new(MemoryStore::new()));
    let (router, _) = router(stores, &GrpcConfig::default(), tokio_clock()).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = router.serve_with_incoming(incoming);
    let server = Server(tokio::spawn(async move {
        let _ends_with_the_test = serving.await;
    }));
    Ok((Arc::new(GrpcStore::connect(url).await?), server))
}

#[tokio::test]
async fn the_reference_behind_grpc() -> Result<(), AnyError> {
    let fresh = || async {
        let (store, server) = serve().await?;
        Ok::<_, AnyError>(StoreUnderTest::new(Arc::<GrpcStore>::clone(&store), store).keeping(server))
    };
    let opt_outs = [
        OptOut::WritesNoV1Spans,
        OptOut::HasOneTenant,
        OptOut::CutsHugeSpans,
        OptOut::SearchesWithoutTrees,
        OptOut::SearchesV2TextsOnly,
    ];
    Ok(run_all(fresh, &opt_outs).await?)
}

async fn same_answers(batches: Vec<Vec<Span>>, queries: &[TraceQuery]) -> Result<(), AnyError> {
    let (reference, tenant) = (MemoryStore::new(), Tenant::default());
    let (store, _server) = serve().await?;
    for batch in batches {
        reference.write_spans(&tenant, batch.clone()).await?;
        store.write_spans(&tenant, batch).await?;
    }
    Ok(assert_same_answers(&reference, store.as_ref(), &tenant, queries).await?)
}

fn batches_and_queries() -> impl Strategy<Value = (Vec<Vec<Span>>, Vec<TraceQuery>)> {
    otlp_batches(1..5).prop_flat_map(|batches| {
        let queries = parameter_queries_for(&batches.concat(), TextForm::V2);
        (Just(batches), proptest::collection::vec(queries, 1..8))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn random_spans_and_queries_are_answered_as_without_a_network((batches, queries) in batches_and_queries()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(same_answers(batches, &queries)).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}
