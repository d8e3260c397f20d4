//! The services as a client sees them: a real server on a port of its own, and the generated clients.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking as tests do")]

#[path = "server/common.rs"]
mod common;
#[path = "server/discovery.rs"]
mod discovery;
#[path = "server/export.rs"]
mod export;
#[path = "server/fakes.rs"]
mod fakes;
#[path = "server/metering.rs"]
mod metering;
#[path = "server/reading.rs"]
mod reading;
#[path = "server/sizes.rs"]
mod sizes;
#[path = "server/streams.rs"]
mod streams;
