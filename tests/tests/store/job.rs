//! The job on the engine: what it does in a round and what that costs, runners beside each other, interruptions at
//! every request, and faults in what it reads.

#[path = "job/outcomes.rs"]
mod outcomes;
#[path = "job/records.rs"]
mod records;
#[path = "job/rounds.rs"]
mod rounds;
#[path = "job/runs.rs"]
mod runs;
#[path = "job/world.rs"]
mod world;
