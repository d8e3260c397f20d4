//! Servers over one engine, and what the archive holds.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use futures::TryStreamExt;
use jaeger_dynamodb_core::{
    Attribute, AttributeValue, Attributes, Clock, Span, StoreError, Tenant, TraceId, TraceReader, TraceRef,
    otlp,
};
use jaeger_dynamodb_dynamo::{ArchiveStore, DynamoStore, StoreConfig};
use jaeger_dynamodb_testkit::fixtures::otlp_span;
use jaeger_dynamodb_testkit::{EngineHandle, TestEngine, Traffic};
use jaeger_dynamodb_tests::{AnyError, aws_config, open};

pub(super) const TABLE: &str = "jaeger.archive";

/// An item as it lies in the table.
pub(super) type RawItem = HashMap<String, SdkValue>;

pub(super) struct World {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) engine: TestEngine,
}

pub(super) struct Server {
    pub(super) handle: EngineHandle,
    pub(super) store: Arc<DynamoStore>,
    pub(super) archive: ArchiveStore,
}

/// Traces in the order of the answer, each with its spans and how often each came.
pub(super) type Answer = Vec<(TraceId, HashMap<Span, usize>)>;

// === impl World ===

impl World {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Result<Self, AnyError> {
        Ok(Self { engine: TestEngine::new(Arc::clone(&clock))?, clock })
    }

    pub(super) async fn server(&self, label: &str) -> Result<Server, AnyError> {
        self.server_with(label, aws_config()).await
    }

    pub(super) async fn server_with(&self, label: &str, config: StoreConfig) -> Result<Server, AnyError> {
        let handle = self.engine.handle(label);
        let store = open(&handle, Arc::clone(&self.clock), config, label.len() as u64).await?;
        let archive = store.archive();
        Ok(Server { handle, store, archive })
    }

    /// All items of the table.
    pub(super) async fn items(&self) -> Result<Vec<RawItem>, AnyError> {
        let scan = self.engine.handle("inspector").client().scan().table_name(TABLE);
        Ok(scan.into_paginator().items().send().collect::<Result<_, _>>().await?)
    }

    pub(super) async fn keys(&self) -> Result<BTreeSet<String>, AnyError> {
        Ok(self.items().await?.iter().map(|item| format!("{:?} {:?}", item["pk"], item["sk"])).collect())
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.engine.traffic()
    }
}

/// What a store answers for these ids.
pub(super) async fn answer(
    store: &dyn TraceReader,
    tenant: &Tenant,
    ids: &[TraceId],
) -> Result<Answer, StoreError> {
    let mut chunks = store.get_traces(tenant, ids.iter().copied().map(TraceRef::from).collect());
    let mut answer = Answer::new();
    while let Some(chunk) = chunks.try_next().await? {
        let id = chunk.trace_id();
        if answer.last().is_none_or(|(last, _)| *last != id) {
            answer.push((id, HashMap::new()));
        }
        let Some((_, counts)) = answer.last_mut() else { continue };
        chunk.into_spans().into_iter().for_each(|span| *counts.entry(span).or_default() += 1);
    }
    Ok(answer)
}

/// The only trace of the answer, without order.
pub(super) async fn spans_of(store: &dyn TraceReader, id: TraceId) -> Result<Vec<Span>, StoreError> {
    let answer = answer(store, &Tenant::default(), &[id]).await?;
    Ok(answer.into_iter().flat_map(|(_, spans)| spans).flat_map(|(span, n)| vec![span; n]).collect())
}

pub(super) fn small_span(trace: u64, id: u64) -> Span {
    Span::Otlp(otlp_span(trace, id, "shop"))
}

/// A span of so many bytes that nothing compresses.
pub(super) fn large_span(trace: u64, id: u64, bytes: usize) -> Span {
    let mut random = fastrand::Rng::with_seed(id);
    let noise = AttributeValue::Bytes((0..bytes).map(|_| random.u8(..)).collect());
    let attributes = Attributes(vec![Attribute { key: "noise".to_owned(), value: noise }]);
    Span::Otlp(otlp::Span { attributes, ..otlp_span(trace, id, "shop") })
}

pub(super) fn same_without_order(one: &[Span], other: &[Span]) -> bool {
    let counted = |spans: &[Span]| {
        let mut counts: HashMap<Span, usize> = HashMap::new();
        spans.iter().for_each(|span| *counts.entry(span.clone()).or_default() += 1);
        counts
    };
    counted(one) == counted(other)
}
