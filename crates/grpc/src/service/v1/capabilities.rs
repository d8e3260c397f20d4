//! `jaeger.storage.v1.PluginCapabilities`.

use async_trait::async_trait;
use jaeger_dynamodb_proto::jaeger::storage::v1::plugin_capabilities_server::PluginCapabilities;
use jaeger_dynamodb_proto::jaeger::storage::v1::{CapabilitiesRequest, CapabilitiesResponse};
use tonic::{Request, Response, Status};

/// Tells which other services answer. It concerns no tenant's data, so it answers whoever asks.
#[derive(Debug)]
pub(crate) struct Capabilities {
    /// Whether there is an archive.
    pub(crate) archive: bool,
    /// Whether spans may be written in streams.
    pub(crate) streaming_writer: bool,
}

#[async_trait]
impl PluginCapabilities for Capabilities {
    async fn capabilities(
        &self,
        _: Request<CapabilitiesRequest>,
    ) -> Result<Response<CapabilitiesResponse>, Status> {
        Ok(Response::new(CapabilitiesResponse {
            archive_span_reader: self.archive,
            archive_span_writer: self.archive,
            streaming_span_writer: self.streaming_writer,
        }))
    }
}
