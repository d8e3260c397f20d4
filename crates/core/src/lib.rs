//! The domain of a trace store: spans in the form in which they came, queries, what matches, and the
//! storage traits. It knows no AWS, no gRPC and no async runtime.
//!
//! The flow: a client's spans become [`Span`]s (OTLP or Jaeger v1, each kept in its native form behind one
//! view), a [`TraceWriter`] makes them durable, and a [`TraceReader`] answers a [`TraceQuery`] with whole
//! traces. What matches is defined once, in [`matching`]; [`MemoryStore`] is the executable specification
//! that every other store is held against.
//!
//! ```
//! use jaeger_dynamodb_core::{TraceId, TraceQuery};
//!
//! let id: TraceId = "0102030405060708090a0b0c0d0e0f10".parse()?;
//! assert_eq!(id.to_string(), "0102030405060708090a0b0c0d0e0f10");
//! assert_eq!(TraceQuery::default().limit.get(), 100);
//! # Ok::<(), jaeger_dynamodb_core::InvalidId>(())
//! ```

mod attributes;
mod capabilities;
mod catalog;
mod chunk;
mod clock;
mod dedupe;
mod dependency;
pub mod edges;
mod error;
mod ids;
pub mod matching;
mod memory;
mod query;
#[cfg(test)]
mod samples;
mod span;
mod store;
mod summary;
mod tenant;
mod time;
pub mod translate;

pub use attributes::{Attribute, AttributeValue, Attributes, Double, TextForm};
pub use capabilities::SearchCapabilities;
pub use catalog::{Operation, OperationQuery, is_listed};
pub use chunk::TraceChunk;
pub use clock::Clock;
pub use dedupe::SpanDeduplicator;
pub use dependency::{DependencyLink, DependencyQuery};
pub use error::{StoreError, StoreErrorKind};
pub use ids::{InvalidId, SpanId, TraceId};
pub use memory::MemoryStore;
pub use query::{AttributeCondition, FoundTrace, Predicate, TraceQuery, TraceRef};
pub use span::{Span, SpanKind, StatusCode, otlp, v1};
pub use store::{DependencyReader, TraceReader, TraceWriter};
pub use summary::{ServiceSummary, SummaryBuilder, TraceSummary};
pub use tenant::{InvalidTenant, Tenant};
pub use time::{Range, UnixNanos};
