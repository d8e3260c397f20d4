//! What the built server keeps, as a process on a real engine: killed, suspended, replaced, on an engine that fails, and
//! with more to do than it can. `make reliability` builds it and runs this. It reads from the environment: `SERVER`, the
//! binary; `SEED`, to make the same random choices again; `LONG`, to run as long as the figures in docs take.
//!
//! What it does not prove: anything about DynamoDB itself, which the fault layer only resembles; anything about loss of
//! power, which `kill -9` is not.

mod cloud;
mod content;
mod crashes;
mod exporter;
mod faults;
mod figures;
mod job_memory;
mod law;
mod ledger;
mod oddities;
mod overload;
mod processes;
mod replacement;
mod settings;
mod suspension;
