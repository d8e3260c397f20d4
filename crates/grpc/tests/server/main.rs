//! The services as a client sees them: a real server on a port of its own, and the generated clients.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking as tests do")]

mod common;
mod discovery;
mod export;
mod fakes;
mod gated;
mod limits;
mod metering;
mod raw;
mod reading;
mod sizes;
mod streams;
mod v1;
