//! `jaeger.storage.v2.Capabilities`.

use std::sync::Arc;

use async_trait::async_trait;
use jaeger_dynamodb_core::TraceReader;
use jaeger_dynamodb_proto::jaeger::storage::v2::capabilities_server;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    GetCapabilitiesRequest, GetCapabilitiesResponse, SearchCapabilities,
};
use tonic::{Request, Response, Status};

/// Tells what the reader can search. It concerns no tenant's data, so it answers whoever asks.
#[derive(Debug)]
pub(crate) struct Capabilities {
    reader: Arc<dyn TraceReader>,
}

impl Capabilities {
    pub(crate) fn new(reader: Arc<dyn TraceReader>) -> Self {
        Self { reader }
    }
}

#[async_trait]
impl capabilities_server::Capabilities for Capabilities {
    async fn get_capabilities(
        &self,
        _: Request<GetCapabilitiesRequest>,
    ) -> Result<Response<GetCapabilitiesResponse>, Status> {
        let can = self.reader.capabilities();
        let search = SearchCapabilities {
            without_service_name: can.without_service_name,
            same_span_conjunction: can.same_span_conjunction,
            filter: None,
            paginated: false,
            span_search: false,
            span_sorting: false,
        };
        Ok(Response::new(GetCapabilitiesResponse { search: Some(search) }))
    }
}
