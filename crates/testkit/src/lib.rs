//! What the tests of every crate share: clocks that a test holds in its hand, a DynamoDB engine that goes wrong
//! as it is told, random spans and queries, and one conformance suite for every store.

mod clock;
pub mod conformance;
pub mod corpus;
mod engine;
pub mod fixtures;
mod grpc_client;
mod grpc_v1_client;
mod raw_codec;
pub mod strategies;

pub use clock::{ManualClock, TokioClock};
pub use engine::{
    DateShift, EngineHandle, Fault, FaultPlan, FaultRates, FaultServer, Refusal, RequestInfo, StaleReads,
    Tally, TestEngine, Traffic,
};
pub use grpc_client::GrpcStore;
pub use grpc_v1_client::GrpcV1Store;
pub use raw_codec::{RawCodec, RawEncoder};
