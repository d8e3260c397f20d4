//! What is asked of a store.

use std::num::NonZeroUsize;

use crate::{Range, Span, TextForm, TraceId, UnixNanos};

/// A search for whole traces: those with at least one span that starts inside the range and satisfies the
/// predicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceQuery {
    /// When the matching span starts, ends included.
    pub start: Range<UnixNanos>,
    /// What the matching span satisfies.
    pub predicate: Predicate,
    /// How many traces are wanted at most: those with the newest matching spans.
    pub limit: NonZeroUsize,
}

/// A condition on one span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// All hold on the same span; an empty list always holds.
    All(Vec<Predicate>),
    /// At least one holds; an empty list never holds.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// The span ran in this service.
    Service(String),
    /// The span has this name.
    Operation(String),
    /// The span took so many nanoseconds.
    Duration(Range<i128>),
    /// The span has this text under this key, somewhere.
    Attribute(AttributeCondition),
}

/// Equality of texts under a key, as the attributes or tags of both legacy query APIs mean it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeCondition {
    /// The attribute's key, or one of the special keys of [`crate::matching`].
    pub key: String,
    /// The wanted text.
    pub text: String,
    /// Whose text of a value is compared.
    pub form: TextForm,
}

/// A trace that is asked for by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceRef {
    /// The trace.
    pub trace_id: TraceId,
    /// Where its spans probably start. A hint: no span outside it is left out.
    pub time_hint: Range<UnixNanos>,
}

/// A trace that a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// Earliest start of its spans.
    pub start: UnixNanos,
    /// Latest end of its spans.
    pub end: UnixNanos,
}

// === impl TraceQuery ===

impl TraceQuery {
    /// Traces that a search without a limit of its own answers: Jaeger's default.
    pub const DEFAULT_LIMIT: NonZeroUsize = NonZeroUsize::new(100).expect("100 is not zero");
}

impl Default for TraceQuery {
    /// The newest [`TraceQuery::DEFAULT_LIMIT`] traces.
    fn default() -> Self {
        Self { start: Range::default(), predicate: Predicate::default(), limit: Self::DEFAULT_LIMIT }
    }
}

// === impl Predicate ===

impl Default for Predicate {
    /// Holds for every span.
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

// === impl TraceRef ===

impl From<TraceId> for TraceRef {
    fn from(trace_id: TraceId) -> Self {
        Self { trace_id, time_hint: Range::default() }
    }
}

// === impl FoundTrace ===

impl FoundTrace {
    /// The trace of these spans, or `None` without spans.
    pub fn of<'a>(spans: impl IntoIterator<Item = &'a Span>) -> Option<Self> {
        let bounds = |span: &Span| Self { trace_id: span.trace_id(), start: span.start(), end: span.end() };
        spans.into_iter().map(bounds).reduce(Self::widened)
    }

    /// The same trace with the bounds of both.
    #[must_use]
    pub fn widened(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end), ..self }
    }
}
