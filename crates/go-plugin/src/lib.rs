//! The plugin's side of [go-plugin](https://github.com/hashicorp/go-plugin) over gRPC: a program that a Go program
//! starts as its child and calls over a unix socket.
//!
//! The flow: [`Host::from_env`] reads what the host that started the process asks for; [`Host::serve`] opens a
//! socket, names it in the handshake line, and serves the plugin's own gRPC services next to those of the protocol
//! until the host ends it. Logs go to stderr through [`hclog`], where the host reads them.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use std::time::Duration;
//!
//! use jaeger_dynamodb_go_plugin::{Handshake, Host, hclog};
//! use tonic::service::Routes;
//! use tracing_subscriber::filter::LevelFilter;
//! use tracing_subscriber::prelude::*;
//!
//! const HANDSHAKE: Handshake<'_> =
//!     Handshake { cookie_key: "GREETER_PLUGIN", cookie_value: "hello", protocol_versions: &[1] };
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> ExitCode {
//!     let host = match Host::from_env(&HANDSHAKE) {
//!         Ok(host) => host,
//!         Err(refusal) => return refusal.report(),
//!     };
//!     hclog::report_panics();
//!     tracing_subscriber::registry().with(LevelFilter::INFO).with(hclog::HclogLayer::stderr()).init();
//!     let services = Routes::default(); // .add_service(…)
//!     match host.serve(services, Duration::from_secs(1), async { /* write out what is buffered */ }).await {
//!         Ok(ending) => {
//!             tracing::info!(?ending, "plugin ended");
//!             ExitCode::SUCCESS
//!         }
//!         Err(error) => {
//!             hclog::report(&error);
//!             ExitCode::FAILURE
//!         }
//!     }
//! }
//! ```
//!
//! # Stdout
//!
//! Nothing but the handshake line may be written to stdout, and nothing before it: the host takes the first line for
//! the handshake, and a later one of more than 64 KiB ends its reading, after which every write blocks
//! (`client.go`, `Start`).
//!
//! # What is left out
//!
//! - TCP: hosts take unix sockets wherever there are any, and this crate is for unix only. `PLUGIN_MIN_PORT` and
//!   `PLUGIN_MAX_PORT` are about TCP and not read.
//! - AutoMTLS: refused, see [`Refusal::AutoMtls`].
//! - The broker, through which either side serves more services for the other: its stream is held open, but nothing
//!   is offered, and the host is told that connections are not multiplexed.
//! - Stdout and stderr over gRPC: that stream stays silent, since the host has both as pipes.
//!
//! File names in the documentation are those of go-plugin v1.8.0.

mod generated;
mod handshake;
pub mod hclog;
mod lifecycle;
mod protocol;
mod serve;
mod socket;

pub use handshake::{Handshake, Host, Refusal};
pub use serve::{Ending, ServeError};
pub use socket::SocketError;
