//! Derives windows in AWS Lambda.
//!
//! The function is invoked with a batch of the stream of the table of windows, with a schedule, or directly with a range
//! of time: see [`Invocation`]. The [`Handler`] does what is asked until its time is up, and then says what is left.
//! Which windows are done is said by their items alone, so an event that is lost, repeated or late costs time or money and
//! never an answer.
//!
//! ```
//! use jaeger_dynamodb_dependency_lambda::{Invocation, Range};
//!
//! let event = serde_json::json!({"from": "2026-01-31T12:00:00Z", "to": 1_769_864_400});
//! assert_eq!(Invocation::of(event)?, Invocation::Range(Range { from: 1_769_860_800, to: 1_769_864_400 }));
//! # Ok::<(), jaeger_dynamodb_dependency_lambda::InvalidEvent>(())
//! ```

mod batch;
mod budget;
mod counters;
mod deriver;
mod event;
mod handler;
mod seal;
mod settings;
mod tally;
mod telemetry;

pub use counters::Counters;
pub use deriver::{DeriveError, Deriver, StoreDeriver};
pub use event::{InvalidEvent, Invocation, Range};
pub use handler::{Failure, Handler, HandlerParts};
pub use seal::CurrentSpan;
pub use settings::Settings;
pub use tally::Tally;
pub use telemetry::Telemetry;
