//! Jaeger trace storage on Amazon DynamoDB: a commit log of packed spans.
//!
//! Spans of many traces are packed into few items, because DynamoDB bills writes for each started KB of each item.
//! Everything that is not needed to acknowledge a write is read from, or derived from, the log of commits (ADR 0001,
//! in `docs/adr/`).
//!
//! - `commit`: requests share commits; packs first, then the log record, then the acknowledgement.
//! - `read`: a snapshot of the windows, their logs, the packs that these name.
//! - `job`: from the log of a closed window to what is read instead of it.
//! - `dependencies`: what each window contributes to the calls between services, and sums of that.
//! - `archive`: traces that are kept apart, an item a span.
//! - `log`, `pack` and `derived`: the formats, pure functions of bytes.
//! - `window`: spans of commit time; a closed window never changes.
//!
//! All five tables have a binary partition key `pk` and sort key `sk` (see `keys` for their content), the attribute
//! `expiry` for TTL, and are made and verified from [`TABLES`].
//!
//! # Limits
//! Items of at most [400 KB](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html): larger
//! packs are stored in parts. A window takes commits for at most 15 minutes after its start.

mod archive;
mod bytes;
mod capacity;
mod catalog;
mod client;
mod clock;
mod commit;
mod compression;
mod config;
mod counters;
mod dependencies;
mod derived;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod item;
mod job;
mod keys;
mod log;
mod pack;
mod period;
mod purge;
mod queries;
mod read;
mod schema;
mod service_time;
mod size;
mod store;
mod window;

pub use archive::ArchiveStore;
pub use bytes::DecodeError;
pub use capacity::{CapacityMeter, Purpose, Usage};
pub use clock::SystemClock;
pub use config::{InvalidConfig, StoreConfig};
pub use job::{
    JobMode, Maintenance, ParkedWindow, RoundReport, SealTrace, WindowId, WindowReport, Work, sealed_by,
};
pub use schema::{SchemaProblem, TABLES, Table, TableDefinition};
pub use store::{DynamoStore, StoreParts};
