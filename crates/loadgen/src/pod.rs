//! A pod, as spans and requests see it.

use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;

use crate::content::resource::CLUSTER_SCHEMA_URL;
use crate::model::Runtime;

/// One running copy of a service.
#[derive(Debug)]
pub(crate) struct Pod {
    pub(crate) number: usize,
    pub(crate) service: usize,
    pub(crate) service_name: String,
    pub(crate) port: &'static str,
    pub(crate) ip: String,
    pub(crate) runtime: &'static Runtime,
    pub(crate) resource: Resource,
}

impl Pod {
    /// The schema of the pod's resource.
    pub(crate) fn schema_url(&self) -> &'static str {
        CLUSTER_SCHEMA_URL
    }
}
