//! The store that a case is run against.

use std::any::Any;
use std::sync::Arc;

use jaeger_dynamodb_core::{Span, Tenant, TraceReader, TraceWriter};

use super::answers::Answers;
use super::expect::Outcome;

/// What a store cannot do by its nature, so that the cases about it are left out. The fewer the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptOut {
    /// Its interface carries OTLP spans only.
    WritesNoV1Spans,
    /// Its interface carries one tenant only.
    HasOneTenant,
    /// It cuts values of spans that are larger than one message of its interface (4 MiB).
    CutsHugeSpans,
    /// Its interface carries only `All` of plain conditions: at most one service, operation and range of
    /// durations, and attributes with different keys.
    SearchesWithoutTrees,
    /// Its interface compares texts of [`TextForm::V2`](jaeger_dynamodb_core::TextForm::V2) only.
    SearchesV2TextsOnly,
    /// It answers an empty process for a v1 span without one.
    AnswersEmptyProcesses,
}

/// A fresh, empty store: where spans go and where answers come from. The two may be different instances, such
/// as two servers over one database.
#[derive(Debug)]
pub struct StoreUnderTest {
    writer: Arc<dyn TraceWriter>,
    reader: Arc<dyn TraceReader>,
    _kept: Option<Box<dyn Any + Send + Sync>>,
}

impl StoreUnderTest {
    /// The store behind these.
    #[must_use]
    pub fn new(writer: Arc<dyn TraceWriter>, reader: Arc<dyn TraceReader>) -> Self {
        Self { writer, reader, _kept: None }
    }

    /// Keeps what the store needs, such as a server or a folder, for as long as the case runs.
    #[must_use]
    pub fn keeping(self, needed: impl Any + Send + Sync) -> Self {
        Self { _kept: Some(Box::new(needed)), ..self }
    }

    /// Writes for the default tenant.
    pub(super) async fn write(&self, spans: Vec<Span>) -> Outcome {
        self.write_for(&Tenant::default(), spans).await
    }

    pub(super) async fn write_for(&self, tenant: &Tenant, spans: Vec<Span>) -> Outcome {
        self.writer.write_spans(tenant, spans).await.map_err(|error| format!("write_spans failed: {error}"))
    }

    /// The answers for the default tenant.
    pub(super) fn answers(&self) -> Answers<'_> {
        self.answers_for(Tenant::default())
    }

    pub(super) fn answers_for(&self, tenant: Tenant) -> Answers<'_> {
        Answers::new(self.reader.as_ref(), tenant)
    }
}
