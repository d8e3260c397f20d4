//! What must hold: every answer has all spans that were acknowledged before it was asked for, nothing that nobody sent,
//! and nothing twice.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jaeger_dynamodb_core::{
    Operation, Span, StoreError, TraceChunk, TraceId, TraceQuery, UnixNanos, is_listed, matching,
};

use super::journal::Journal;

/// Spans by when they were sent, and what became of them. Clones are the same oracle.
#[derive(Clone, Debug)]
pub(crate) struct Oracle {
    journal: Journal,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    spans: Vec<Sent>,
    numbers: HashMap<Span, usize>,
    /// The first thing that must not be.
    violation: Option<String>,
}

#[derive(Debug)]
struct Sent {
    span: Span,
    is_acknowledged: bool,
}

/// What a query may rely on: acknowledged before it began.
pub(crate) struct Begun(HashSet<usize>);

/// A trace of an answer.
pub(crate) type Trace = (TraceId, Vec<Span>);

impl Oracle {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, known: Arc::default() }
    }

    /// Notes that the spans are about to be sent, and numbers them.
    pub(crate) fn send(&self, spans: &[Span]) -> Vec<usize> {
        let mut known = self.lock();
        spans.iter().map(|span| known.number(span)).collect()
    }

    pub(crate) fn acknowledge(&self, numbers: &[usize]) {
        let mut known = self.lock();
        for number in numbers {
            known.spans[*number].is_acknowledged = true;
        }
    }

    pub(crate) fn sent(&self, number: usize) -> Span {
        self.lock().spans[number].span.clone()
    }

    pub(crate) fn sent_count(&self) -> usize {
        self.lock().spans.len()
    }

    pub(crate) fn begin(&self) -> Begun {
        let known = self.lock();
        let acknowledged = known.spans.iter().enumerate().filter(|(_, sent)| sent.is_acknowledged);
        Begun(acknowledged.map(|(number, _)| number).collect())
    }

    pub(crate) fn violated(&self, what: String) {
        self.journal.note(format_args!("VIOLATION: {what}"));
        self.lock().violation.get_or_insert(what);
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.lock().violation.clone()
    }

    /// Notes what an answer has too much or too little.
    pub(crate) fn check(&self, asked: &str, outcome: Result<(), String>) {
        if let Err(why) = outcome {
            self.violated(format!("{asked}: {why}"));
        }
    }

    pub(crate) fn check_traces(
        &self,
        begun: &Begun,
        ids: &[TraceId],
        answer: &[Trace],
    ) -> Result<(), String> {
        let known = self.lock();
        known.check_spans(begun, answer)?;
        let answered: Vec<_> = answer.iter().map(|(id, _)| *id).collect();
        let expected: Vec<_> = ids.iter().copied().filter(|id| answered.contains(id)).collect();
        if answered != expected {
            return Err(format!("answered {answered:?} when asked for {ids:?}"));
        }
        known.must_have(
            begun,
            |span| ids.contains(&span.trace_id()),
            |span| answered.contains(&span.trace_id()),
        )
    }

    /// A write that is under way while the question is answered, or comes late after it failed, may show in a trace and
    /// not in its rank.
    pub(crate) fn check_search(
        &self,
        begun: &Begun,
        query: &TraceQuery,
        answer: &[Trace],
    ) -> Result<(), String> {
        let known = self.lock();
        known.check_spans(begun, answer)?;
        let mut ranks = Vec::new();
        // The last rank so far: nothing that was acknowledged before the question may come before it.
        let mut reached = None;
        for (id, spans) in answer {
            let matching: Vec<_> = spans.iter().filter(|span| matching::matches(span, query)).collect();
            let newest = matching.iter().map(|span| span.start()).max();
            let rank = (Reverse(newest.ok_or(format!("trace {id} does not match"))?), *id);
            let known_before = matching.iter().filter(|span| known.is_of(begun, span));
            let at_latest = known_before.map(|span| (Reverse(span.start()), *id)).min();
            if at_latest.is_some_and(|at_latest| reached.is_some_and(|reached| reached > at_latest)) {
                return Err(format!("not in the order of results: {id} after {ranks:?}"));
            }
            reached = reached.max(Some(rank));
            ranks.push(rank);
        }
        if answer.len() > query.limit.get() {
            return Err(format!("{} traces", answer.len()));
        }
        let answered: HashSet<_> = ranks.iter().map(|(_, id)| *id).collect();
        let last = ranks.last().filter(|_| answer.len() == query.limit.get());
        // Beyond the limit may be what comes after the last of the answer.
        let may_lack = |rank: (Reverse<UnixNanos>, TraceId)| last.is_some_and(|last| rank > *last);
        let matches = |span: &Span| matching::matches(span, query);
        known.must_have(begun, matches, |span| {
            answered.contains(&span.trace_id()) || may_lack((Reverse(span.start()), span.trace_id()))
        })
    }

    pub(crate) fn check_services(&self, begun: &Begun, answer: &[String]) -> Result<(), String> {
        self.check_names(begun, answer, |span| {
            is_listed(span.service_name()).then(|| span.service_name().to_owned())
        })
    }

    pub(crate) fn check_operations(
        &self,
        begun: &Begun,
        service: &str,
        answer: &[Operation],
    ) -> Result<(), String> {
        self.check_names(begun, answer, |span| {
            (span.service_name() == service && is_listed(span.operation_name())).then(|| Operation {
                name: span.operation_name().to_owned(),
                span_kind: span.kind().as_str().to_owned(),
            })
        })
    }

    fn check_names<N: Ord + std::fmt::Debug>(
        &self,
        begun: &Begun,
        answer: &[N],
        name: impl Fn(&Span) -> Option<N>,
    ) -> Result<(), String> {
        let known = self.lock();
        let required: BTreeSet<_> =
            begun.0.iter().filter_map(|number| name(&known.spans[*number].span)).collect();
        let possible: BTreeSet<_> = known.spans.iter().filter_map(|sent| name(&sent.span)).collect();
        let answered: BTreeSet<_> = answer.iter().collect();
        if answered.len() != answer.len() || !answer.is_sorted() {
            return Err(format!("not sorted or not distinct: {answer:?}"));
        }
        if let Some(missing) = required.iter().find(|name| !answered.contains(name)) {
            return Err(format!("{missing:?} is missing in {answer:?}"));
        }
        match answered.into_iter().find(|name| !possible.contains(name)) {
            Some(strange) => Err(format!("{strange:?} was never sent")),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn number(&mut self, span: &Span) -> usize {
        if let Some(number) = self.numbers.get(span) {
            return *number;
        }
        self.spans.push(Sent { span: span.clone(), is_acknowledged: false });
        self.numbers.insert(span.clone(), self.spans.len() - 1);
        self.spans.len() - 1
    }

    fn is_of(&self, begun: &Begun, span: &Span) -> bool {
        self.numbers.get(span).is_some_and(|number| begun.0.contains(number))
    }

    /// Each span was sent, is there once, and no acknowledged one of its trace is missing.
    fn check_spans(&self, begun: &Begun, answer: &[Trace]) -> Result<(), String> {
        let mut numbers = HashSet::new();
        let mut of_trace: BTreeMap<TraceId, usize> = BTreeMap::new();
        for (id, spans) in answer {
            for span in spans {
                let number =
                    self.numbers.get(span).ok_or_else(|| format!("{} was never sent", short(span)))?;
                if !numbers.insert(*number) {
                    return Err(format!("span {number} is there twice: {}", short(span)));
                }
                if span.trace_id() != *id {
                    return Err(format!("span {number} in another trace: {}", short(span)));
                }
            }
            *of_trace.entry(*id).or_default() += 1;
        }
        if let Some((id, _)) = of_trace.iter().find(|(_, times)| **times > 1) {
            return Err(format!("trace {id} is there twice"));
        }
        self.must_have(
            begun,
            |span| of_trace.contains_key(&span.trace_id()),
            |span| self.numbers.get(span).is_some_and(|number| numbers.contains(number)),
        )
    }

    /// Every acknowledged span that is meant must be there.
    fn must_have(
        &self,
        begun: &Begun,
        is_meant: impl Fn(&Span) -> bool,
        is_there: impl Fn(&Span) -> bool,
    ) -> Result<(), String> {
        // The lowest, so that a seed always says the same.
        let missing = begun.0.iter().filter(|number| {
            let span = &self.spans[**number].span;
            is_meant(span) && !is_there(span)
        });
        match missing.min() {
            Some(number) => Err(format!(
                "span {number} was acknowledged and is missing: {}",
                short(&self.spans[*number].span)
            )),
            None => Ok(()),
        }
    }
}

/// Puts chunks together.
pub(crate) fn whole(chunks: Vec<TraceChunk>) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    for chunk in chunks {
        let id = chunk.trace_id();
        match traces.last_mut() {
            Some((last, spans)) if *last == id => spans.extend(chunk.into_spans()),
            _ => traces.push((id, chunk.into_spans())),
        }
    }
    traces
}

/// What an error is called in the log.
pub(crate) fn error(error: &StoreError) -> String {
    let text: String = error.to_string().chars().take(160).collect();
    format!("{:?}: {}", error.kind(), text.replace('\n', " "))
}

pub(crate) fn short(span: &Span) -> String {
    format!(
        "trace {} span {} {} {:?} start {:?}",
        span.trace_id(),
        span.span_id(),
        span.service_name(),
        span.operation_name(),
        span.start()
    )
}
