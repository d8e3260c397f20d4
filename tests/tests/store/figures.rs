//! Figures of the whole store, in the units that DynamoDB bills: what is printed here stands in `docs/performance.md`.
//!
//! They prove the arithmetic and the layout on our own workloads and an engine that bills as DynamoDB documents it; they
//! do not prove DynamoDB's bill.

#![expect(clippy::print_stdout, reason = "the figures are the point")]

#[path = "figures/reading.rs"]
mod reading;
#[path = "figures/seven_days.rs"]
mod seven_days;
#[path = "figures/world.rs"]
mod world;
#[path = "figures/writing.rs"]
mod writing;
