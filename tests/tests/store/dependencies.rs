//! Calls between services: that each counts once, whatever befalls, and what reading them costs.

#[path = "dependencies/answers.rs"]
mod answers;
#[path = "dependencies/demo.rs"]
mod demo;
#[path = "dependencies/large.rs"]
mod large;
#[path = "dependencies/laws.rs"]
mod laws;
#[path = "dependencies/sleepers.rs"]
mod sleepers;
#[path = "dependencies/windows.rs"]
mod windows;
#[path = "dependencies/world.rs"]
mod world;
