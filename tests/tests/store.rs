//! The store on the engine: conformance, laws, faults, counts. One binary, because linking one takes long.

#![expect(
    clippy::indexing_slicing,
    clippy::clone_on_ref_ptr,
    reason = "test code, where a panic is a failure"
)]

#[path = "store/archive.rs"]
mod archive;
#[path = "store/conformance.rs"]
mod conformance;
#[path = "store/dependencies.rs"]
mod dependencies;
#[path = "store/derived.rs"]
mod derived;
#[path = "store/figures.rs"]
mod figures;
#[path = "store/job.rs"]
mod job;
#[path = "store/late_puts.rs"]
mod late_puts;
#[path = "store/laws.rs"]
mod laws;
#[path = "store/request_counts.rs"]
mod request_counts;
#[path = "store/suspended_writer.rs"]
mod suspended_writer;
#[path = "store/unary_writes.rs"]
mod unary_writes;
