//! What the binaries share: settings, logs and metrics, the HTTP endpoints for probes, AWS clients,
//! signals and exit codes. Nothing here knows spans.
//!
//! A binary declares its settings with [`settings!`], begins with [`launch`] and runs its main future in [`exit::run`]:
//!
//! ```
//! use jaeger_dynamodb_runtime::{config::{self, Program, Review, Start}, exit::{self, Failure}};
//!
//! jaeger_dynamodb_runtime::settings! {
//!     /// What the user decides.
//!     struct Settings {
//!         /// Whom to greet
//!         greet: String = "world".to_owned(),
//!     }
//! }
//!
//! async fn start() -> Result<(), Failure> {
//!     let program = Program { name: "greeter", version: "1.0.0", about: "Greets", former_keys: &[] };
//!     let check = |settings: &Settings, review: &mut Review| {
//!         if settings.greet.is_empty() {
//!             review.refuse(&["greet"], "nobody would hear it");
//!         }
//!     };
//!     let start = config::load_from(&program, [], [], check).map_err(Failure::configuration)?;
//!     assert!(matches!(start, Start::Run { settings, .. } if settings.greet == "world"));
//!     Ok(())
//! }
//!
//! let code = exit::run(start());
//! assert_eq!(code, std::process::ExitCode::SUCCESS);
//! ```

pub mod aws;
pub mod config;
pub mod exit;
pub mod http;
mod launch;
pub mod metrics;
pub mod open_files;
pub mod readiness;
pub mod shutdown;
pub mod telemetry;

pub use launch::{Launched, launch, launch_with};
