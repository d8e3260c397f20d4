//! One case: both servers are emptied and written to, and then asked the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::{Span, TraceId, otlp};
use jaeger_dynamodb_testkit::fixtures;
use jaeger_dynamodb_tests::{AnyError, tokio_clock};

use crate::cases::Case;
use crate::client::Trace;
use crate::differences::{Difference, Tally};
use crate::server::Server;
use crate::set_up::{Derivation, SetUp};

/// Enough to tell two answers apart; the whole is in the case.
const SHOWN_CHARACTERS: usize = 3_000;

/// A case is tried so often if the job was late, which only a busy machine excuses.
const MOST_TRIES: usize = 3;

/// Between two batches where windows matter: so some traces lie in one window, and some in several.
const HALF_A_WINDOW: Duration = Duration::from_millis(500);

/// Both servers and what they had to say.
pub(crate) struct Ring {
    pub(crate) ours: Server,
    pub(crate) theirs: Server,
    pub(crate) tally: Arc<Tally>,
    pub(crate) derivation: Derivation,
}

/// What was written, and the traces as Jaeger's memory store returns them, by id.
pub(crate) struct Written {
    pub(crate) spans: Vec<Span>,
    pub(crate) theirs: BTreeMap<TraceId, Trace>,
}

impl Ring {
    /// The number tells rings of a set-up apart.
    pub(crate) async fn start(
        jaeger: &Path,
        server: &Path,
        set_up: &SetUp,
        number: usize,
        tally: Arc<Tally>,
    ) -> Result<Self, AnyError> {
        let log = |whose: &str| format!("jaeger_diff.{}.{number}.{whose}.log", set_up.name);
        Ok(Self {
            ours: Server::ours(server, set_up.flags, &log("ours")).await?,
            theirs: Server::jaegers(jaeger, &log("jaeger")).await?,
            tally,
            derivation: set_up.derivation,
        })
    }

    /// Expects both servers to answer alike.
    pub(crate) async fn hold(&self, case: &Case) -> Result<(), AnyError> {
        for _ in 0..MOST_TRIES {
            let idle = self.ours.metrics().await?;
            self.write(case).await?;
            if self.derivation == Derivation::BeforeReading {
                self.wait_until_derived().await?;
            }
            let before = self.ours.metrics().await?;
            self.tally.add("blocks merged before reading", before.blocks_merged() - idle.blocks_merged());
            self.same_answers(case).await?;
            let after = self.ours.metrics().await?;
            if self.derivation == Derivation::BeforeReading
                && before.windows_derived() < after.windows_derived()
            {
                self.tally.add("cases tried again: a window was derived late", 1);
                continue;
            }
            return self.reads_as_it_should(case, &before, &after);
        }
        Err(format!("windows were derived late {MOST_TRIES} times").into())
    }

    async fn write(&self, case: &Case) -> Result<(), AnyError> {
        self.ours.purge().await?;
        self.theirs.purge().await?;
        for (number, batch) in case.batches.iter().enumerate() {
            if number > 0 && self.derivation != Derivation::AsItComes {
                tokio_clock().sleep(HALF_A_WINDOW).await;
            }
            self.ours.client.export(batch).await?;
            self.theirs.client.export(batch).await?;
        }
        Ok(())
    }

    async fn same_answers(&self, case: &Case) -> Result<(), AnyError> {
        let spans = distinct(case.batches.concat());
        self.tally.add("distinct spans", spans.len());
        self.same_lists(&spans).await?;
        let theirs = self.same_by_id(&spans).await?;
        let written = Written { spans, theirs };
        for question in &case.questions {
            self.same_search(question, &written)
                .await
                .map_err(|error| format!("{error}\nasked {question:?}"))?;
        }
        if let Some(question) = case.questions.first() {
            self.same_limits(question, &written.spans)
                .await
                .map_err(|error| format!("{error}\nasked {question:?}"))?;
        }
        Ok(())
    }

    /// Every trace by id, next to an unknown id, and one that is asked again at the end.
    async fn same_by_id(&self, spans: &[Span]) -> Result<BTreeMap<TraceId, Trace>, AnyError> {
        let known: BTreeSet<_> = spans.iter().map(Span::trace_id).collect();
        let unknown = fixtures::trace_id(1_000_000);
        // Neighbours of one id are one trace.
        let again = known.last().copied().filter(|_| known.len() > 1);
        let asked: Vec<_> = known.iter().rev().copied().chain([unknown]).chain(again).collect();
        let ours = self.ours.client.get(&asked).await?;
        let mut theirs = self.theirs.client.get(&asked).await?;
        if let Some(again) = again {
            let last = theirs.pop().map(|trace| trace.id);
            same("the id that is asked twice, expected and theirs,", &Some(again), &last)?;
            self.tally.met(Difference::RepeatedIds, 1);
        }
        same("the ids of get_traces, ours and theirs,", &ids(&ours), &ids(&theirs))?;
        for (ours, theirs) in ours.iter().zip(&mut theirs) {
            let wrote = spans.iter().filter(|span| span.trace_id() == ours.id).cloned();
            same_spans("get_traces, compared to what was written,", &ours.spans, &otlp_spans(wrote))?;
            self.same_trace("get_traces", ours, theirs)?;
            theirs.spans = otlp_spans(distinct(theirs.spans.drain(..).map(Span::Otlp)));
        }
        self.tally.add("traces compared by id", ours.len());
        Ok(theirs.into_iter().map(|trace| (trace.id, trace)).collect())
    }

    /// The same spans in any order, but for schema URLs and repetitions.
    pub(crate) fn same_trace(&self, what: &str, ours: &Trace, theirs: &Trace) -> Result<(), AnyError> {
        let without: Vec<_> = ours.spans.iter().map(without_schema_urls).collect();
        let changed = ours.spans.iter().zip(&without).filter(|(span, without)| span != without).count();
        self.tally.met(Difference::SchemaUrls, changed);
        let once = otlp_spans(distinct(theirs.spans.iter().cloned().map(Span::Otlp)));
        self.tally.met(Difference::RepeatedSpans, theirs.spans.len() - once.len());
        same_spans(&format!("{what}, trace {}", ours.id), &without, &once)
    }
}

pub(crate) fn ids(traces: &[Trace]) -> Vec<TraceId> {
    traces.iter().map(|trace| trace.id).collect()
}

pub(crate) fn same<T: PartialEq + Debug>(what: &str, one: &T, other: &T) -> Result<(), AnyError> {
    if one == other {
        return Ok(());
    }
    Err(format!("{what} differ:\n  {}\n  {}", shown(one), shown(other)).into())
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}").chars().take(SHOWN_CHARACTERS).collect()
}

fn same_spans(what: &str, ours: &[otlp::Span], theirs: &[otlp::Span]) -> Result<(), AnyError> {
    let only = |these: &[otlp::Span], those: &[otlp::Span]| {
        these.iter().filter(|span| !those.contains(span)).cloned().collect::<Vec<_>>()
    };
    same(&format!("{what} spans that the other has not"), &only(ours, theirs), &only(theirs, ours))?;
    same(&format!("{what} numbers of spans"), &ours.len(), &theirs.len())
}

fn without_schema_urls(span: &otlp::Span) -> otlp::Span {
    let mut span = span.clone();
    Arc::make_mut(&mut span.resource).schema_url.clear();
    Arc::make_mut(&mut span.scope).schema_url.clear();
    span
}

fn distinct(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut seen = HashSet::new();
    spans.into_iter().filter(|span| seen.insert(span.clone())).collect()
}

fn otlp_spans(spans: impl IntoIterator<Item = Span>) -> Vec<otlp::Span> {
    spans
        .into_iter()
        .filter_map(|span| match span {
            Span::Otlp(span) => Some(span),
            Span::V1(_) => None,
        })
        .collect()
}
