//! Whose request it is.

use jaeger_dynamodb_core::Tenant;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// Jaeger's usual header.
const HEADER: &str = "x-tenant";

/// The tenant of a request: the default one. A request that names a tenant is refused rather than served from the
/// traces of all.
pub(crate) fn of_request(metadata: &MetadataMap) -> Result<Tenant, Status> {
    if metadata.get_all(HEADER).iter().any(|name| !name.is_empty()) {
        return Err(Status::permission_denied("the request names a tenant, but tenancy is not enabled"));
    }
    Ok(Tenant::default())
}
