//! `jaeger.storage.v2.DependencyReader`.

use std::sync::Arc;

use async_trait::async_trait;
use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{DependencyLink, DependencyReader};
use jaeger_dynamodb_proto::jaeger::storage::v2::dependency_reader_server;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    Dependency, GetDependenciesRequest, GetDependenciesResponse,
};
use tonic::{Request, Response, Status};

use super::within;
use crate::{RequestContext, query, status};

/// Answers who called whom.
#[derive(Debug)]
pub(crate) struct Dependencies {
    reader: Arc<dyn DependencyReader>,
    sources: EdgeSources,
    max_outbound_bytes: usize,
}

impl Dependencies {
    pub(crate) fn new(
        reader: Arc<dyn DependencyReader>,
        sources: EdgeSources,
        max_outbound_bytes: usize,
    ) -> Self {
        Self { reader, sources, max_outbound_bytes }
    }
}

#[async_trait]
impl dependency_reader_server::DependencyReader for Dependencies {
    async fn get_dependencies(
        &self,
        request: Request<GetDependenciesRequest>,
    ) -> Result<Response<GetDependenciesResponse>, Status> {
        let tenant = RequestContext::of(request.metadata())?.tenant;
        let GetDependenciesRequest { start_time, end_time } = request.into_inner();
        let query = query::of_dependencies(start_time, end_time, self.sources)?;
        let links = self.reader.dependencies(&tenant, query).await;
        let links = links.map_err(|error| status::of_store_error(&error))?;
        let answer = GetDependenciesResponse { dependencies: links.into_iter().map(dependency).collect() };
        within(answer, self.max_outbound_bytes).map(Response::new)
    }
}

fn dependency(link: DependencyLink) -> Dependency {
    Dependency { parent: link.parent, child: link.child, call_count: link.call_count, source: link.source }
}
