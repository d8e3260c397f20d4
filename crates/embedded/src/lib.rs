//! DynamoDB inside the process, for evaluation, small installs and tests.
//!
//! [`EmbeddedEngine`] holds a [dynoxide] database, in memory or in a directory, and is the
//! HTTP client of an AWS SDK configuration: the same store code runs against it and against AWS,
//! without a socket that another program or a web page could reach (ADR 0003, in `docs/adr/`).
//!
//! What to know when using it:
//!
//! - Give every `Query` and `Scan` a `Limit`: without one the engine reads the whole remaining
//!   partition into memory before it cuts the page.
//! - Nothing expires by itself: call [`EmbeddedEngine::delete_expired`] now and then.
//! - dynoxide logs through `tracing`; `dynoxide=error` is a good filter.
//! - A panic inside a call is answered with an `InternalServerError`. That needs unwinding: do not
//!   build with `panic = "abort"`.
//! - DynamoDB Streams are not offered.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use jaeger_dynamodb_embedded::EmbeddedEngine;
//!
//! let engine = EmbeddedEngine::in_memory()?;
//! let client = engine.client();
//! let tables = client.list_tables().send().await?;
//! assert!(tables.table_names().is_empty());
//! # Ok(())
//! # }
//! ```

mod answer;
mod clock;
mod connector;
mod database;
mod directory;
mod dispatch;
mod engine;
mod error;
mod worker;

pub use answer::Answer;
pub use clock::ServiceClock;
pub use connector::{Call, sdk_config};
pub use engine::{Durability, EmbeddedEngine, EngineOptions, Execution};
pub use error::EmbeddedError;
