//! The archive on the engine: whatever was archived comes back, however often and by whomever it was, and nothing that
//! was acknowledged is lost to faults.

#[path = "archive/answers.rs"]
mod answers;
#[path = "archive/faults.rs"]
mod faults;
#[path = "archive/figures.rs"]
mod figures;
#[path = "archive/repetition.rs"]
mod repetition;
#[path = "archive/retention.rs"]
mod retention;
#[path = "archive/world.rs"]
mod world;
