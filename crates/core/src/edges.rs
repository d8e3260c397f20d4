//! Who called whom: from the spans of one trace to the edges between services. The one definition, for every store.
//!
//! | source | edge |
//! |---|---|
//! | [`EdgeSource::Calls`] | service of the parent span -> service of the child span |
//! | [`EdgeSource::Links`] | service of a span that is linked, or that `FOLLOWS_FROM` names -> service of the span that says so |
//! | [`EdgeSource::Virtual`] | service of a client or producer span -> what it called, if that sent no span (see [`peer_name`]) |
//!
//! - Spans are looked for by id, within the trace. Exact duplicates count once; every other span counts, also when
//!   another one has its id.
//! - A server or consumer span that has the id of a client or producer span (Zipkin's halves of one call) is called by
//!   that span, not by its parent.
//! - Where several spans have the id that a child names, the one that stands for them is a server or consumer, else
//!   neither, else a client or producer; among these the first to start, then the first by service name. So children of
//!   halves hang on the server's.
//! - A span names others by references of Jaeger's first model, or by parent and links of OTLP. One that it names in
//!   several ways counts once: as a link if any of them says `FOLLOWS_FROM`. A plain link to the own parent adds nothing.
//! - A span does not call itself; a service may.
//! - Services without a name, or whose name is too long to be listed ([`is_listed`](crate::is_listed)), have no edges.
//!
//! Contributions are signed, so that what a store found before can be taken back when the rest of a trace arrives. For
//! sets of spans A and B of one trace, `E(A) + (E(A and B) - E(A)) = E(A and B)`.

mod join;
mod latency;
mod names;
mod peer;
mod reader;
#[cfg(test)]
mod tests;
mod totals;

use std::collections::HashMap;
use std::sync::Arc;

pub use join::{Call, UnmatchedChild, join};
pub use latency::LatencyHistogram;
pub use names::{NameId, Names};
pub use peer::peer_name;
pub use reader::{EdgeSpan, EdgeSpanReader};
pub use totals::{Edge, EdgeTotals, Edges};

use crate::{Span, TraceId, UnixNanos};

/// What an edge is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeSource {
    /// Parent and child spans.
    Calls,
    /// Links between spans of one trace.
    Links,
    /// Calls to what is not instrumented.
    Virtual,
}

/// A choice of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EdgeSources(u8);

/// Five minutes of Unix time, in which edges are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeBucket(pub u32);

// === impl EdgeSource ===

impl EdgeSource {
    /// All sources.
    pub const ALL: [Self; 3] = [Self::Calls, Self::Links, Self::Virtual];

    /// The source as settings name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Links => "links",
            Self::Virtual => "virtual",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Calls => 1,
            Self::Links => 2,
            Self::Virtual => 4,
        }
    }
}

// === impl EdgeSources ===

impl EdgeSources {
    /// Whether the source is chosen.
    #[must_use]
    pub const fn contains(self, source: EdgeSource) -> bool {
        self.0 & source.bit() != 0
    }
}

impl Default for EdgeSources {
    /// Calls only, which is what Jaeger shows.
    fn default() -> Self {
        Self(EdgeSource::Calls.bit())
    }
}

impl FromIterator<EdgeSource> for EdgeSources {
    fn from_iter<I: IntoIterator<Item = EdgeSource>>(sources: I) -> Self {
        Self(sources.into_iter().fold(0, |bits, source| bits | source.bit()))
    }
}

// === impl EdgeBucket ===

impl EdgeBucket {
    /// Seconds of a bucket.
    pub const SECONDS: u32 = 300;

    /// The bucket of an instant; one before 1970 belongs to the first.
    #[must_use]
    pub fn of(instant: UnixNanos) -> Self {
        Self::of_seconds(u64::try_from(instant.secs_floor().max(0)).unwrap_or(u64::MAX))
    }

    /// The bucket of Unix seconds.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Self {
        Self(u32::try_from(seconds / u64::from(Self::SECONDS)).unwrap_or(u32::MAX))
    }

    /// Its first second, Unix time.
    #[must_use]
    pub fn start(self) -> u64 {
        u64::from(self.0) * u64::from(Self::SECONDS)
    }
}

// === impl Edges ===

impl Edges<Arc<str>> {
    /// The edges of whole traces, each in the bucket of the start of its span.
    pub fn of_spans<'a>(spans: impl IntoIterator<Item = &'a Span>) -> Self {
        let mut reader = EdgeSpanReader::default();
        let mut traces: HashMap<TraceId, Vec<EdgeSpan>> = HashMap::new();
        for span in spans {
            traces.entry(span.trace_id()).or_default().push(reader.read(span));
        }
        let (names, mut edges) = (reader.into_names(), Edges::default());
        for trace in traces.values_mut() {
            join(trace, &names, |call| edges.count(&call, 1));
        }
        edges.named(&names)
    }
}
