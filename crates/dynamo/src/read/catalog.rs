//! Services and operations.

use std::collections::BTreeSet;

use jaeger_dynamodb_core::{Operation, StoreError, Tenant};

use super::Reader;

impl Reader {
    /// The names of all services.
    pub(crate) async fn service_names(&self, tenant: &Tenant) -> Result<BTreeSet<String>, StoreError> {
        let snapshot = self.snapshot(tenant).await?;
        let mut names = BTreeSet::new();
        self.for_each_record(tenant, &snapshot, |record| {
            for name in record.record.index.service_names() {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
            }
        })
        .await?;
        Ok(names)
    }

    /// The operations of a service.
    pub(crate) async fn operations(
        &self,
        tenant: &Tenant,
        service: &str,
    ) -> Result<BTreeSet<Operation>, StoreError> {
        let snapshot = self.snapshot(tenant).await?;
        let mut operations = BTreeSet::new();
        self.for_each_record(tenant, &snapshot, |record| {
            operations.extend(record.record.index.operations_of(service).map(|(name, kind)| Operation {
                name: name.to_owned(),
                span_kind: kind.as_str().to_owned(),
            }));
        })
        .await?;
        Ok(operations)
    }
}
