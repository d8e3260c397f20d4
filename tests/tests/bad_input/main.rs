//! Bad input over real gRPC, as raw bytes, to the built server on its embedded engine.
//!
//! Each case comes beside a good neighbour: in the same Export wherever that parses, else in an Export of its own. What
//! decodes after repair is kept, the rest is refused with a status that says why. Whatever was kept, neighbours first,
//! is found by id and by search over both APIs, from the log and again once its window is derived; no log has a panic.
//!
//! `make reliability` builds the server and runs this.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking as tests do"
)]
#![expect(clippy::print_stdout, reason = "figures are what this is run for")]

mod archive;
mod bombs;
mod catalog;
mod connections;
mod descriptors;
mod framing;
mod garbage;
mod ids;
mod kept;
mod large_spans;
mod large_traces;
mod nesting;
mod queries;
mod raw;
mod spans;
mod streams;
mod texts;
mod times;
mod values;
mod world;
