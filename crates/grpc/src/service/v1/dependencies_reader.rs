//! `jaeger.storage.v1.DependenciesReaderPlugin`.

use async_trait::async_trait;
use jaeger_dynamodb_core as model;
use jaeger_dynamodb_proto::jaeger::api_v2::DependencyLink;
use jaeger_dynamodb_proto::jaeger::storage::v1::dependencies_reader_plugin_server::DependenciesReaderPlugin;
use jaeger_dynamodb_proto::jaeger::storage::v1::{GetDependenciesRequest, GetDependenciesResponse};
use tonic::{Request, Response, Status};

use crate::service::{Dependencies, within};

#[async_trait]
impl DependenciesReaderPlugin for Dependencies {
    async fn get_dependencies(
        &self,
        request: Request<GetDependenciesRequest>,
    ) -> Result<Response<GetDependenciesResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let links = self.links(&metadata, request.start_time, request.end_time).await?;
        let answer = GetDependenciesResponse { dependencies: links.into_iter().map(link).collect() };
        within(answer, self.max_outbound_bytes).map(Response::new)
    }
}

fn link(link: model::DependencyLink) -> DependencyLink {
    DependencyLink {
        parent: link.parent,
        child: link.child,
        call_count: link.call_count,
        source: link.source,
    }
}
