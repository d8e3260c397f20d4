//! `jaeger.storage.v2.DependencyReader`.

use std::sync::Arc;

use async_trait::async_trait;
use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{DependencyLink, DependencyReader};
use jaeger_dynamodb_proto::jaeger::storage::v2::dependency_reader_server;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    Dependency, GetDependenciesRequest, GetDependenciesResponse,
};
use prost_types::Timestamp;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use super::within;
use crate::{RequestContext, query, status};

/// Answers who called whom, over both APIs.
#[derive(Debug, Clone)]
pub(crate) struct Dependencies {
    reader: Arc<dyn DependencyReader>,
    sources: EdgeSources,
    pub(super) max_outbound_bytes: usize,
}

impl Dependencies {
    pub(crate) fn new(
        reader: Arc<dyn DependencyReader>,
        sources: EdgeSources,
        max_outbound_bytes: usize,
    ) -> Self {
        Self { reader, sources, max_outbound_bytes }
    }

    /// The links of the time that a request of either API asks for.
    pub(super) async fn links(
        &self,
        metadata: &MetadataMap,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
    ) -> Result<Vec<DependencyLink>, Status> {
        let tenant = RequestContext::of(metadata)?.tenant;
        let query = query::of_dependencies(start, end, self.sources)?;
        let links = self.reader.dependencies(&tenant, query).await;
        links.map_err(|error| status::of_store_error(&error))
    }
}

#[async_trait]
impl dependency_reader_server::DependencyReader for Dependencies {
    async fn get_dependencies(
        &self,
        request: Request<GetDependenciesRequest>,
    ) -> Result<Response<GetDependenciesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let links = self.links(&metadata, request.start_time, request.end_time).await?;
        let answer = GetDependenciesResponse { dependencies: links.into_iter().map(dependency).collect() };
        within(answer, self.max_outbound_bytes).map(Response::new)
    }
}

fn dependency(link: DependencyLink) -> Dependency {
    Dependency { parent: link.parent, child: link.child, call_count: link.call_count, source: link.source }
}
