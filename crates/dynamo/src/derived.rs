//! What is derived from the log of a closed window: formats and the pure functions that make them. Nothing here reads
//! or writes; `job` publishes, `read` looks up.
//!
//! - [`segment`]: the log's entries again, by group of services and newest first, in parts; each part's inverted lists
//!   are an item of their own.
//! - [`pointers`]: from a hash of the trace id to packs, in buckets; those of 48 windows are merged.
//! - [`manifest`]: what a run has written. A window's first manifest wins and is final; the items of other runs are
//!   never read.
//! - [`builder`]: from records to all of these.

mod builder;
mod commit_ref;
mod manifest;
mod pointers;
mod segment;
#[cfg(test)]
mod testing;
mod trace_hash;

pub(crate) use builder::{DerivedItem, PART_BYTES, Plan, Survey, WindowBuilder};
pub(crate) use commit_ref::LogOfRun;
pub(crate) use manifest::{BlockManifest, BlockMember, FailedRecord, Manifest, PartKey, Slot, group_of};
pub(crate) use pointers::{BUCKET_BYTES, Pointer, PointerBucket, bucket_count};
pub(crate) use segment::{EntriesPart, ListsPart};
pub(crate) use trace_hash::TraceHash;
