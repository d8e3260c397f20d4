//! The gRPC services of a Jaeger remote storage backend over core's storage traits: `jaeger.storage.v2`
//! (TraceReader, DependencyReader, Capabilities), OTLP `TraceService.Export`, all of `jaeger.storage.v1`, health and
//! reflection.
//!
//! The flow: [`router`] makes a tonic router of a [`Stores`]; a request becomes core spans or a core query, and what
//! the store answers goes back in messages that Jaeger's client can take.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use jaeger_dynamodb_core::{Clock, MemoryStore};
//! use jaeger_dynamodb_grpc::{GrpcConfig, Stores, router};
//!
//! # async fn serve(clock: Arc<dyn Clock>) -> Result<(), Box<dyn std::error::Error>> {
//! let stores = Stores::of(Arc::new(MemoryStore::new()));
//! let (router, _streams) = router(stores, &GrpcConfig::default(), clock).await?;
//! router.serve("127.0.0.1:17271".parse()?).await?;
//! # Ok(())
//! # }
//! ```

mod chunking;
mod codec;
mod config;
mod connections;
mod context;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod layer;
mod limits;
mod measures;
mod open_streams;
mod query;
mod refusal;
mod router;
mod service;
mod status;

pub use config::{GrpcConfig, InvalidConfig};
pub use connections::{Connected, Connection, Connections};
pub use context::{BearerToken, RequestContext, TraceParent};
pub use layer::{RpcMetrics, RpcMetricsLayer};
pub use limits::{Limited, Limits, LimitsLayer};
pub use open_streams::OpenStreams;
pub use router::{Archive, ObservedRouter, RouterError, Stores, router, router_within, routes};
