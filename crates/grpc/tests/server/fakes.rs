//! Stores that answer as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jaeger_dynamodb_core::{
    DependencyLink, DependencyQuery, DependencyReader, FoundTrace, Operation, OperationQuery,
    SearchCapabilities, ServiceSummary, Span, StoreError, StoreErrorKind, Tenant, TraceChunk, TraceId,
    TraceQuery, TraceReader, TraceRef, TraceSummary, TraceWriter, UnixNanos,
};
use jaeger_dynamodb_grpc::Stores;
use jaeger_dynamodb_proto::convert::spans_from_otlp;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1 as trace;
use tokio::sync::watch;

use crate::common::{of_service, span};

/// A store that answers every search with the same made-up results.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) answer: Answer,
    /// Chunks that were read so far.
    pub(crate) reads: Arc<AtomicUsize>,
    /// True once a stream of chunks was dropped.
    pub(crate) dropped: watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Chunks without end.
    Endless,
    /// One chunk, then nothing for ever.
    Stuck,
    /// One chunk, then an error.
    Broken,
    /// This error at once.
    Failing(StoreErrorKind),
    /// Lists that do not fit into one message.
    Huge,
}

struct DropSignal(watch::Sender<bool>);

impl Drop for DropSignal {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

impl Fake {
    pub(crate) fn new(answer: Answer) -> Self {
        Self { answer, reads: Arc::default(), dropped: watch::Sender::new(false) }
    }

    pub(crate) fn stores(&self) -> Stores {
        Stores::of(Arc::new(self.clone()))
    }

    fn failure(&self) -> Result<(), StoreError> {
        match self.answer {
            Answer::Failing(kind) => Err(StoreError::new(kind, "as told")),
            _ => Ok(()),
        }
    }

    fn chunks(&self) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let (signal, reads) = (DropSignal(self.dropped.clone()), Arc::clone(&self.reads));
        let endless = stream::repeat_with(move || {
            reads.fetch_add(1, Ordering::SeqCst);
            Ok(chunk())
        });
        let chunks = match self.answer {
            Answer::Endless => endless.boxed(),
            Answer::Stuck => endless.take(1).chain(stream::pending()).boxed(),
            Answer::Broken => {
                let torn = StoreError::new(StoreErrorKind::Damaged, "torn");
                endless.take(1).chain(stream::iter([Err(torn)])).boxed()
            }
            Answer::Failing(_) | Answer::Huge => stream::iter(self.failure().err().map(Err)).boxed(),
        };
        let owned = move |_: &Result<_, _>| {
            let _until_dropped = &signal;
        };
        chunks.inspect(owned).boxed()
    }
}

fn chunk() -> TraceChunk {
    let attribute = crate::common::text("k", &"x".repeat(10_000));
    let span = trace::Span { attributes: vec![attribute], ..span(1, 1) };
    TraceChunk::new(spans_from_otlp(vec![of_service("shop", vec![span])]).spans).unwrap()
}

#[async_trait]
impl TraceWriter for Fake {
    async fn write_spans(&self, _: &Tenant, _: Vec<Span>) -> Result<(), StoreError> {
        self.failure()
    }
}

#[async_trait]
impl TraceReader for Fake {
    fn capabilities(&self) -> SearchCapabilities {
        SearchCapabilities { without_service_name: false, same_span_conjunction: true }
    }

    fn get_traces(&self, _: &Tenant, _: Vec<TraceRef>) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        self.chunks()
    }

    async fn services(&self, _: &Tenant) -> Result<Vec<String>, StoreError> {
        self.failure().map(|()| (0..10_000).map(|number| format!("{number:01000}")).collect())
    }

    async fn operations(&self, _: &Tenant, _: OperationQuery) -> Result<Vec<Operation>, StoreError> {
        let operation = |number| Operation { name: format!("{number:01000}"), span_kind: String::new() };
        self.failure().map(|()| (0..10_000).map(operation).collect())
    }

    fn find_traces(&self, _: &Tenant, _: TraceQuery) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        self.chunks()
    }

    async fn find_trace_ids(&self, _: &Tenant, query: TraceQuery) -> Result<Vec<FoundTrace>, StoreError> {
        let found = |number: u128| FoundTrace {
            trace_id: TraceId::new((number + 1).to_be_bytes()).unwrap(),
            start: UnixNanos(0),
            end: UnixNanos(1),
        };
        self.failure().map(|()| (0..200_000).map(found).take(query.limit.get()).collect())
    }

    fn find_trace_summaries(
        &self,
        _: &Tenant,
        _: TraceQuery,
    ) -> BoxStream<'static, Result<TraceSummary, StoreError>> {
        if let Err(error) = self.failure() {
            return stream::iter([Err(error)]).boxed();
        }
        let service =
            |number| ServiceSummary { name: format!("{number:01000}"), span_count: 1, error_span_count: 0 };
        stream::iter([Ok(TraceSummary {
            trace_id: TraceId::new([1; 16]).unwrap(),
            root_service_name: "r".repeat(5_000_000),
            root_operation_name: String::new(),
            min_start: UnixNanos(1),
            max_end: UnixNanos(2),
            span_count: 10_000,
            error_span_count: 0,
            orphan_span_count: 0,
            services: (0..10_000).map(service).collect(),
        })])
        .boxed()
    }
}

#[async_trait]
impl DependencyReader for Fake {
    async fn dependencies(
        &self,
        _: &Tenant,
        query: DependencyQuery,
    ) -> Result<Vec<DependencyLink>, StoreError> {
        self.failure()?;
        let call_count = u64::try_from(query.end.0 - query.start.0).unwrap();
        Ok(vec![DependencyLink {
            parent: "a".into(),
            child: "b".into(),
            call_count,
            source: "jaeger".into(),
        }])
    }
}
