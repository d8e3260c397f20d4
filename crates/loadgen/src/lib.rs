//! Deterministic trace workloads: what OpenTelemetry SDKs and collectors would send for them, request by request.
//!
//! A [`Workload`] makes traces of an application whose services, call trees and attributes are tables (`content`),
//! and sends their spans along the way they take in practice: each pod exports every 5 s, or when 512 spans wait; a
//! collector merges what pods send until 8 192 spans or 200 ms after the first. What comes out are the requests that
//! arrive at the server, and when. No clock is read: span times count from the start that the [`Load`] gives, and a
//! seed gives the same bytes always.
//!
//! ```
//! use std::time::Duration;
//!
//! use jaeger_dynamodb_core::UnixNanos;
//! use jaeger_dynamodb_loadgen::{Load, Workload};
//!
//! let load = Load { spans_per_second: 100, duration: Duration::from_secs(10), start: UnixNanos::from_secs(1_760_000_000) };
//! let arrivals: Vec<_> = Workload::demo(7).arrivals(load).collect();
//! assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
//! assert!(arrivals.iter().map(|arrival| arrival.span_count()).sum::<usize>() >= 900);
//! ```

mod agenda;
mod author;
mod calls;
mod content;
mod failure;
mod fleet;
mod load;
mod model;
mod path;
mod pod;
mod recording;
mod regroup;
mod request;
mod scene;
mod sizing;
mod workload;

pub use calls::calls_between_services;
pub use load::Load;
pub use path::{Arrival, Arrivals};
pub use regroup::{Regrouped, regroup};
pub use workload::Workload;
