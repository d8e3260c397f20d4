//! The reference passes the suite, and the suite tells stores that do otherwise.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use jaeger_dynamodb_core::{
    FoundTrace, MemoryStore, Operation, OperationQuery, SearchCapabilities, Span, SpanId, StoreError, Tenant,
    TraceChunk, TraceQuery, TraceReader, TraceRef, TraceSummary, TraceWriter, otlp,
};
use jaeger_dynamodb_testkit::conformance::{OptOut, StoreUnderTest, assert_same_answers, run_all, run_named};
use jaeger_dynamodb_testkit::fixtures::{START, otlp_span};
use jaeger_dynamodb_testkit::strategies::{batches, queries_for};
use proptest::collection::vec;
use proptest::prelude::*;

/// A way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Keeps the first of the spans with one id.
    KeysById,
    /// Answers the newest trace last.
    TurnsTheOrder,
    /// Keeps the oldest at a limit.
    DropsTheNewest,
    /// Answers everybody as the default tenant.
    SharesTenants,
    /// Answers all chunks twice.
    RepeatsChunks,
}

/// The reference with a fault.
#[derive(Debug)]
struct Faulty {
    store: MemoryStore,
    fault: Fault,
    kept: Mutex<HashSet<SpanId>>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self { store: MemoryStore::new(), fault, kept: Mutex::default() }
    }

    fn tenant(&self, tenant: &Tenant) -> Tenant {
        if self.fault == Fault::SharesTenants { Tenant::default() } else { tenant.clone() }
    }

    fn query(&self, query: TraceQuery) -> TraceQuery {
        TraceQuery {
            limit: query.limit.saturating_add(usize::from(self.fault == Fault::DropsTheNewest)),
            ..query
        }
    }

    fn spoil<T: Clone + Send + 'static>(&self, found: Answer<T>) -> Answer<T> {
        let fault = self.fault;
        let spoilt = found.try_collect::<Vec<_>>().map_ok(move |items| match fault {
            Fault::TurnsTheOrder => items.into_iter().rev().collect(),
            Fault::DropsTheNewest => items.into_iter().skip(1).collect(),
            _ => items,
        });
        spoilt.map_ok(|items| stream::iter(items.into_iter().map(Ok))).try_flatten_stream().boxed()
    }
}

type Answer<T> = BoxStream<'static, Result<T, StoreError>>;

#[async_trait]
impl TraceWriter for Faulty {
    async fn write_spans(&self, tenant: &Tenant, mut spans: Vec<Span>) -> Result<(), StoreError> {
        if self.fault == Fault::KeysById {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            spans.retain(|span| kept.insert(span.span_id()));
        }
        self.store.write_spans(&self.tenant(tenant), spans).await
    }
}

#[async_trait]
impl TraceReader for Faulty {
    fn capabilities(&self) -> SearchCapabilities {
        self.store.capabilities()
    }

    fn get_traces(&self, tenant: &Tenant, traces: Vec<TraceRef>) -> Answer<TraceChunk> {
        let chunks = || self.store.get_traces(&self.tenant(tenant), traces.clone());
        if self.fault == Fault::RepeatsChunks { chunks().chain(chunks()).boxed() } else { chunks() }
    }

    async fn services(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        self.store.services(&self.tenant(tenant)).await
    }

    async fn operations(&self, tenant: &Tenant, query: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        self.store.operations(&self.tenant(tenant), query).await
    }

    fn find_traces(&self, tenant: &Tenant, query: TraceQuery) -> Answer<TraceChunk> {
        self.spoil(self.store.find_traces(&self.tenant(tenant), self.query(query)))
    }

    async fn find_trace_ids(
        &self,
        tenant: &Tenant,
        query: TraceQuery,
    ) -> Result<Vec<FoundTrace>, StoreError> {
        let found = self.store.find_trace_ids(&self.tenant(tenant), self.query(query)).await?;
        self.spoil(stream::iter(found).map(Ok).boxed()).try_collect().await
    }

    fn find_trace_summaries(&self, tenant: &Tenant, query: TraceQuery) -> Answer<TraceSummary> {
        self.spoil(self.store.find_trace_summaries(&self.tenant(tenant), self.query(query)))
    }
}

fn both_ways<S: TraceWriter + TraceReader + 'static>(store: S) -> StoreUnderTest {
    let store = Arc::new(store);
    StoreUnderTest::new(Arc::clone(&store) as _, store)
}

#[tokio::test]
async fn the_reference_passes_the_whole_suite() {
    run_all(async || Ok(both_ways(MemoryStore::new())), &[]).await.unwrap();
}

#[tokio::test]
async fn the_suite_finds_each_fault() {
    for (fault, telling) in [
        (Fault::KeysById, "writing::spans_that_share_an_id_are_all_kept"),
        (Fault::TurnsTheOrder, "ordering::equal_starts_are_ordered_by_id"),
        (Fault::DropsTheNewest, "ordering::every_limit_keeps_the_newest"),
        (Fault::SharesTenants, "tenants::tenants_do_not_see_each_other"),
        (Fault::RepeatsChunks, "getting::ids_are_answered_in_the_order_asked"),
    ] {
        let failure = run_named(async || Ok(both_ways(Faulty::new(fault))), &[], telling).await.unwrap_err();
        assert_eq!(
            failure.failures().iter().map(|failure| failure.case).collect::<Vec<_>>(),
            [telling],
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn opting_out_leaves_cases_out() {
    let run = async |opt_outs: &[OptOut]| {
        let store = async || Ok(both_ways(Faulty::new(Fault::SharesTenants)));
        run_all(store, opt_outs).await
    };
    run(&[OptOut::HasOneTenant]).await.unwrap();
    assert_eq!(run(&[OptOut::CutsHugeSpans]).await.unwrap_err().failures().len(), 2);
}

#[tokio::test]
async fn a_store_that_cannot_be_made_and_a_name_without_case_are_failures() {
    let failure = run_named(async || Err("no engine".into()), &[], "every_limit").await.unwrap_err();
    assert!(failure.to_string().contains("no engine"), "{failure}");
    let unknown = run_named(async || Ok(both_ways(MemoryStore::new())), &[], "no such case").await;
    assert!(unknown.is_err());
}

#[tokio::test]
async fn the_comparison_finds_each_fault() {
    let span =
        |trace, number| otlp::Span { start_time_unix_nano: START + trace, ..otlp_span(trace, number, "web") };
    let spans = [span(1, 1), span(2, 1), span(2, 2)].map(Span::Otlp).to_vec();
    let tenant = Tenant::new("acme").unwrap();
    for fault in [
        Fault::KeysById,
        Fault::TurnsTheOrder,
        Fault::DropsTheNewest,
        Fault::SharesTenants,
        Fault::RepeatsChunks,
    ] {
        let reference = MemoryStore::new();
        reference.write_spans(&tenant, spans.clone()).await.unwrap();
        let faulty = Faulty::new(fault);
        faulty.write_spans(&tenant, spans.clone()).await.unwrap();
        faulty.write_spans(&Tenant::default(), vec![Span::Otlp(span(3, 3))]).await.unwrap();
        let same = assert_same_answers(&reference, &faulty, &tenant, &[TraceQuery::default()]).await;
        assert!(same.is_err(), "{fault:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // Batches in any order, with repetitions, are the same spans.
    #[test]
    fn the_reference_answers_the_same_for_every_order_of_writes(
        (batches, queries) in batches(0..5).prop_flat_map(|batches| {
            let queries = vec(queries_for(&batches.concat()), 4);
            (Just(batches), queries)
        }),
    ) {
        let (forward, backward) = (MemoryStore::new(), MemoryStore::new());
        let tenant = Tenant::default();
        for (first, second) in batches.iter().zip(batches.iter().rev()) {
            forward.write_spans(&tenant, first.clone()).now_or_never().unwrap().unwrap();
            backward.write_spans(&tenant, second.iter().rev().cloned().collect()).now_or_never().unwrap().unwrap();
        }
        assert_same_answers(&forward, &backward, &tenant, &queries).now_or_never().unwrap().unwrap();
    }
}
