//! What may differ, why, and how often it did.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A difference between Jaeger's memory store and ours that is no fault of ours. Each is computed exactly, so that
/// nothing else hides behind it, and each must be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    ErrorKey,
    SpecialKeys,
    LinkAttributes,
    LaterDuplicates,
    ResultOrder,
    FoundTraceTimes,
    NoSummaries,
    SchemaUrls,
    RepeatedSpans,
    RepeatedIds,
    LongNames,
    NamelessOperations,
    OperationsOfLongServices,
}

/// What neither server is sent, and why.
const NEVER_SENT: [(&str, &str); 7] = [
    ("a trace id of zeros", "ends every search of Jaeger's memory store; ours refuses the span"),
    ("ids of a wrong length", "fail the whole export there; ours refuses the span alone"),
    ("times beyond 2^62 ns, made earlier", "those from 2^63 on turn negative there"),
    ("traces larger than a message", "one message there; ours cuts them, and the batteries read them"),
    ("a search_depth of zero or less", "an error there; Jaeger's default of 100 traces here"),
    ("a key twice in one query", "the last value wins there; here all must hold"),
    ("a search without parameters", "ends the process there; an invalid argument here"),
];

/// Counts what was met. Shared by all cases. It shows itself in short as figures, and at length with the differences.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    differences: Mutex<BTreeMap<Difference, usize>>,
    figures: Mutex<BTreeMap<&'static str, usize>>,
}

impl Difference {
    pub(crate) const ALL: [Self; 13] = [
        Self::ErrorKey,
        Self::SpecialKeys,
        Self::LinkAttributes,
        Self::LaterDuplicates,
        Self::ResultOrder,
        Self::FoundTraceTimes,
        Self::NoSummaries,
        Self::SchemaUrls,
        Self::RepeatedSpans,
        Self::RepeatedIds,
        Self::LongNames,
        Self::NamelessOperations,
        Self::OperationsOfLongServices,
    ];

    /// Those that change what a search finds.
    pub(crate) const OF_MATCHING: [Self; 4] =
        [Self::ErrorKey, Self::SpecialKeys, Self::LinkAttributes, Self::LaterDuplicates];

    /// What Jaeger's memory store does instead, why ours does not, and what is counted.
    fn reason(self) -> &'static str {
        match self {
            Self::ErrorKey => {
                "searches: `error` reads only a typed true as ERROR and everything else as OK; later releases read \
                 texts too, take false for \"not ERROR\", and find nothing by other texts"
            }
            Self::SpecialKeys => {
                "searches: span.kind, span.status, scope.name, scope.version and resource.KEY are ordinary keys; \
                 later releases give them their meaning"
            }
            Self::LinkAttributes => "searches: attributes of links are not searched; later releases do",
            Self::LaterDuplicates => {
                "searches: only the first value under a key is looked at; ours looks at all, as Jaeger's v1 does"
            }
            Self::ResultOrder => {
                "searches: the trace first seen last comes first; ours puts the newest matching start first. Limits \
                 are compared after the traces were written in our order"
            }
            Self::FoundTraceTimes => {
                "ids found: without times; ours are held against the spans that it returns"
            }
            Self::NoSummaries => {
                "summaries: not implemented; ours are held against summaries of the spans that it returns"
            }
            Self::SchemaUrls => {
                "spans returned: schema URLs are dropped; ours are held against what was written"
            }
            Self::RepeatedSpans => "spans returned: one written twice comes twice; with us retries collapse",
            Self::RepeatedIds => "ids asked twice: the trace comes twice; with us once",
            Self::LongNames => {
                "names listed: those over 1 KiB too; ours leaves them out, lest a list outgrow its message"
            }
            Self::NamelessOperations => {
                "operations listed: the empty name too; ours leaves it out, since a search cannot ask for it"
            }
            Self::OperationsOfLongServices => {
                "lists of operations: also for a service whose name is over 1 KiB; ours has none, as it lists no such \
                 service"
            }
        }
    }
}

impl Tally {
    pub(crate) fn met(&self, difference: Difference, times: usize) {
        *lock(&self.differences).entry(difference).or_default() += times;
    }

    pub(crate) fn add(&self, figure: &'static str, number: usize) {
        *lock(&self.figures).entry(figure).or_default() += number;
    }

    pub(crate) fn figure(&self, figure: &'static str) -> usize {
        lock(&self.figures).get(figure).copied().unwrap_or_default()
    }

    pub(crate) fn count(&self, difference: Difference) -> usize {
        lock(&self.differences).get(&difference).copied().unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (figure, number) in &*lock(&self.figures) {
            writeln!(f, "{number:>8} {figure}")?;
        }
        if !f.alternate() {
            return Ok(());
        }
        writeln!(
            f,
            "allowed differences, how often each was met, and what Jaeger's memory store does instead:"
        )?;
        for difference in Difference::ALL {
            let name = format!("{difference:?}");
            writeln!(f, "{:>8} {name:<24} {}", self.count(difference), difference.reason())?;
        }
        writeln!(f, "never sent:")?;
        NEVER_SENT.iter().try_for_each(|(what, reason)| writeln!(f, "         {what}: {reason}"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
