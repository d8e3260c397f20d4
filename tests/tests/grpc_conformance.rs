//! The conformance suite against the reference store behind a real gRPC server and a real client: whatever differs
//! is the fault of the services or of the conversion.

use std::sync::Arc;

use jaeger_dynamodb_core::{MemoryStore, Span, Tenant, TextForm, TraceQuery, TraceReader, TraceWriter, v1};
use jaeger_dynamodb_grpc::{GrpcConfig, Stores, router};
use jaeger_dynamodb_proto::convert::YEAR_ONE;
use jaeger_dynamodb_testkit::conformance::{
    Form, OptOut, StoreUnderTest, assert_dependencies, assert_same_answers, run_all, run_named,
};
use jaeger_dynamodb_testkit::strategies::{otlp_batches, parameter_queries_for, v1_spans};
use jaeger_dynamodb_testkit::{GrpcStore, GrpcV1Store};
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

/// The URL of a server over an empty store.
async fn serve() -> Result<(String, Server), AnyError> {
    let stores = Stores::of(Arc::new(MemoryStore::new()));
    let (router, _) = router(stores, &GrpcConfig::default(), tokio_clock()).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = router.serve_with_incoming(incoming);
    let server = Server(tokio::spawn(async move {
        let _ends_with_the_test = serving.await;
    }));
    Ok((url, server))
}

#[tokio::test]
async fn the_reference_behind_grpc() -> Result<(), AnyError> {
    let fresh = || async {
        let (url, server) = serve().await?;
        let store = Arc::new(GrpcStore::connect(url).await?);
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

/// The cases that write v1 spans only.
#[tokio::test]
async fn the_reference_behind_grpc_of_v1() -> Result<(), AnyError> {
    let fresh = || async {
        let (url, server) = serve().await?;
        let store = Arc::new(GrpcV1Store::connect(url).await?);
        Ok::<_, AnyError>(StoreUnderTest::new(Arc::<GrpcV1Store>::clone(&store), store).keeping(server))
    };
    for cases in ["v1_spans", "an_empty_store"] {
        run_named(fresh, &[OptOut::AnswersEmptyProcesses], cases).await?;
    }
    Ok(())
}

#[tokio::test]
async fn dependencies_of_the_reference_behind_both_apis() -> Result<(), AnyError> {
    let (url, _server) = serve().await?;
    let client = GrpcStore::connect(url).await?;
    assert_dependencies(&client, &client, Form::Otlp).await?;
    let (url, _server) = serve().await?;
    let client = GrpcV1Store::connect(url).await?;
    Ok(assert_dependencies(&client, &client, Form::V1).await?)
}

async fn same_answers(
    store: &(impl TraceWriter + TraceReader),
    batches: Vec<Vec<Span>>,
    queries: &[TraceQuery],
) -> Result<(), AnyError> {
    let (reference, tenant) = (MemoryStore::new(), Tenant::default());
    for batch in batches {
        reference.write_spans(&tenant, batch.clone()).await?;
        store.write_spans(&tenant, batch).await?;
    }
    Ok(assert_same_answers(&reference, store, &tenant, queries).await?)
}

async fn same_answers_of_v2(batches: Vec<Vec<Span>>, queries: &[TraceQuery]) -> Result<(), AnyError> {
    let (url, _server) = serve().await?;
    same_answers(&GrpcStore::connect(url).await?, batches, queries).await
}

async fn same_answers_of_v1(batches: Vec<Vec<Span>>, queries: &[TraceQuery]) -> Result<(), AnyError> {
    let (url, _server) = serve().await?;
    same_answers(&GrpcV1Store::connect(url).await?, batches, queries).await
}

/// Batches of v1 spans that all have a process, since an absent one is answered as an empty one; the first batch comes
/// twice.
fn v1_batches() -> impl Strategy<Value = Vec<Vec<Span>>> {
    let with_process = |mut span: v1::Span| {
        span.process.get_or_insert_default();
        Span::V1(span)
    };
    let batch = v1_spans(0..8).prop_map(move |spans| spans.into_iter().map(with_process).collect::<Vec<_>>());
    proptest::collection::vec(batch, 1..5).prop_map(|mut batches| {
        batches.extend(batches.first().cloned());
        batches
    })
}

/// A bound in the first second of year 1, where v1 spans may start, is none: that is how Go sends a time that is not set.
fn as_sent(mut query: TraceQuery) -> TraceQuery {
    for bound in [&mut query.start.min, &mut query.start.max] {
        bound.take_if(|bound| bound.secs_floor() <= YEAR_ONE.secs_floor());
    }
    query
}

fn with_queries(
    batches: impl Strategy<Value = Vec<Vec<Span>>>,
    form: TextForm,
) -> impl Strategy<Value = (Vec<Vec<Span>>, Vec<TraceQuery>)> {
    batches.prop_flat_map(move |batches| {
        let queries = parameter_queries_for(&batches.concat(), form).prop_map(as_sent);
        (Just(batches), proptest::collection::vec(queries, 1..8))
    })
}

fn run(test: impl Future<Output = Result<(), AnyError>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(test).map_err(|error| TestCaseError::fail(error.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn random_spans_and_queries_are_answered_as_without_a_network(
        (batches, queries) in with_queries(otlp_batches(1..5), TextForm::V2)
    ) {
        run(same_answers_of_v2(batches, &queries))?;
    }

    #[test]
    fn random_v1_spans_and_queries_are_answered_as_without_a_network(
        (batches, queries) in with_queries(v1_batches(), TextForm::V1)
    ) {
        run(same_answers_of_v1(batches, &queries))?;
    }
}
