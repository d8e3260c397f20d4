//! What a server refuses so that it goes on answering.

mod bytes;
mod connections;
mod deadlines;
mod frames;
mod queries;
mod readers;
mod senders;

use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_grpc::Stores;
use jaeger_dynamodb_proto::google_rpc::{RetryInfo, Status as RpcStatus};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use prost::Message;
use tonic::{Code, Status};

use crate::common::{of_service, span, text};
use crate::gated::Gated;

/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A request with one span of about so many bytes.
fn export_of(bytes: usize) -> ExportTraceServiceRequest {
    let large = Span { attributes: vec![text("filler", &"f".repeat(bytes))], ..span(1, 1) };
    ExportTraceServiceRequest { resource_spans: vec![of_service("shop", vec![large])] }
}

fn gated(store: &Gated) -> Stores {
    Stores::of(Arc::new(store.clone()))
}

/// An OTLP client sends again what is refused so, and only that.
#[track_caller]
fn assert_asks_to_try_again(refused: &Status) {
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let details = RpcStatus::decode(refused.details()).unwrap().details;
    let info = details.first().unwrap();
    assert_eq!(info.type_url, "type.googleapis.com/google.rpc.RetryInfo");
    assert!(RetryInfo::decode(info.value.as_slice()).unwrap().retry_delay.is_some());
}
